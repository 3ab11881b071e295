#include "restore/names.h"

#include <algorithm>
#include <cstring>

namespace holdfast::restore {

NameRef NamePool::Add(std::string_view text) {
  size_t size = std::min(text.size(), kChunk);
  if (kChunk - used_ < size) {
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(kChunk));
    used_ = 0;
  }
  if (size == 0) return {};
  std::memcpy(chunks_.back().get() + used_, text.data(), size);
  NameRef ref{static_cast<uint32_t>((chunks_.size() - 1) * kChunk + used_),
              static_cast<uint32_t>(size)};
  used_ += size;
  return ref;
}

std::string_view NamePool::Get(NameRef ref) const {
  if (ref.size == 0) return {};
  return {chunks_[ref.at / kChunk].get() + ref.at % kChunk, ref.size};
}

Interner::Interner() { Add(""); }

uint32_t Interner::Add(std::string_view text) {
  if (auto it = numbers_.find(text); it != numbers_.end()) return it->second;
  texts_.emplace_back(text);
  uint32_t number = static_cast<uint32_t>(texts_.size() - 1);
  numbers_.emplace(texts_.back(), number);
  return number;
}

uint32_t Interner::Find(std::string_view text) const {
  auto it = numbers_.find(text);
  return it == numbers_.end() ? kNone : it->second;
}

}  // namespace holdfast::restore
