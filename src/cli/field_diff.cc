#include "cli/field_diff.h"

#include "base/json_canonical.h"
#include "base/json_diff.h"

namespace holdfast::cli {
namespace {

constexpr size_t kMostShown = 200;

std::string Shown(std::string_view text) {
  if (text.size() <= kMostShown) return std::string(text);
  size_t cut = kMostShown;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) --cut;
  return std::string(text.substr(0, cut)) + "...";
}

}  // namespace

std::vector<FieldChange> DiffFields(std::string_view left, std::string_view right, size_t limit) {
  const std::string a = json::Canonical(left), b = json::Canonical(right);
  std::vector<FieldChange> changes;
  for (json::Difference& found : json::Differences(a, b, json::Arrays::kByPosition, limit))
    changes.push_back({std::move(found.path), Shown(found.left), Shown(found.right)});
  return changes;
}

}  // namespace holdfast::cli
