// Reading a member's write-ahead log (docs/formats/etcd.md): proving that it is whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "base/result.h"

namespace holdfast::etcd {

enum class WalType : uint64_t { kMetadata = 1, kEntry = 2, kState = 3, kCrc = 4, kSnapshot = 5 };

struct WalSummary {
  uint64_t member = 0, cluster = 0;
  uint64_t entries = 0;     // that count: a later one of the same index replaces those behind it
  uint64_t last_index = 0;  // of an entry
  uint64_t commit = 0;      // of the last hard state
  uint64_t snapshot_index = 0, snapshot_term = 0;  // of the last snapshot record
  uint64_t records = 0;
  bool torn = false;  // the last record was not written to its end: what a crash leaves
};

// The records of one file after the other, in the order of their names.
class WalReader {
 public:
  // One file's bytes; `last`: no file follows. kCorrupt, naming the byte: a record whose checksum
  // does not go on from those before, that is no message, that runs out of a file which is not the
  // last; other metadata than before; a gap between entries; after a torn end nothing more may
  // come.
  Status Read(std::string_view bytes, bool last);
  const WalSummary& summary() const { return summary_; }

 private:
  Status Record(std::string_view bytes);
  Status Data(WalType type, std::string_view data);
  Status Entry(std::string_view data);

  WalSummary summary_;
  uint32_t crc_ = 0;
  bool begun_ = false;
  uint64_t first_index_ = 0;
};

}  // namespace holdfast::etcd
