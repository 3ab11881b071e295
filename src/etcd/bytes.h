// Integers of fixed size in byte strings; little-endian in bbolt pages and WAL frames, big-endian
// in etcd's keys. Callers have checked that the bytes are there.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

namespace holdfast::etcd {

static_assert(std::endian::native == std::endian::little, "big-endian machines are not supported");

template <typename T>
T LoadLe(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
inline uint16_t Le16(const char* at) { return LoadLe<uint16_t>(at); }
inline uint32_t Le32(const char* at) { return LoadLe<uint32_t>(at); }
inline uint64_t Le64(const char* at) { return LoadLe<uint64_t>(at); }
inline uint64_t Be64(const char* at) { return __builtin_bswap64(LoadLe<uint64_t>(at)); }

template <typename T>
void StoreLe(char* at, T value) {
  std::memcpy(at, &value, sizeof value);
}
template <typename T>
void AppendLe(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
inline void AppendBe64(std::string& out, uint64_t value) {
  AppendLe(out, __builtin_bswap64(value));
}

}  // namespace holdfast::etcd
