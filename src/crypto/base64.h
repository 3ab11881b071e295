// Base64 (RFC 4648, standard alphabet, padded) as Go's encoding/base64 reads and writes it, fast
// enough that it is not what a backup waits for.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::crypto {

// Characters that `bytes` bytes take.
constexpr size_t Base64Size(size_t bytes) { return (bytes + 2) / 3 * 4; }

// Writes Base64Size(size) characters to `out`. The input may lie at the very end of those
// characters: out + Base64Size(size) - size.
void Base64Encode(const char* in, size_t size, char* out);

// Replaces `out` with the bytes. CR and LF are skipped, unused bits of the last character may be
// set, anything else is an error: then the offset of the first bad byte is returned, and `out`
// holds some of the bytes.
std::optional<size_t> Base64Decode(std::string_view text, std::string& out);

}  // namespace holdfast::crypto
