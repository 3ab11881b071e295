#include "base/json_edit.h"

#include <algorithm>
#include <optional>

#include "base/json_text.h"

namespace holdfast::json {
namespace {

using Path = std::vector<std::string_view>;

std::optional<Member> LastMember(std::string_view object, std::string_view key) {
  std::optional<Member> found;
  for (ObjectReader reader(object); auto member = reader.Next();)
    if (member->Is(key)) found = member;
  return found;
}

// {"a":{"b":value}} for the keys from `at` on.
std::string Wrap(const Path& path, size_t at, std::string_view value) {
  std::string text;
  for (size_t i = at; i < path.size(); ++i) {
    text += '{';
    AppendQuoted(text, path[i]);
    text += ':';
  }
  text += value;
  text.append(path.size() - at, '}');
  return text;
}

std::string SetFrom(std::string_view object, const Path& path, size_t at, std::string_view value) {
  std::optional<Member> member = LastMember(object, path[at]);
  if (!member) return SetKey(object, path[at], Wrap(path, at + 1, value));
  std::string replaced;
  if (at + 1 == path.size()) {
    replaced = value;
  } else if (TypeOf(member->value) == Type::kNull) {
    replaced = Wrap(path, at + 1, value);
  } else if (TypeOf(member->value) == Type::kObject) {
    replaced = SetFrom(member->value, path, at + 1, value);
  } else {
    return std::string(object);
  }
  Patch patch;
  patch.Replace(member->value_begin, member->value_end, std::move(replaced));
  return patch.Apply(object);
}

std::string RemoveFrom(std::string_view object, const Path& path, size_t at) {
  if (at + 1 == path.size()) return RemoveKeys(object, {path[at]});
  std::optional<Member> member = LastMember(object, path[at]);
  if (!member || TypeOf(member->value) != Type::kObject) return std::string(object);
  Patch patch;
  patch.Replace(member->value_begin, member->value_end, RemoveFrom(member->value, path, at + 1));
  return patch.Apply(object);
}

}  // namespace

void Patch::Replace(size_t begin, size_t end, std::string text) {
  edits_.push_back({begin, end, std::move(text)});
}

std::string Patch::Apply(std::string_view text) const {
  std::vector<const Edit*> order;
  size_t size = text.size();
  for (const Edit& edit : edits_) {
    order.push_back(&edit);
    size += edit.text.size();
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const Edit* a, const Edit* b) { return a->begin < b->begin; });
  std::string out;
  out.reserve(size);
  size_t at = 0;
  for (const Edit* edit : order) {
    if (edit->begin < at || edit->end > text.size()) continue;
    out.append(text, at, edit->begin - at);
    out += edit->text;
    at = edit->end;
  }
  out.append(text.substr(at));
  return out;
}

std::string RemoveKeys(std::string_view object, std::initializer_list<std::string_view> keys) {
  if (TypeOf(object) != Type::kObject) return std::string(object);
  std::string out;
  bool dropped = false;
  out.reserve(object.size());
  out += '{';
  for (ObjectReader reader(object); auto member = reader.Next();) {
    bool drop = std::any_of(keys.begin(), keys.end(),
                            [&](std::string_view key) { return member->Is(key); });
    dropped = dropped || drop;
    if (drop) continue;
    if (out.size() > 1) out += ',';
    out.append(object, member->key_begin, member->value_end - member->key_begin);
  }
  if (!dropped) return std::string(object);
  out += '}';
  return out;
}

std::string SetKey(std::string_view object, std::string_view key, std::string_view value) {
  if (TypeOf(object) != Type::kObject) return std::string(object);
  if (std::optional<Member> member = LastMember(object, key)) {
    Patch patch;
    patch.Replace(member->value_begin, member->value_end, std::string(value));
    return patch.Apply(object);
  }
  size_t end = object.rfind('}');
  bool empty = !ObjectReader(object).Next();
  std::string out(object.substr(0, end));
  if (!empty) out += ',';
  AppendQuoted(out, key);
  out += ':';
  out += value;
  out += object.substr(end);
  return out;
}

std::string SetPath(std::string_view object, std::initializer_list<std::string_view> path,
                    std::string_view value) {
  if (path.size() == 0 || TypeOf(object) != Type::kObject) return std::string(object);
  return SetFrom(object, Path(path), 0, value);
}

std::string RemovePath(std::string_view object, std::initializer_list<std::string_view> path) {
  if (path.size() == 0) return std::string(object);
  return RemoveFrom(object, Path(path), 0);
}

}  // namespace holdfast::json
