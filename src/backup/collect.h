// From objects to entries on their way to the writer: select, scrub, encrypt, digest, and hand over
// in batches whose bytes a budget bounds.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "archive/entry_name.h"
#include "archive/writer.h"
#include "backup/backup.h"
#include "backup/settle.h"
#include "base/bounded_queue.h"
#include "base/byte_budget.h"
#include "base/result.h"
#include "crypto/transformer.h"
#include "kube/types.h"
#include "resourceset/selection.h"
#include "stream/sha256.h"

namespace holdfast::backup {

// "secrets.#v1": the kind's folder in an archive.
std::string KindKey(const kube::ResourceType& type);

struct Entry {
  std::string path;
  std::string stored;
  stream::Digest sha256;
};

struct Batch {
  std::vector<Entry> entries;
  ByteBudget::Share share;  // of all bytes of the entries
};

// What the listers have in common: the way to the writer, and the counts for progress.
class Pipe {
 public:
  Pipe(size_t budget_bytes, size_t kinds, Progress& progress)
      : budget_(budget_bytes), progress_(progress) {
    state_.kinds_total = kinds;
  }

  // Blocks until the budget has room. kCancelled when stopped, or when the writer has given up.
  Status Push(std::vector<Entry> entries, size_t bytes, std::stop_token stop);
  void KindDone();
  // Nothing more comes: WriteAll() ends when all is written.
  void Close() { queue_.Close(); }

  // The writer's loop: filters, then every batch until Close(). The first error ends it and closes
  // the pipe.
  Status WriteAll(archive::Writer& writer, std::string_view resource_set_json,
                  std::stop_token stop);

 private:
  ByteBudget budget_;
  BoundedQueue<Batch> queue_;
  Progress& progress_;
  std::mutex mutex_;
  ProgressState state_;
};

// Takes the objects of one kind. Used by one thread.
class KindCollector : public ObjectTaker {
 public:
  KindCollector(const resourceset::Selection& selection, const resourceset::TypeSelection& type,
                const crypto::Transformers& keys, Pipe& pipe, std::stop_token stop);

  Result<bool> Offer(ObjectScan& object, std::span<const size_t> server_matched) override;
  Status Take(ObjectScan& object) override;
  // Hands over what is left. Nothing may be offered after it.
  Status Finish();

 private:
  Status Flush();

  const resourceset::Selection& selection_;
  const resourceset::TypeSelection& type_;
  const crypto::Transformers& keys_;
  Pipe& pipe_;
  std::stop_token stop_;
  archive::EntryName name_;
  std::vector<Entry> batch_;
  size_t batch_bytes_ = 0;
};

}  // namespace holdfast::backup
