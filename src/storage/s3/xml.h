// The small XML documents that S3 answers with, as a tree of elements. Strict: no DOCTYPE, no
// entities but the five of XML and character references; attributes are read over. Private to
// storage.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace holdfast::storage::s3 {

struct XmlElement {
  std::string name;  // without a namespace prefix
  std::string text;  // its own characters, put together
  std::vector<XmlElement> children;

  // The first child of that name; nullptr when there is none.
  const XmlElement* Child(std::string_view child) const;
  // Text of the first child of that name; empty when there is none.
  std::string_view ChildText(std::string_view child) const;
};

struct XmlLimits {
  size_t max_bytes = 8 << 20;
  size_t max_depth = 16;
  size_t max_elements = 40'000;
};

// The root element. kInvalid with the byte offset when `text` is not one document, or one beyond
// the limits.
Result<XmlElement> ParseXml(std::string_view text, const XmlLimits& limits = {});

// `text` with the five special characters as entities.
std::string XmlEscape(std::string_view text);

}  // namespace holdfast::storage::s3
