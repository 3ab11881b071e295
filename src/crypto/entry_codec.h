// The outer form of an encrypted entry: a JSON string of base64.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::crypto {

// What all encrypted values begin with.
inline constexpr std::string_view kEncryptedPrefix = "k8s:enc:";

// The bytes of `"base64"`. Spaces around it and JSON escapes in it are taken. kCorrupt in Go's
// words: "illegal base64 data at input byte N".
Result<std::string> DecodeEntryText(std::string_view stored);

}  // namespace holdfast::crypto
