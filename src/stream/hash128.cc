#include "stream/hash128.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <new>

namespace holdfast::stream {

struct FastHash::Impl {
  XXH3_state_t state;
};

FastHash::FastHash() : impl_(std::make_unique<Impl>()) {
  XXH3_INITSTATE(&impl_->state);
  XXH3_128bits_reset(&impl_->state);
}
FastHash::FastHash(FastHash&&) noexcept = default;
FastHash& FastHash::operator=(FastHash&&) noexcept = default;
FastHash::~FastHash() = default;

void FastHash::Update(std::string_view bytes) {
  XXH3_128bits_update(&impl_->state, bytes.data(), bytes.size());
}

Hash128 FastHash::Current() const {
  XXH128_hash_t hash = XXH3_128bits_digest(&impl_->state);
  return {hash.low64, hash.high64};
}

Hash128 FastHash::Of(std::string_view bytes) {
  XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

}  // namespace holdfast::stream
