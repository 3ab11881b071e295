// JSON strings, written as Kubernetes' API server and the archive format write them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::json {

// `"text"` with the escapes of the archive format: \b \f \n \r \t, other control characters \u00xx,
// <, > and & as \u003c \u003e \u0026, U+2028 and U+2029 escaped, all else raw. Bytes that are not
// UTF-8 become U+FFFD.
std::string Quote(std::string_view text);
void AppendQuoted(std::string& out, std::string_view text);

// The text of a JSON string given WITHOUT its quotes ("raw"); escapes resolved, lone surrogates
// become U+FFFD. `raw` must come from validated JSON.
std::string Unescape(std::string_view raw);
// Whether raw (without quotes) is the string `text`; does not allocate when raw has no escapes.
bool RawEquals(std::string_view raw, std::string_view text);

// Bytes (1 to 4) of the UTF-8 character that starts at text[at]; 0 when there is no valid one.
size_t Utf8Length(std::string_view text, size_t at);

}  // namespace holdfast::json
