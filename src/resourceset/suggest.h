// "Did you mean": the nearest of some names.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace holdfast::resourceset {

// Letters to insert, remove, replace or swap with a neighbour to get from a to b, regardless of
// case. Texts longer than 64 bytes are cut.
size_t EditDistance(std::string_view a, std::string_view b);

// The candidate nearest to `word` if it is near enough to be meant (a third of its letters at
// most); the first of equally near ones.
std::optional<std::string> Nearest(std::string_view word,
                                   std::span<const std::string_view> candidates);

// `; did you mean "x"?`, or empty.
std::string DidYouMean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace holdfast::resourceset
