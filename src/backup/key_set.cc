#include "backup/key_set.h"

#include <random>

#include "stream/hash128.h"

namespace holdfast::backup {

KeySet::KeySet() {
  std::random_device random;
  for (int i = 0; i < 4; ++i) {
    auto word = random();
    salt_.append(reinterpret_cast<const char*>(&word), sizeof(word));
  }
}

KeySet::Hash KeySet::HashOf(std::string_view ns, std::string_view name) const {
  // One short buffer; `/` cannot be part of a namespace.
  std::string key;
  key.reserve(salt_.size() + ns.size() + 1 + name.size());
  key.append(salt_).append(ns).append(1, '/').append(name);
  Hash hash = stream::FastHash::Of(key);
  if (hash[0] == 0 && hash[1] == 0) hash[0] = 1;
  return hash;
}

size_t KeySet::SlotOf(const Hash& hash) const {
  size_t mask = slots_.size() - 1;
  size_t at = hash[0] & mask;
  while (slots_[at] != Hash{} && slots_[at] != hash) at = (at + 1) & mask;
  return at;
}

bool KeySet::Insert(std::string_view ns, std::string_view name) {
  if (4 * (size_ + 1) > 3 * slots_.size()) Grow();
  Hash hash = HashOf(ns, name);
  Hash& slot = slots_[SlotOf(hash)];
  if (slot == hash) return false;
  slot = hash;
  ++size_;
  return true;
}

bool KeySet::Contains(std::string_view ns, std::string_view name) const {
  if (slots_.empty()) return false;
  Hash hash = HashOf(ns, name);
  return slots_[SlotOf(hash)] == hash;
}

void KeySet::Grow() {
  std::vector<Hash> old = std::move(slots_);
  slots_.assign(old.empty() ? 16 : old.size() * 2, Hash{});
  for (const Hash& hash : old)
    if (hash != Hash{}) slots_[SlotOf(hash)] = hash;
}

}  // namespace holdfast::backup
