#include "crypto/yaml_tree.h"

#include <algorithm>
#include <array>
#include <istream>
#include <map>
#include <optional>
#include <streambuf>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "base/json_text.h"

namespace holdfast::crypto {
namespace {

constexpr size_t kMaxNodes = 10'000;
constexpr size_t kMaxDepth = 32;

// Thrown through yaml-cpp, caught in Parse.
struct Refusal {
  int line;
  std::string why;
};

// Lets yaml-cpp read the text where it lies.
class ViewBuffer : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // only read
    setg(begin, begin, begin + text.size());
  }
};

Error Broken(int line, std::string_view why) {
  return Error(ErrorKind::kInvalid, "yaml: line " + std::to_string(line) + ": " + std::string(why));
}

}  // namespace

class YamlTreeBuilder : public YAML::EventHandler {
 public:
  explicit YamlTreeBuilder(YamlTree& tree) : tree_(tree) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(YamlNode::Kind::kNull, mark, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refusal{mark.line + 1, "unknown alias"};
    if (AwaitsKey()) throw Refusal{mark.line + 1, "an alias cannot be a key"};
    Attach(found->second, mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (tag != "?" && tag != "!" && tag != "tag:yaml.org,2002:str")
      throw Refusal{mark.line + 1, "tags are not supported"};
    if (AwaitsKey()) {
      SetKey(value, mark);
      return;
    }
    YamlNode* node = Add(YamlNode::Kind::kScalar, mark, anchor);
    node->quoted = tag != "?";
    node->text = SecretBytes(value);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kSequence, mark, tag, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kMap, mark, tag, anchor);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  struct Frame {
    YamlNode* node;
    std::optional<std::string> key;  // a map's key that waits for its value
  };

  bool AwaitsKey() const {
    return !open_.empty() && open_.back().node->kind == YamlNode::Kind::kMap && !open_.back().key;
  }

  void SetKey(const std::string& key, const YAML::Mark& mark) {
    Frame& frame = open_.back();
    for (const auto& [name, value] : frame.node->fields) {
      if (name != key) continue;
      tree_.duplicates_.push_back("line " + std::to_string(mark.line + 1) + ": key " +
                                  json::Quote(key.substr(0, 64)) + " already set in map");
      break;
    }
    frame.key = key;
  }

  void Attach(const YamlNode* node, const YAML::Mark& mark) {
    if (++links_ > kMaxNodes) throw Refusal{mark.line + 1, "the document has too many values"};
    if (open_.empty()) {
      tree_.root_ = node;
      return;
    }
    Frame& frame = open_.back();
    if (frame.node->kind == YamlNode::Kind::kSequence) {
      frame.node->items.push_back(node);
      return;
    }
    frame.node->fields.emplace_back(std::move(*frame.key), node);
    frame.key.reset();
  }

  YamlNode* Add(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (AwaitsKey()) throw Refusal{mark.line + 1, "a key must be a string"};
    YamlNode* node = &tree_.nodes_.emplace_back();
    node->kind = kind;
    node->line = mark.line + 1;
    Attach(node, mark);
    if (anchor != 0) anchors_[anchor] = node;
    return node;
  }

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    if (tag != "?" && !tag.empty()) throw Refusal{mark.line + 1, "tags are not supported"};
    if (open_.size() >= kMaxDepth) throw Refusal{mark.line + 1, "nested too deeply"};
    open_.push_back({Add(kind, mark, anchor), std::nullopt});
  }

  YamlTree& tree_;
  std::vector<Frame> open_;
  std::map<YAML::anchor_t, const YamlNode*> anchors_;
  size_t links_ = 0;
};

Result<YamlTree> YamlTree::Parse(std::string_view text) {
  // yaml-cpp takes 0x04 for the end of the document and would drop what follows.
  int line = 1;
  for (unsigned char c : text) {
    if (c == '\n') ++line;
    if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
      return Fail(Broken(line, "control characters are not allowed"));
  }
  YamlTree tree;
  try {
    ViewBuffer buffer(text);
    std::istream in(&buffer);
    YAML::Parser parser(in);
    YamlTreeBuilder builder(tree);
    parser.HandleNextDocument(builder);
    if (tree.root_ == nullptr) return Fail(ErrorKind::kInvalid, "the document is empty");
    YamlTree rest;
    YamlTreeBuilder rest_builder(rest);
    while (parser.HandleNextDocument(rest_builder)) {
      if (rest.root_ != nullptr && rest.root_->kind != YamlNode::Kind::kNull)
        return Fail(Broken(rest.root_->line, "more than one document")
                        .Hint("keep one; Kubernetes reads only the first"));
    }
  } catch (const Refusal& refusal) {
    return Fail(Broken(refusal.line, refusal.why));
  } catch (const YAML::Exception& e) {
    // The texts are fixed ones, but for an undefined anchor's, which quotes it.
    bool anchor = e.msg.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR);
    return Fail(Broken(e.mark.line + 1, anchor ? "unknown alias" : e.msg));
  } catch (const std::exception&) {
    return Fail(ErrorKind::kInvalid, "yaml: the document cannot be read");
  }
  return tree;
}

namespace {

bool AllOf(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

// May take the underscores out of the text.
bool IsNumber(std::string& text) {
  std::erase(text, '_');
  std::string_view rest = text;
  if (rest == ".nan" || rest == ".NaN" || rest == ".NAN") return true;
  if (rest.starts_with('+') || rest.starts_with('-')) rest.remove_prefix(1);
  if (rest == ".inf" || rest == ".Inf" || rest == ".INF") return true;
  if (rest.starts_with("0x")) return AllOf(rest.substr(2), "0123456789abcdefABCDEF");
  if (rest.starts_with("0o")) return AllOf(rest.substr(2), "01234567");
  if (rest.starts_with("0b")) return AllOf(rest.substr(2), "01");
  constexpr std::string_view kDecimal = "0123456789";
  size_t whole = std::min(rest.find_first_not_of(kDecimal), rest.size());
  rest.remove_prefix(whole);
  size_t fraction = 0;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    fraction = std::min(rest.find_first_not_of(kDecimal), rest.size());
    rest.remove_prefix(fraction);
  }
  if (whole + fraction == 0) return false;
  if (rest.starts_with('e') || rest.starts_with('E')) {
    rest.remove_prefix(1);
    if (rest.starts_with('+') || rest.starts_with('-')) rest.remove_prefix(1);
    return AllOf(rest, kDecimal);
  }
  return rest.empty();
}

}  // namespace

std::string_view ScalarType(const YamlNode& scalar) {
  std::string_view text = scalar.text.view();
  if (scalar.quoted || text.size() > 64) return "string";
  constexpr std::array<std::string_view, 22> kBooleans = {
      "y",    "Y",    "yes",   "Yes",   "YES",   "n",  "N",  "no", "No",  "NO",  "true",
      "True", "TRUE", "false", "False", "FALSE", "on", "On", "ON", "off", "Off", "OFF"};
  if (std::find(kBooleans.begin(), kBooleans.end(), text) != kBooleans.end()) return "boolean";
  std::string copy(text);
  bool number = IsNumber(copy);
  Wipe(copy);
  return number ? "number" : "string";
}

}  // namespace holdfast::crypto
