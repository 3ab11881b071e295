// Patching JSON text: every byte that is not meant stays as it was written, numbers above all.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_scan.h"

namespace holdfast::json {

// Collects replacements of byte ranges of one text and applies them at once.
class Patch {
 public:
  // Ranges must not overlap; the order of calls does not matter.
  void Replace(size_t begin, size_t end, std::string text);
  void Insert(size_t at, std::string text) { Replace(at, at, std::move(text)); }
  bool empty() const { return edits_.empty(); }
  std::string Apply(std::string_view text) const;

 private:
  struct Edit {
    size_t begin, end;
    std::string text;
  };
  std::vector<Edit> edits_;
};

// The object without the given keys (top level of `object`); commas are mended.
std::string RemoveKeys(std::string_view object, std::initializer_list<std::string_view> keys);
// The object with key's value replaced, or the member added at the end. `value` is JSON.
std::string SetKey(std::string_view object, std::string_view key, std::string_view value);
// The same at a path; objects missing on the way are made; something else than an object on the way
// is replaced by one only when it is null, otherwise the object is returned unchanged.
std::string SetPath(std::string_view object, std::initializer_list<std::string_view> path,
                    std::string_view value);
// The object without the member at the path; unchanged when there is none.
std::string RemovePath(std::string_view object, std::initializer_list<std::string_view> path);

}  // namespace holdfast::json
