// Small files of a configuration. Private to kube.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::kube {

// The whole file; kInvalid when it is longer than `max` bytes, else as ErrnoError. Messages name
// it.
Result<std::string> ReadTextFile(const std::filesystem::path& path, size_t max);

// Standard base64, line breaks and blanks allowed; kInvalid otherwise.
Result<std::string> DecodeBase64(std::string_view text);
std::string EncodeBase64(std::string_view bytes);

}  // namespace holdfast::kube
