#include "base/allocator.h"

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

namespace holdfast {

void TuneAllocator() {
#ifdef __GLIBC__
  constexpr int kLarge = 256 << 10;  // bytes
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, kLarge);
  mallopt(M_TRIM_THRESHOLD, kLarge);
#endif
}

}  // namespace holdfast
