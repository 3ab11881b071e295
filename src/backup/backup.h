// A whole backup: from the live cluster to a verified archive in a store.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "archive/manifest.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "stream/hash128.h"

namespace holdfast::kube {
class Client;
class ClusterGuard;
struct ResourceType;
}  // namespace holdfast::kube
namespace holdfast::crypto {
class Transformers;
}
namespace holdfast::resourceset {
struct ResourceSet;
}
namespace holdfast::storage {
class Store;
}

namespace holdfast::backup {

// Behind Options::name in the names of archives that were taken during a restore: retention of the
// series `name` never counts them. No Kubernetes object can have such a name.
inline constexpr std::string_view kDuringRestoreSuffix = "_during-restore";

// For tests: called inside the run, where something may be done to the cluster.
struct Hooks {
  // R is fixed and nothing has been listed yet; again after every restart. One thread.
  std::function<void(const std::string& revision)> revision_fixed;
  // Around the reading of each kind; several threads at once.
  std::function<void(const kube::ResourceType&)> before_kind;
  std::function<void(const kube::ResourceType&)> after_kind;
};

struct Options {
  std::string name;         // first part of the archive's name
  size_t list_threads = 8;  // lists read at once
  // Bytes of entries between the listers and the writer. Each lister holds, besides, its current
  // object and at most 256 KiB of entries.
  size_t memory_budget = size_t{8} << 20;
  // How often the run may begin again at a new revision before it fails.
  int max_restarts = 3;
  // Every kind by Exact lists, whatever the server's version.
  bool force_exact = false;
  // Read the archive back and compare it before it gets its name.
  bool verify = true;
  // Asked whether a restore is unfinished: before the run, and again once its instant is fixed. Not
  // owned; nullptr: nothing is asked.
  kube::ClusterGuard* guard = nullptr;
  // Take the backup although a restore is unfinished, or although that cannot be found out. The
  // archive says so in its manifest, and belongs to the series `<name>_during-restore`.
  bool during_restore = false;
  Hooks hooks;
};

struct ProgressState {
  size_t kinds_done = 0;
  size_t kinds_total = 0;
  uint64_t objects = 0;  // taken into the archive
  uint64_t bytes = 0;    // of these, as stored
};

// Told how the work goes. Called by several threads, one at a time; must not block for long.
class Progress {
 public:
  virtual ~Progress() = default;
  // A phase begins, in words for the reader: "listing", "verifying the archive".
  virtual void Phase(std::string_view phase) = 0;
  virtual void Update(const ProgressState& state) = 0;
  // Everything begins again at a new revision; counts start at 0.
  virtual void Restarted(std::string_view reason) = 0;
};

// For those who do not want to know.
class NoProgress : public Progress {
 public:
  void Phase(std::string_view) override {}
  void Update(const ProgressState&) override {}
  void Restarted(std::string_view) override {}
};

struct Durations {
  std::chrono::milliseconds collect{0};  // discovery, lists and writing into the spool
  std::chrono::milliseconds verify{0};   // what could not be done beside the writing
  std::chrono::milliseconds store{0};
  std::chrono::milliseconds total{0};
};

struct BackupResult {
  std::string filename;  // in the store
  std::string revision;  // the one instant
  size_t kinds = 0;      // that were read, also those without objects
  uint64_t objects = 0;
  uint64_t bytes = 0;          // of the entries as stored
  uint64_t archive_bytes = 0;  // of the file
  stream::Hash128 hash{};      // of the file, as it was proved
  int restarts = 0;
  std::vector<std::string> warnings;
  Durations durations;
  // As it stands in the archive; the digests are not filled in.
  archive::Manifest manifest;
};

// Takes the backup and returns when it lies in the store under its name. On any error, and when
// `stop` is requested (kCancelled), nothing is there. `encrypted_suffix` puts `.enc` behind the
// name: a configuration for encryption was given, whether it encrypts anything or not. Blocks.
// Errors: what came from the API server, with the kind being listed; kExpired when the run had to
// begin again too often (etcd is compacted faster than the lists are read, or CRDs keep changing);
// kConflict with reason kube::kUnfinishedRestore; what the guard could not read; those of the
// store.
Result<BackupResult> Run(kube::Client& client, const resourceset::ResourceSet& set,
                         const crypto::Transformers& keys, bool encrypted_suffix,
                         storage::Store& store, const Options& options, Progress& progress,
                         const Logger& log, Clock& clock, std::stop_token stop);

}  // namespace holdfast::backup
