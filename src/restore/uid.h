// Uids of live objects in 16 bytes.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace holdfast::restore {

struct Uid {
  uint64_t high = 0;
  uint64_t low = 0;
  // None known.
  bool empty() const { return high == 0 && low == 0; }
  auto operator<=>(const Uid&) const = default;
};

// Between the text and the compact form. Texts that are no UUID in lower case (the API does not
// promise one) are kept in a side table. May be used by any number of threads.
class UidTable {
 public:
  Uid Pack(std::string_view text);
  std::string Text(const Uid& uid) const;

 private:
  mutable std::mutex mutex_;
  std::deque<std::string> odd_;  // grows without moving; `numbers_` points into it
  std::unordered_map<std::string_view, uint64_t> numbers_;
};

}  // namespace holdfast::restore
