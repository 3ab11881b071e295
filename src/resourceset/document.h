// A YAML or JSON document as a small tree that remembers where everything stood: for documents that
// people write, never for objects of a cluster.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace holdfast::resourceset {

// Counts from 1; 0: not known.
struct Mark {
  int line = 0;
  int column = 0;
};

enum class NodeKind { kNull, kBool, kNumber, kString, kList, kMap };

// "a string", "a list": for messages.
std::string_view KindName(NodeKind kind);

struct Node {
  struct Entry {
    std::string key;
    Mark mark;  // of the key
    const Node* value;
  };

  NodeKind kind = NodeKind::kNull;
  Mark mark;
  std::string text;    // kString: the text; kNumber: as a JSON number; kBool: "true" or "false"
  std::string source;  // kNumber, kBool: as it was written
  std::vector<const Node*> items;  // kList
  std::vector<Entry> entries;      // kMap; each key once

  // The value of a key, or nullptr.
  const Node* Find(std::string_view key) const;

  uint64_t weight =
      1;              // nodes below and including this one, aliases counted as what they stand for
  size_t height = 1;  // longest way down
};

// The text below `key`; empty where `map` is null, or that is missing or no text.
std::string TextAt(const Node* map, std::string_view key);

// Something wrong in a document that does not stop the reading.
struct DocumentFault {
  Mark mark;
  std::string message;
};

// Owns its nodes; root() points into it and survives a move.
struct Document {
  Document() = default;
  Document(Document&&) = default;  // a copy's pointers would still be into the original
  Document& operator=(Document&&) = default;

  std::deque<Node> nodes;
  const Node* root = nullptr;  // never null after parsing
  std::vector<DocumentFault>
      faults;  // keys given twice (the last one won), numbers JSON cannot hold
};

// All documents of a YAML text, empty ones too. Scalars are typed as kubectl types them (YAML 1.1:
// yes, no, on and off are booleans); aliases and merge keys (<<) are resolved. The error's message
// is "line:column: what". The text must be at most kMaxResourceSetBytes.
Result<std::vector<Document>> ParseYaml(std::string_view text);

// The same of a text that came from `source`: kInvalid, naming it, also where it is too long.
Result<std::vector<Document>> ParseYamlOf(std::string_view text, std::string_view source);

// One JSON value, strictly.
Result<Document> ParseJson(std::string_view text);

// Appends the node as JSON: one line, keys in the order of the document, numbers as they stand.
void AppendJson(std::string& out, const Node& node);

// Whether these bytes are UTF-8 without surrogates and overlong forms.
bool IsUtf8(std::string_view text);

}  // namespace holdfast::resourceset
