#include "cli/suggest.h"

#include <algorithm>

#include <CLI/CLI.hpp>

namespace holdfast::cli {

size_t EditDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

std::optional<std::string> SuggestCommand(const CLI::App& app,
                                          const std::vector<std::string>& args) {
  for (const std::string& arg : args) {
    if (arg.empty() || arg[0] == '-') continue;
    std::optional<std::string> best;
    size_t best_distance = 3;  // farther is a guess, not a suggestion
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
      size_t distance = EditDistance(arg, command->get_name());
      if (distance == 0) return std::nullopt;
      if (distance < best_distance) {
        best_distance = distance;
        best = command->get_name();
      }
    }
    return best;
  }
  return std::nullopt;
}

}  // namespace holdfast::cli
