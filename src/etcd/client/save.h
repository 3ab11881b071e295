// Taking a snapshot of a running cluster into a store.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "crypto/transformer.h"
#include "etcd/client/client.h"
#include "etcd/client/intake.h"
#include "etcd/snapshot_meta.h"
#include "etcd/verify.h"
#include "storage/store.h"

namespace holdfast::etcd {

struct SaveOptions {
  std::string name;  // of the file in the store
  Compression compression = Compression::kNone;
  const crypto::Transformers* encryption = nullptr;  // none: not encrypted
  // With several members: ask each for the hash of all keys at one revision, and warn when they
  // differ.
  bool compare_members = true;
  Clock* clock = &Clock::Real();
  std::stop_token stop;
};

struct SaveReport {
  SnapshotMeta meta;  // which lies beside the snapshot as NAME.meta
  VerifyReport verified;
  std::vector<std::string> warnings;
};

// Asks all members how they are, takes the snapshot from a healthy one (a follower before the
// leader), proves it (Verify()) and only then gives it its name in `store`, with its metadata
// beside it. When a member fails under way the next one is asked. Members that are learners, lag or
// have a CORRUPT alarm are not asked; those without a leader only when no member has one, and then
// with a warning. Nothing partial ever has a name; when the
// metadata cannot be stored the snapshot is removed again, or the error says that it could not be.
// kConflict: the name is taken. Blocks.
Result<SaveReport> Save(Client& client, storage::Store& store, const SaveOptions& options,
                        const Logger& log);

}  // namespace holdfast::etcd
