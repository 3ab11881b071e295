// A YAML (or JSON) document as a small tree that keeps what is needed to read it strictly: lines,
// quoting, duplicate keys. Scalars are SecretBytes, because some of them are keys.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace holdfast::crypto {

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  int line = 0;         // from 1
  bool quoted = false;  // a scalar that is a string whatever it looks like
  SecretBytes text;
  // An alias is the node itself, so children may be shared, and a node may even hold itself.
  std::vector<const YamlNode*> items;
  std::vector<std::pair<std::string, const YamlNode*>> fields;
};

class YamlTree {
 public:
  // Reads exactly one document. Errors (kInvalid) give the line and never quote scalars:
  // "yaml: line 3: …". Refuses control characters, nesting of more than 32 and more than 10,000
  // nodes. Keys set twice are told in duplicates().
  static Result<YamlTree> Parse(std::string_view text);

  const YamlNode& root() const { return *root_; }
  // `line 5: key "name" already set in map`, one each.
  const std::vector<std::string>& duplicates() const { return duplicates_; }

 private:
  friend class YamlTreeBuilder;

  std::deque<YamlNode> nodes_;  // a deque: nodes stay where they are
  const YamlNode* root_ = nullptr;
  std::vector<std::string> duplicates_;
};

// What a plain scalar means in YAML 1.1, which Kubernetes' reader speaks: "string", "number" or
// "boolean". Kubernetes refuses the latter two where it wants a string.
std::string_view ScalarType(const YamlNode& scalar);

}  // namespace holdfast::crypto
