// Folders and logs of programs that live for one test.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace holdfast::testbed {

// A new folder in `parent`; empty: in $TMPDIR, else /tmp.
Result<std::filesystem::path> MakeScratchFolder(std::filesystem::path parent);

// The last lines of a log, for errors; says so when it cannot be read.
std::string LogTail(const std::filesystem::path& path);

}  // namespace holdfast::testbed
