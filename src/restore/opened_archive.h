// The first stage of a restore: the archive, read whole and proven. Touches no cluster.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/transformer.h"
#include "resourceset/resource_set.h"
#include "restore/index.h"
#include "restore/run_state.h"
#include "restore/session.h"
#include "storage/store.h"

namespace holdfast::restore {

// Nothing of it changes after ReadArchive().
struct OpenedArchive {
  std::string name;
  Index index;
  // What the backup selected; none when the archive does not say.
  std::optional<resourceset::ResourceSet> set;
  // Why prune was asked for and nothing may be pruned; empty otherwise.
  std::string prune_problem;

  // The ResourceSet's controllers that the archive has with replicas and that a restore writes,
  // with the archive's counts. Blocks on the spool.
  Result<std::vector<ScaledController>> Controllers() const;
  // kNoId when the archive does not have it, in any version.
  ObjectId FindController(const std::string& api_version, const std::string& resource,
                          const std::string& ns, const std::string& name) const;
};

// Reads, verifies, decrypts and indexes the archive. Errors name the archive and the store; a
// damaged one is kCorrupt. Blocks.
Result<OpenedArchive> ReadArchive(const Session& session, storage::Store& store,
                                  const std::string& archive, const crypto::Transformers& keys);

}  // namespace holdfast::restore
