#include "resourceset/map_reader.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "resourceset/suggest.h"

namespace holdfast::resourceset {

MapReader::MapReader(ReadContext& context, const Node& node, std::string path)
    : context_(context), node_(node), path_(std::move(path)) {
  if (node.kind != NodeKind::kMap) WrongType(node, path_, NodeKind::kMap);
}

std::string MapReader::PathOf(std::string_view field) const {
  return path_.empty() ? std::string(field) : path_ + "." + std::string(field);
}

Mark MapReader::MarkOf(std::string_view field) const {
  const Node* value = node_.Find(field);
  return value == nullptr ? node_.mark : value->mark;
}

void MapReader::Problem(std::string_view field, std::string message) {
  context_.problems.Add(MarkOf(field), PathOf(field), std::move(message));
}

void MapReader::WrongType(const Node& node, std::string_view path, NodeKind want) {
  std::string message = "must be " + std::string(KindName(want)) + ", not ";
  if (node.source.empty()) {
    message += KindName(node.kind);
  } else {
    message += std::string(KindName(node.kind)) + " (" + node.source + ")";
    if (want == NodeKind::kString) message += "; quote it: \"" + node.source + "\"";
  }
  context_.problems.Add(node.mark, path, std::move(message));
}

const Node* MapReader::Take(std::string_view field) {
  known_.push_back(field);
  const Node* value = node_.Find(field);
  return value == nullptr || value->kind == NodeKind::kNull ? nullptr : value;
}

const Node* MapReader::Take(std::string_view field, NodeKind kind) {
  const Node* value = Take(field);
  if (value == nullptr || value->kind == kind) return value;
  WrongType(*value, PathOf(field), kind);
  return nullptr;
}

std::string MapReader::String(std::string_view field) {
  const Node* value = Take(field, NodeKind::kString);
  return value == nullptr ? std::string() : value->text;
}

std::string MapReader::RequiredString(std::string_view field) {
  const Node* given = Take(field);
  if (given == nullptr) {
    if (context_.mode != ParseMode::kArchive) Problem(field, "is required, but missing");
    return {};
  }
  std::string text = String(field);
  if (text.empty() && given->kind == NodeKind::kString && context_.mode != ParseMode::kArchive)
    Problem(field, "is required, but empty");
  return text;
}

std::vector<std::string> MapReader::Strings(std::string_view field, bool unique) {
  std::vector<std::string> out;
  const Node* list = Take(field, NodeKind::kList);
  if (list == nullptr) return out;
  std::unordered_set<std::string_view> seen;
  for (size_t i = 0; i < list->items.size(); ++i) {
    const Node& item = *list->items[i];
    const std::string path = PathOf(field) + "[" + std::to_string(i) + "]";
    if (item.kind != NodeKind::kString) {
      WrongType(item, path, NodeKind::kString);
    } else if (!seen.insert(item.text).second && unique) {
      context_.problems.Add(item.mark, path, "Duplicate value: \"" + item.text + "\"");
    } else {
      out.push_back(item.text);
    }
  }
  return out;
}

std::vector<std::string> MapReader::StringSet(std::string_view field) {
  return Strings(field, context_.strict());
}

std::vector<std::string> MapReader::StringList(std::string_view field) {
  return Strings(field, false);
}

std::map<std::string, std::string> MapReader::StringMap(std::string_view field) {
  std::map<std::string, std::string> out;
  const Node* map = Take(field, NodeKind::kMap);
  if (map == nullptr) return out;
  for (const Node::Entry& entry : map->entries) {
    if (entry.value->kind == NodeKind::kString) {
      out[entry.key] = entry.value->text;
    } else {
      WrongType(*entry.value, PathOf(field) + "." + entry.key, NodeKind::kString);
    }
  }
  return out;
}

std::optional<int32_t> MapReader::Int32(std::string_view field) {
  const Node* value = Take(field, NodeKind::kNumber);
  if (value == nullptr) return std::nullopt;
  int32_t number = 0;
  const std::string& text = value->text;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) {
    Problem(field, "must be a whole number of 32 bits, not " + value->source);
    return std::nullopt;
  }
  return number;
}

void MapReader::Finish() {
  for (const Node::Entry& entry : node_.entries) {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    if (context_.strict()) {
      context_.problems.Add(entry.mark, PathOf(entry.key),
                            "unknown field" + DidYouMean(entry.key, known_));
    } else {
      context_.ignored.push_back(PathOf(entry.key));
    }
  }
}

}  // namespace holdfast::resourceset
