// The Warning headers of an answer (RFC 7234, section 5.5). Private to kube.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::kube {

// Appends the texts of one header's warnings, unescaped, control characters as spaces. What is not
// a warning as the RFC writes it ends the reading. `texts` is extended up to 100 texts of at most
// 4096 bytes each.
void ReadWarnings(std::string_view header, std::vector<std::string>& texts);

}  // namespace holdfast::kube
