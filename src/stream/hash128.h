// A fast 128-bit hash (XXH3) that finds accidents, not attacks: for comparing what was read back
// with what was written within one run. Never stored.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace holdfast::stream {

using Hash128 = std::array<uint64_t, 2>;

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
