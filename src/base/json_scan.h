// Looking into JSON text without building a tree. Everything returned is a view into the text
// given.
//
// Validate() is strict (RFC 8259). The other calls expect one complete valid value; on text that
// was not validated they stay within its bounds and return an empty or wrong view, never more.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::json {

// How deep an API server takes objects: the limit of Go's encoding/json, the object itself being
// level 1. Code that handles objects must cope with this depth without recursion and in linear
// time.
inline constexpr size_t kMaxNesting = 10'000;

struct Limits {
  size_t max_depth = kMaxNesting;
};

// kInvalid with the byte offset when `text` is not exactly one JSON value (white space around it is
// allowed) in valid UTF-8, or is nested deeper than the limit.
Status Validate(std::string_view text, const Limits& limits = {});

enum class Type { kNone, kObject, kArray, kString, kNumber, kTrue, kFalse, kNull };
// By the first byte after white space.
Type TypeOf(std::string_view value);

// Offset just after the value that starts at `at` (which must stand on its first byte).
size_t SkipValue(std::string_view text, size_t at);
size_t SkipSpace(std::string_view text, size_t at);

// One member of an object. Offsets are into the object's text.
struct Member {
  std::string_view key;    // raw: without quotes, escapes as they stand
  std::string_view value;  // exact bytes, no white space around
  size_t key_begin = 0;    // of the opening quote
  size_t value_begin = 0;
  size_t value_end = 0;
  bool Is(std::string_view name) const;
};

// for (json::ObjectReader r(text); auto m = r.Next();) ...
// No members when the text is not an object.
class ObjectReader {
 public:
  explicit ObjectReader(std::string_view object);
  std::optional<Member> Next();

 private:
  std::string_view text_;
  size_t at_;
};

// The same for the elements of an array.
class ArrayReader {
 public:
  explicit ArrayReader(std::string_view array);
  std::optional<std::string_view> Next();

 private:
  std::string_view text_;
  size_t at_;
};

// The value at a path of keys, {"metadata", "name"}. The last one of repeated keys, as Go reads
// them.
std::optional<std::string_view> Find(std::string_view object,
                                     std::initializer_list<std::string_view> path);
// The string there, unescaped; none when absent or not a string.
std::optional<std::string> FindString(std::string_view object,
                                      std::initializer_list<std::string_view> path);
// The text of a string VALUE (with its quotes); empty when it is not a string.
std::string StringOf(std::string_view value);

}  // namespace holdfast::json
