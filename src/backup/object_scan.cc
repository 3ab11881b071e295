#include "backup/object_scan.h"

#include <charconv>
#include <cstring>

#include "base/json_scan.h"
#include "base/json_string_end.h"
#include "base/json_text.h"

namespace holdfast::backup {
namespace {

// What the server sets on its own and an archive does not hold.
bool IsServerOwned(std::string_view key) {
  switch (key.size()) {
    case 3: return key == "uid";
    case 8: return key == "selfLink";
    case 15: return key == "resourceVersion";
    case 17: return key == "creationTimestamp" || key == "deletionTimestamp";
    case 26: return key == "deletionGracePeriodSeconds";
    default: return false;
  }
}

bool IsText(std::string_view value) { return value.size() >= 2 && value.front() == '"'; }

std::string_view Unquoted(std::string_view value) { return value.substr(1, value.size() - 2); }

// The text of a string value: a view into it, or into `buffer` when it is written with escapes.
std::string_view Text(std::string_view value, std::string& buffer) {
  if (!IsText(value)) return {};
  std::string_view raw = Unquoted(value);
  if (raw.find('\\') == std::string_view::npos) return raw;
  buffer = json::Unescape(raw);
  return buffer;
}

}  // namespace

std::optional<uint64_t> ParseRevision(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

std::string Compact(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (size_t at = 0; at < json.size();) {
    char c = json[at];
    if (c == '"') {
      size_t end = json::StringEnd(json, at);
      out.append(json, at, end - at);
      at = end;
    } else {
      if (c != ' ' && c != '\n' && c != '\r' && c != '\t') out += c;
      ++at;
    }
  }
  return out;
}

Status ObjectScan::Read(std::string_view text) {
  // A raw line break can only stand between tokens, so without one the text is one line already.
  if (std::memchr(text.data(), '\n', text.size()) != nullptr) {
    compact_ = Compact(text);
    text = compact_;
  }
  object_ = text;
  name_raw_ = ns_raw_ = labels_ = name_ = ns_ = {};
  revision_.reset();
  terminating_ = has_finalizers_ = has_api_version_ = has_kind_ = false;
  metadata_begin_ = metadata_end_ = 0;
  kept_.clear();

  open_ = json::SkipSpace(text, 0);
  for (json::ObjectReader reader(text); auto member = reader.Next();) {
    if (member->key == "apiVersion") has_api_version_ = true;
    if (member->key == "kind") has_kind_ = true;
    if (member->key != "metadata") continue;
    metadata_begin_ = member->value_begin;
    metadata_end_ = member->value_end;
    break;
  }
  ReadMetadata();
  name_ = Text(name_raw_, name_text_);
  ns_ = Text(ns_raw_, ns_text_);
  // Servers write type and kind before metadata, or not at all for items of a list; a look at the
  // top level of the rest is needed only where it could hold them.
  if (!has_api_version_ || !has_kind_) {
    std::string_view rest = text.substr(metadata_end_);
    bool later = memmem(rest.data(), rest.size(), "\"apiVersion\"", 12) != nullptr ||
                 memmem(rest.data(), rest.size(), "\"kind\"", 6) != nullptr;
    if (later) {
      for (json::ObjectReader reader(text); auto member = reader.Next();) {
        if (member->key == "apiVersion") has_api_version_ = true;
        if (member->key == "kind") has_kind_ = true;
      }
    }
  }
  return CheckName();
}

void ObjectScan::ReadMetadata() {
  std::string_view metadata = object_.substr(metadata_begin_, metadata_end_ - metadata_begin_);
  bool joined = false;  // the last kept member touches the next one
  for (json::ObjectReader reader(metadata); auto member = reader.Next();) {
    std::string_view key = member->key, value = member->value;
    if (key == "name") name_raw_ = value;
    if (key == "namespace") ns_raw_ = value;
    if (key == "labels") labels_ = value;
    if (key == "finalizers") has_finalizers_ = true;
    if (key == "deletionTimestamp") terminating_ = value != "null";
    if (key == "resourceVersion" && IsText(value)) revision_ = ParseRevision(Unquoted(value));
    if (IsServerOwned(key)) {
      joined = false;
      continue;
    }
    Range range{metadata_begin_ + member->key_begin, metadata_begin_ + member->value_end};
    if (joined) {
      kept_.back().end = range.end;
    } else {
      kept_.push_back(range);
    }
    joined = true;
  }
}

Status ObjectScan::CheckName() const {
  if (metadata_end_ == 0)
    return Fail(ErrorKind::kInternal, "the server sent an object without metadata");
  if (name_.empty())
    return Fail(ErrorKind::kInternal, "the server sent an object without metadata.name");
  for (std::string_view part : {name_, ns_}) {
    if (part.find('/') != std::string_view::npos || part.find('\0') != std::string_view::npos ||
        part == "." || part == "..")
      return Fail(ErrorKind::kInternal, "the server sent an object whose name or namespace " +
                                            json::Quote(part) + " cannot be a file name");
  }
  return {};
}

std::string_view ObjectScan::selection_metadata() {
  std::string& out = selection_metadata_;
  out.assign("{\"name\":");
  out += name_raw_;
  if (!ns_raw_.empty()) out.append(",\"namespace\":").append(ns_raw_);
  if (!labels_.empty()) out.append(",\"labels\":").append(labels_);
  out += '}';
  return out;
}

}  // namespace holdfast::backup
