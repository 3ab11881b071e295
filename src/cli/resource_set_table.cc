#include "cli/resource_set_table.h"

#include <algorithm>

namespace holdfast::cli {
namespace {

std::string Cell(const std::vector<std::string>& list, const std::string& pattern) {
  std::string cell;
  for (const std::string& item : list) cell += (cell.empty() ? "" : ",") + item;
  if (!pattern.empty()) cell += (cell.empty() ? "~" : " | ~") + pattern;
  return cell.empty() ? "*" : cell;
}

// "files/default/a.yaml" is shown as "default/a.yaml": every source lies in files/.
std::string Shown(const std::string& source) {
  constexpr std::string_view kFiles = "files/";
  return source.starts_with(kFiles) ? source.substr(kFiles.size()) : source;
}

}  // namespace

std::vector<std::string> SelectorHead() {
  return {"#", "Source", "APIVersion", "Kinds", "Names", "Namespaces"};
}

std::vector<std::string> SelectorCells(const resourceset::RenderedSet& set, size_t index) {
  const resourceset::Selector& selector = set.set.selectors[index];
  return {std::to_string(index + 1),
          Shown(set.sources[index]),
          selector.api_version,
          Cell(selector.kinds, selector.kinds_regexp),
          Cell(selector.resource_names, selector.resource_name_regexp),
          Cell(selector.namespaces, selector.namespace_regexp)};
}

Result<std::string> OutputFormat(const std::string& given, const std::vector<std::string>& wanted) {
  const std::string format = given == "text" ? "table" : given;
  if (std::find(wanted.begin(), wanted.end(), format) != wanted.end()) return format;
  std::string list;
  for (const std::string& one : wanted) list += (list.empty() ? "" : ", ") + one;
  return Fail(ErrorKind::kInvalid, "unknown output format \"" + given + "\" (want: " + list + ")");
}

}  // namespace holdfast::cli
