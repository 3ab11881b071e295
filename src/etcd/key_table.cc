#include "etcd/key_table.h"

#include <algorithm>

#include "stream/hash128.h"

namespace holdfast::etcd {

size_t KeyTable::Find(uint64_t hash) const {
  size_t i = static_cast<size_t>((static_cast<__uint128_t>(hash) * slots_.size()) >> 64);
  while (slots_[i].hash != 0 && slots_[i].hash != hash) i = i + 1 == slots_.size() ? 0 : i + 1;
  return i;
}

void KeyTable::Grow() {
  std::vector<KeyState> old(std::max<size_t>(1024, slots_.size() * 3 / 2));
  old.swap(slots_);
  for (const KeyState& state : old)
    if (state.hash != 0) slots_[Find(state.hash)] = state;
}

KeyState& KeyTable::At(std::string_view key, bool& found) {
  if ((size_ + 1) * 8 > slots_.size() * 7) Grow();
  stream::Hash128 both = stream::FastHash::Of(key);
  uint64_t hash = both[0] ^ both[1];
  if (hash == 0) hash = 1;
  KeyState& state = slots_[Find(hash)];
  found = state.hash == hash;
  if (!found) {
    state.hash = hash;
    ++size_;
  }
  return state;
}

size_t KeyTable::CountLive() const {
  return static_cast<size_t>(std::count_if(
      slots_.begin(), slots_.end(), [](const KeyState& s) { return s.hash != 0 && !s.deleted; }));
}

}  // namespace holdfast::etcd
