// Runs the same work over many items on a few threads.
#pragma once

#include <cstddef>
#include <functional>
#include <stop_token>

#include "base/result.h"

namespace holdfast {

// Calls work(i, stop) for i in [0, count), on up to `threads` threads, in rising order of start.
// After the first failure (or when `stop` is requested) no further item is started and the token
// that the others got is stopped; the first failure is returned, all threads joined. Blocks.
Status ParallelFor(size_t count, size_t threads, std::stop_token stop,
                   const std::function<Status(size_t, std::stop_token)>& work);

}  // namespace holdfast
