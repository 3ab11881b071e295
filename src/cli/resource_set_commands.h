// Commands below `holdfast resource-set` that have a file of their own.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace holdfast::cli {

struct Session;

void AddResourceSetView(Command group, Session& session);
void AddResourceSetCheck(Command group, Session& session);
void AddResourceSetRbac(Command group, Session& session);

// Arguments with "resource-set:view" written as the two words that it is here: the reference's tool
// writes its commands so.
std::vector<std::string> SplitResourceSetWords(const std::vector<std::string>& args);

}  // namespace holdfast::cli
