#include <sstream>
#include <unordered_map>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "resourceset/document.h"
#include "resourceset/resource_set.h"
#include "resourceset/scalar.h"

namespace holdfast::resourceset {
namespace {

// Leaves the parser from inside an event.
struct Stop {
  Mark mark;
  std::string message;
};

Mark ToMark(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

// Builds the trees of all documents. The depth limit stops the parser before its own recursion gets
// deep; the node limit counts what aliases stand for, so that a few lines cannot grow into
// millions.
class Builder : public YAML::EventHandler {
 public:
  std::vector<Document> documents;

  void OnDocumentStart(const YAML::Mark& mark) override {
    // The parser does not step over a token that cannot begin a document ("}"), and would hand out
    // empty documents there for ever.
    if (!documents.empty() && mark.pos <= last_start_)
      throw Stop{ToMark(mark), "is not YAML: there is more text where the document has ended"};
    last_start_ = mark.pos;
    documents.emplace_back();
    anchors_.clear();
    frames_.clear();
  }

  void OnDocumentEnd() override {
    Document& document = documents.back();
    if (document.root == nullptr) document.root = &document.nodes.emplace_back();
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (AtKey()) throw Stop{ToMark(mark), "a key is missing or null"};
    Node& node = New(mark, NodeKind::kNull);
    Remember(anchor, &node);
    Add(&node);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (AtKey()) throw Stop{ToMark(mark), "an alias cannot be a key here"};
    auto it = anchors_.find(anchor);
    if (it == anchors_.end())
      throw Stop{ToMark(mark), "an alias stands inside of what it stands for"};
    Add(it->second);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Scalar scalar{NodeKind::kString, value};
    if (tag == "?" || tag == "tag:yaml.org,2002:int" || tag == "tag:yaml.org,2002:bool" ||
        tag == "tag:yaml.org,2002:float") {
      scalar = ResolvePlain(value);
    } else if (tag != "!" && tag != "tag:yaml.org,2002:str") {
      throw Stop{ToMark(mark), "the tag " + tag + " is not supported"};
    }
    if (AtKey()) {
      if (scalar.kind == NodeKind::kBool)
        throw Stop{ToMark(mark), "the key " + value + " is a boolean; quote it: \"" + value + '"'};
      Frame& frame = frames_.back();
      frame.key = value;
      frame.key_mark = ToMark(mark);
      frame.key_is_merge = value == "<<" && tag == "?";
      frame.at_key = false;
      return;
    }
    Node& node = New(mark, scalar.kind);
    node.text = std::move(scalar.text);
    if (scalar.kind != NodeKind::kString) node.source = value;
    if (scalar.not_json)
      documents.back().faults.push_back({node.mark, "JSON has no number " + value});
    Remember(anchor, &node);
    Add(&node);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(mark, tag, anchor, NodeKind::kList);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(mark, tag, anchor, NodeKind::kMap);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapEnd() override {
    if (frames_.back().merge != nullptr) Merge(frames_.back());
    Close();
  }

 private:
  struct Frame {
    Node* node;
    YAML::anchor_t anchor;
    bool at_key;  // maps: the next scalar is a key
    std::string key;
    Mark key_mark;
    bool key_is_merge = false;
    const Node* merge = nullptr;
    std::unordered_map<std::string, size_t> seen;
  };

  bool AtKey() const { return !frames_.empty() && frames_.back().at_key; }

  Node& New(const YAML::Mark& mark, NodeKind kind) {
    Node& node = documents.back().nodes.emplace_back();
    node.mark = ToMark(mark);
    node.kind = kind;
    if (++count_ > kMaxResourceSetNodes) TooMany(node.mark);
    return node;
  }

  [[noreturn]] static void TooMany(Mark mark) {
    throw Stop{mark,
               "more than " + std::to_string(kMaxResourceSetNodes) +
                   " values (aliases counted as what they stand for), which no ResourceSet needs"};
  }
  [[noreturn]] static void TooDeep(Mark mark) {
    throw Stop{mark, "nested deeper than " + std::to_string(kMaxResourceSetDepth) + " levels"};
  }

  // Only finished nodes can be referred to, so there are no circles.
  void Remember(YAML::anchor_t anchor, const Node* node) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, NodeKind kind) {
    if (AtKey()) throw Stop{ToMark(mark), "a list or map cannot be a key"};
    if (tag != "?" && tag != "!" && tag != "tag:yaml.org,2002:map" &&
        tag != "tag:yaml.org,2002:seq")
      throw Stop{ToMark(mark), "the tag " + tag + " is not supported"};
    if (frames_.size() >= kMaxResourceSetDepth) TooDeep(ToMark(mark));
    Node& node = New(mark, kind);
    frames_.push_back(Frame{&node, anchor, kind == NodeKind::kMap, {}, {}});
  }

  void Close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    Remember(frame.anchor, frame.node);
    Add(frame.node);
  }

  void Add(const Node* node) {
    if (frames_.empty()) {
      documents.back().root = node;
      return;
    }
    Frame& frame = frames_.back();
    Node& parent = *frame.node;
    parent.weight += node->weight;
    if (parent.weight > kMaxResourceSetNodes) TooMany(node->mark);
    parent.height = std::max(parent.height, node->height + 1);
    if (parent.height + frames_.size() > kMaxResourceSetDepth + 1) TooDeep(node->mark);
    if (parent.kind == NodeKind::kList) {
      parent.items.push_back(node);
      return;
    }
    frame.at_key = true;
    if (frame.key_is_merge) {
      frame.merge = node;
      return;
    }
    auto [it, is_new] = frame.seen.emplace(frame.key, parent.entries.size());
    if (is_new) {
      parent.entries.push_back({std::move(frame.key), frame.key_mark, node});
    } else {
      Node::Entry& old = parent.entries[it->second];
      documents.back().faults.push_back({frame.key_mark, "key \"" + old.key +
                                                             "\" is given twice, first in line " +
                                                             std::to_string(old.mark.line)});
      old.value = node;
    }
  }

  // "<<: *defaults" or "<<: [*a, *b]": keys that the map does not give itself, earlier maps first.
  void Merge(Frame& frame) {
    std::vector<const Node*> maps;
    if (frame.merge->kind == NodeKind::kList) {
      maps = frame.merge->items;
    } else {
      maps.push_back(frame.merge);
    }
    for (const Node* map : maps) {
      if (map->kind != NodeKind::kMap) throw Stop{map->mark, "the merge key << needs a map"};
      for (const Node::Entry& entry : map->entries) {
        if (frame.seen.emplace(entry.key, frame.node->entries.size()).second)
          frame.node->entries.push_back(entry);
      }
    }
  }

  std::vector<Frame> frames_;
  std::unordered_map<YAML::anchor_t, const Node*> anchors_;
  size_t count_ = 0;
  int last_start_ = 0;
};

Error At(Mark mark, const std::string& message) {
  std::string text;
  if (mark.line > 0) text = std::to_string(mark.line) + ":" + std::to_string(mark.column) + ": ";
  return Error(ErrorKind::kInvalid, text + message);
}

}  // namespace

Result<std::vector<Document>> ParseYaml(std::string_view text) {
  if (text.size() > kMaxResourceSetBytes) {
    return Fail(ErrorKind::kInvalid, "longer than " + std::to_string(kMaxResourceSetBytes) +
                                         " bytes, which no ResourceSet needs");
  }
  if (!IsUtf8(text) || text.find('\0') != std::string_view::npos)
    return Fail(ErrorKind::kInvalid, "is not UTF-8 text");
  Builder builder;
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stop) {
    return Fail(At(stop.mark, stop.message));
  } catch (const YAML::Exception& e) {
    return Fail(At(ToMark(e.mark), "is not YAML: " + e.msg));
  } catch (const std::exception& e) {
    return Fail(ErrorKind::kInvalid, std::string("is not YAML: ") + e.what());
  }
  return std::move(builder.documents);
}

}  // namespace holdfast::resourceset
