// The CA certificates of an endpoint, in whichever form they were given. Private to storage.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::storage::s3 {

// PEM text, base64 of it, or the path of a file that holds either; the PEM text is returned. Each
// of its certificates must be one, and there must be one at least: kInvalid.
Result<std::string> LoadCa(std::string_view given);

}  // namespace holdfast::storage::s3
