// Takes the known fields out of a map and finds the unknown ones.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "resourceset/document.h"
#include "resourceset/problems.h"
#include "resourceset/resource_set.h"

namespace holdfast::resourceset {

// What all readers of one source share.
struct ReadContext {
  ParseMode mode;
  Problems problems;
  std::vector<std::string> ignored;  // unknown fields, by path

  bool strict() const { return mode == ParseMode::kStrict; }
};

// One map of a document. Wrong types are reported as problems; the value then counts as absent, and
// so does null. Everything given must outlive the reader.
class MapReader {
 public:
  // A node that is no map is reported and read as an empty one.
  MapReader(ReadContext& context, const Node& node, std::string path);

  // The value if it is there and not null. Makes the field known.
  const Node* Take(std::string_view field);
  // The same, if it is of that kind.
  const Node* Take(std::string_view field, NodeKind kind);

  std::string String(std::string_view field);
  // Missing or empty is a problem (not in kArchive mode).
  std::string RequiredString(std::string_view field);
  // A list without duplicates (in kStrict mode).
  std::vector<std::string> StringSet(std::string_view field);
  std::vector<std::string> StringList(std::string_view field);
  std::map<std::string, std::string> StringMap(std::string_view field);
  std::optional<int32_t> Int32(std::string_view field);

  // Fields not taken before this call: problems in kStrict mode, else ignored.
  void Finish();

  std::string PathOf(std::string_view field) const;
  // Where a field's value stands, or the map when it is absent.
  Mark MarkOf(std::string_view field) const;
  void Problem(std::string_view field, std::string message);

 private:
  void WrongType(const Node& node, std::string_view path, NodeKind want);
  std::vector<std::string> Strings(std::string_view field, bool unique);

  ReadContext& context_;
  const Node& node_;
  std::string path_;
  std::vector<std::string_view> known_;
};

}  // namespace holdfast::resourceset
