// Which store a Backup or Restore means.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "kube/client.h"
#include "operator/settings.h"
#include "storage/store_config.h"

namespace holdfast::op {

struct LocatedStore {
  storage::OpenedStore opened;
  std::string kind;  // "PV" or "S3", as status shows it
  // Where archives lie, for messages: a folder, or bucket and folder.
  std::string folder;
  std::string bucket;
  // The name within the store: `file` without the folders that it began with.
  std::string file;
  // "<namespace>/<name>" of the Secrets that were read for it.
  std::vector<std::string> secrets;

  storage::Store& store() { return *opened.store; }
};

// The store of `s3` (the text of storageLocation.s3), else the operator's default; one precedence
// for both kinds of object: the folder, then the bucket. `file` may begin with folders of the
// bucket (empty for a backup). kInvalid with `missing` where there is neither. Reads Secrets;
// blocks.
Result<LocatedStore> LocateStore(kube::Client& client, const Settings& settings,
                                 const std::optional<std::string>& s3, const std::string& file,
                                 const std::string& missing, const Logger& log, Clock& clock,
                                 const kube::Call& call);

}  // namespace holdfast::op
