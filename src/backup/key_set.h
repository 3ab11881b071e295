// The distinct objects seen of one kind, at 21 to 43 bytes each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::backup {

// Holds a 128-bit hash of (namespace, name), salted anew for every set, so that nobody can name an
// object such that it passes for another one. Used by one thread at a time.
class KeySet {
 public:
  KeySet();

  // True when the key was not there yet.
  bool Insert(std::string_view ns, std::string_view name);
  bool Contains(std::string_view ns, std::string_view name) const;
  size_t size() const { return size_; }

 private:
  using Hash = std::array<uint64_t, 2>;  // {0, 0} marks a free slot

  Hash HashOf(std::string_view ns, std::string_view name) const;
  // Of the key's slot, or of the free one where it belongs.
  size_t SlotOf(const Hash& hash) const;
  void Grow();

  std::string salt_;
  std::vector<Hash> slots_;  // a power of two, at most 3/4 full
  size_t size_ = 0;
};

}  // namespace holdfast::backup
