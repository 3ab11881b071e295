// CRC-32C (Castagnoli), what etcd's hashes, WAL and snap files are made with.
#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast::etcd {

// The CRC of the bytes so far and `bytes`: Crc32c("456", Crc32c("123")) == Crc32c("123456").
uint32_t Crc32c(std::string_view bytes, uint32_t so_far = 0);
// The same without the CPU's instruction; for tests.
uint32_t Crc32cPortable(std::string_view bytes, uint32_t so_far = 0);

}  // namespace holdfast::etcd
