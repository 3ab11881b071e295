// Compact storage for many short strings.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace holdfast::restore {

// Where a string lies in a NamePool: 8 bytes instead of the 32 and more of a std::string.
struct NameRef {
  uint32_t at = 0;
  uint32_t size = 0;
};

// Keeps strings one after the other in chunks. Add() from one thread at a time; Get() from any
// number of threads, for refs whose Add() has happened before.
class NamePool {
 public:
  // At most 64 KiB; longer text is cut (names of Kubernetes objects have less than 300 bytes).
  NameRef Add(std::string_view text);
  std::string_view Get(NameRef ref) const;
  size_t bytes() const { return chunks_.size() * kChunk; }

 private:
  static constexpr size_t kChunk = size_t{1} << 16;
  std::vector<std::unique_ptr<char[]>> chunks_;
  size_t used_ = kChunk;  // of the last chunk
};

// Strings that occur many times (namespaces), each stored once. Number 0 is the empty string.
class Interner {
 public:
  Interner();
  uint32_t Add(std::string_view text);
  // The number, or kNone where it was never added.
  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t Find(std::string_view text) const;
  const std::string& Get(uint32_t number) const { return texts_[number]; }
  uint32_t size() const { return static_cast<uint32_t>(texts_.size()); }

 private:
  std::deque<std::string> texts_;
  std::unordered_map<std::string_view, uint32_t> numbers_;
};

}  // namespace holdfast::restore
