// What a mistyped command was probably meant to be.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace holdfast::cli {

// The command nearest to the first word that is none; none when nothing is near, or every word is
// one.
std::optional<std::string> SuggestCommand(const CLI::App& app,
                                          const std::vector<std::string>& args);

// Number of insertions, deletions and changes of one character between the two.
size_t EditDistance(const std::string& a, const std::string& b);

}  // namespace holdfast::cli
