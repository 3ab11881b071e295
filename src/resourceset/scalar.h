// What a plain YAML scalar means, as kubectl's YAML reader takes it (YAML 1.1).
#pragma once

#include <string>
#include <string_view>

#include "resourceset/document.h"

namespace holdfast::resourceset {

struct Scalar {
  NodeKind kind = NodeKind::kString;
  std::string text;       // as Node::text
  bool not_json = false;  // a number that JSON cannot hold: infinity, not-a-number
};

// `text` is an unquoted scalar that is not null.
Scalar ResolvePlain(std::string_view text);

}  // namespace holdfast::resourceset
