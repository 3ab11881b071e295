// Namespaces that objects of the archive are in and that nobody has.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "restore/session.h"

namespace holdfast::restore {

// Makes them, each with a note in the report and an annotation that says which archive it was made
// for. One that cannot be made is a failure in the report; an error is kCancelled. Blocks.
Status CreateNamespaces(const Session& session, const std::string& archive,
                        const std::vector<std::string>& names);

}  // namespace holdfast::restore
