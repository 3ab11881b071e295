// Selectors as cells of a table.
#pragma once

#include <string>
#include <vector>

#include "resourceset/rendered.h"

namespace holdfast::cli {

// "#", "Source", "APIVersion", "Kinds", "Names", "Namespaces".
std::vector<std::string> SelectorHead();

// The columns of SelectorHead(). Lists are joined by ",", a regular expression has "~" in front,
// both are joined by " | ", nothing at all is "*".
std::vector<std::string> SelectorCells(const resourceset::RenderedSet& set, size_t selector);

// "table" (also "text"), "yaml" or "json" when among `wanted`; kInvalid: `unknown output format "x"
// (want: table, yaml, json)`.
Result<std::string> OutputFormat(const std::string& given, const std::vector<std::string>& wanted);

}  // namespace holdfast::cli
