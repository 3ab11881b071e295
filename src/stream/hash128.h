// A fast 128-bit hash (XXH3, fixed since xxHash 0.8) that finds accidents, not attacks.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace holdfast::stream {

using Hash128 = std::array<uint64_t, 2>;  // low half, high half

class FastHash {
 public:
  FastHash();
  FastHash(FastHash&&) noexcept;
  FastHash& operator=(FastHash&&) noexcept;
  ~FastHash();

  void Update(std::string_view bytes);
  // The hash of all bytes so far; more may follow.
  Hash128 Current() const;

  static Hash128 Of(std::string_view bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::stream
