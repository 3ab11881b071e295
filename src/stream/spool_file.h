// The file behind a Spool: opening without a name, or with a hidden one where there is no other
// way.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace holdfast::stream {

struct SpoolFile {
  int fd = -1;
  // Of a hidden file that still has its name; empty otherwise.
  std::filesystem::path hidden;
};

// Mode 0600, read and write. With O_TMPFILE where `allow_tmpfile` and the file system has it, else
// `.holdfast-<random>.partial`, which keeps its name (and a lock) only when `linkable`. Hidden
// files that a killed process left behind are removed on that occasion.
Result<SpoolFile> OpenSpoolFile(const std::filesystem::path& folder, bool linkable,
                                bool allow_tmpfile);

// Gives a synced file its name in `folder_fd`, never overwriting (kConflict), and syncs the folder.
// On failure the name is not there.
Status LinkSpoolFile(SpoolFile& file, int folder_fd, const std::string& name);

// Closes, and removes the hidden name.
void RemoveSpoolFile(SpoolFile& file);

}  // namespace holdfast::stream
