// Commands below `holdfast resource-set` that have a file of their own.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace holdfast::cli {

struct Session;

void AddResourceSetView(CLI::App& group, Session& session);
void AddResourceSetCheck(CLI::App& group, Session& session);
void AddResourceSetRbac(CLI::App& group, Session& session);

// Arguments with "resource-set:view" written as the two words that it is here: the reference's tool
// writes its commands so.
std::vector<std::string> SplitResourceSetWords(const std::vector<std::string>& args);

}  // namespace holdfast::cli
