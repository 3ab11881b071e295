// One attempt at a backup: everything from fixing R to the last entry in the spool.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "archive/writer.h"
#include "backup/backup.h"
#include "backup/list_api.h"
#include "base/result.h"
#include "crypto/transformer.h"
#include "kube/client.h"
#include "kube/cluster_guard.h"
#include "resourceset/resource_set.h"
#include "stream/spool.h"

namespace holdfast::backup {

struct AttemptInput {
  kube::Client* client = nullptr;
  ListApi* api = nullptr;
  const resourceset::ResourceSet* set = nullptr;
  const crypto::Transformers* keys = nullptr;
  const Options* options = nullptr;
  Progress* progress = nullptr;
  const Logger* log = nullptr;
  Clock* clock = nullptr;
  std::stop_token stop;
  Clock::Wall started;
  std::string cluster_id;
  kube::ClusterGuard::View before;  // when there is a guard: as it was before the run
  std::string during_restore;       // the restore during which the backup is taken; empty: none
};

struct Attempted {
  archive::ManifestInfo info;
  archive::ArchiveSummary summary;
  stream::Hash128 hash{};  // of the file, as it was read back; zeros where it was not
  std::chrono::nanoseconds verifying{0};  // beyond what was done beside the writing
};

// Fills the empty spool with a whole archive, and verifies it unless that is switched off.
// `busy_kinds` (by KindKey) are listed exactly from the start; those found busy now are added.
// kExpired: begin again at a new revision, with a truncated spool. Blocks; all threads have ended
// when it returns.
Result<Attempted> TryBackup(const AttemptInput& input, stream::Spool& spool,
                            std::set<std::string>& busy_kinds);

}  // namespace holdfast::backup
