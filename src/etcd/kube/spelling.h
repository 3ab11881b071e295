// The messages that Kubernetes does not write as JSON objects.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "etcd/kube/schema.h"

namespace holdfast::etcd {

// Appends the JSON of `message`, spelled as `spelling` (not kFields or kList) says. kCorrupt where
// the bytes are no such message, or hold what cannot be written: a time beyond year 9999, raw JSON
// that is none.
Status AppendSpelled(std::string& out, Spelling spelling, std::string_view message);

// "1h0m0s", "1.5s", "300ms", "0s".
std::string FormatGoDuration(int64_t nanoseconds);

}  // namespace holdfast::etcd
