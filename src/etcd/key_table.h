// What is known about every key, in a hash table of 27 to 48 bytes a key: keys themselves are not
// kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace holdfast::etcd {

// The newest record of a key seen so far. Keys are told apart by a hash of 64 bits: two of a
// million keys are confused in one of thirty million files, and then a count is off by one.
struct KeyState {
  uint64_t hash = 0;  // 0: no key
  int64_t create_revision = 0;
  uint32_t version = 0;  // low 32 bits
  bool deleted = false;
};

class KeyTable {
 public:
  // The state of `key`, valid until the next call; when it is new, `found` is false and only the
  // hash is set.
  KeyState& At(std::string_view key, bool& found);
  // Keys seen.
  size_t size() const { return size_; }
  // Keys that are not deleted.
  size_t CountLive() const;
  // Every key's state, in no order.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (const KeyState& state : slots_)
      if (state.hash != 0) visit(state);
  }

 private:
  void Grow();
  size_t Find(uint64_t hash) const;

  std::vector<KeyState> slots_;
  size_t size_ = 0;
};

}  // namespace holdfast::etcd
