#include <algorithm>
#include <unordered_map>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "resourceset/document.h"
#include "resourceset/resource_set.h"

namespace holdfast::resourceset {
namespace {

class JsonBuilder {
 public:
  explicit JsonBuilder(std::string_view text) : text_(text) {
    line_starts_.push_back(0);
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') line_starts_.push_back(i + 1);
    }
  }

  Result<Document> Build() {
    const size_t at = json::SkipSpace(text_, 0);
    document_.root = Value(text_.substr(at));
    if (TooMany()) {
      return Fail(ErrorKind::kInvalid, "more than " + std::to_string(kMaxResourceSetNodes) +
                                           " values, which no ResourceSet needs");
    }
    return std::move(document_);
  }

 private:
  bool TooMany() const { return count_ > kMaxResourceSetNodes; }

  // `at` points into text_.
  Mark MarkOf(const char* at) const {
    const auto offset = static_cast<size_t>(at - text_.data());
    auto line = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset) - 1;
    return Mark{static_cast<int>(line - line_starts_.begin()) + 1,
                static_cast<int>(offset - *line) + 1};
  }

  // Depth is bounded by Validate().
  const Node* Value(std::string_view value) {
    Node& node = document_.nodes.emplace_back();
    node.mark = MarkOf(value.data());
    ++count_;
    switch (json::TypeOf(value)) {
      case json::Type::kObject: {
        node.kind = NodeKind::kMap;
        std::unordered_map<std::string, size_t> seen;
        json::ObjectReader reader(value);
        while (auto member = TooMany() ? std::nullopt : reader.Next()) {
          std::string key = json::Unescape(member->key);
          const Mark mark = MarkOf(member->key.data() - 1);
          const Node* child = Value(member->value);
          auto [it, is_new] = seen.emplace(key, node.entries.size());
          if (is_new) {
            node.entries.push_back({std::move(key), mark, child});
          } else {
            Node::Entry& old = node.entries[it->second];
            document_.faults.push_back({mark, "key \"" + key + "\" is given twice, first in line " +
                                                  std::to_string(old.mark.line)});
            old.value = child;
          }
        }
        break;
      }
      case json::Type::kArray: {
        node.kind = NodeKind::kList;
        json::ArrayReader reader(value);
        while (auto item = TooMany() ? std::nullopt : reader.Next())
          node.items.push_back(Value(*item));
        break;
      }
      case json::Type::kString:
        node.kind = NodeKind::kString;
        node.text = json::StringOf(value);
        break;
      case json::Type::kNumber:
        node.kind = NodeKind::kNumber;
        node.text = node.source = value.substr(0, json::SkipValue(value, 0));
        break;
      case json::Type::kTrue:
        node.kind = NodeKind::kBool;
        node.text = node.source = "true";
        break;
      case json::Type::kFalse:
        node.kind = NodeKind::kBool;
        node.text = node.source = "false";
        break;
      case json::Type::kNull:
      case json::Type::kNone: break;
    }
    return &node;
  }

  std::string_view text_;
  std::vector<size_t> line_starts_;
  Document document_;
  size_t count_ = 0;
};

}  // namespace

Result<Document> ParseJson(std::string_view text) {
  HF_TRY(json::Validate(text, {.max_depth = kMaxResourceSetDepth}));
  return JsonBuilder(text).Build();
}

}  // namespace holdfast::resourceset
