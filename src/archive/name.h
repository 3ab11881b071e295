// The name of an archive file: `<backup name>-<uid>-<time>.tar.gz`, and `.enc` when encrypted.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/retry.h"

namespace holdfast::archive {

struct ArchiveName {
  std::string backup;  // of the Backup object, or --name
  std::string uid;     // of the cluster (its kube-system Namespace): 36 characters
  Clock::Wall time;    // the start of the run; written in UTC, whole seconds
  bool encrypted = false;
  bool old_form = false;  // parsed: `#` in the time, as early versions of the operator wrote it
};

// "nightly-6aa7f5cd-ad7b-4e91-9c29-68bf38b618ef-2026-01-27T02-00-00Z.tar.gz".
// kInvalid: an empty name, `/` or a control character in it, a leading `.`, or more than 255 bytes.
Result<std::string> MakeName(const ArchiveName& name);
// None when `file_name` is not exactly such a name; any time zone is accepted.
std::optional<ArchiveName> ParseName(std::string_view file_name);

// Calls `put` with the name for `name.time`; as long as it answers kConflict (the name is taken)
// waits for the next second of the clock and tries that one, at most 10 times. Returns the name
// that was taken. Blocks; kCancelled when stopped.
Result<std::string> PutUnderFreeName(ArchiveName name, const Waits& waits,
                                     const std::function<Status(const std::string&)>& put);

}  // namespace holdfast::archive
