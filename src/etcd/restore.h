// A data directory out of a snapshot, from which etcd 3.4 to 3.6 starts a new cluster.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "etcd/database.h"
#include "etcd/membership.h"
#include "etcd/store.h"

namespace holdfast::etcd {

// By how much the revision of a Kubernetes store is raised unless something else is asked for: more
// than was written after the snapshot was taken.
inline constexpr int64_t kKubernetesBump = 1'000'000'000;

struct RestoreOptions {
  std::filesystem::path data_dir;
  MembershipArgs membership;
  // Raise the revision by so much and mark everything before as compacted, so that watches and
  // cached lists of before are refused instead of going on with wrong revisions. 0: leave it.
  // Unset: kKubernetesBump for a store of Kubernetes, else 0.
  std::optional<int64_t> bump_revision;
  bool skip_hash_check = false;
  bool clear_alarms = false;
  std::stop_token stop;
};

struct RestoreReport {
  Membership membership;
  uint64_t size = 0;  // bytes of the database
  int64_t revision = 0;
  int64_t bump = 0;
  bool kubernetes = false;
  bool digest_checked = false;
  std::vector<AlarmRow> alarms;  // that the snapshot had
  std::string storage_version;
};

// One pass over the file: copy, digest and edit. All of the directory appears at the end, durable,
// or nothing. kInvalid: options; kCorrupt: a checksum that is missing or does not match, damage met
// on the way (not everything is looked at: Verify() does that); kConflict: the directory is not
// empty; kUnavailable: disk full. Blocks.
Result<RestoreReport> Restore(const Database& snapshot, const RestoreOptions& options);

// Whether a store is one of Kubernetes, by keys that an API server writes when it first starts.
// Looks at a bounded number of records, the oldest and the newest.
Result<bool> LooksLikeKubernetes(const Database& database, const std::vector<Bucket>& buckets);

}  // namespace holdfast::etcd
