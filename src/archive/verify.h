// Proving that an archive is whole, and with the keys, that every entry is the object its name
// says.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "archive/manifest.h"
#include "archive/scan.h"
#include "archive/writer.h"
#include "base/result.h"
#include "crypto/transformer.h"
#include "stream/stream.h"

namespace holdfast::archive {

struct VerifyReport {
  uint64_t entries = 0;  // objects
  uint64_t plain = 0;    // of these, stored as plain JSON
  uint64_t encrypted = 0;
  uint64_t checked = 0;                    // found to be the object that the name says
  uint64_t unchecked = 0;                  // encrypted, and no keys were given
  uint64_t bytes = 0;                      // stored
  std::map<std::string, KindCount> kinds;  // by KindKey
  bool has_filters = false;
  std::optional<Manifest> manifest;  // entry_sha256 is emptied
  // "aescbc key key1": what the encrypted entries need, and how many of them need it.
  std::map<std::string, uint64_t> keys_needed;
  // Entries that are not what their names say, or do not decrypt: at most 100 are described.
  std::vector<std::string> problems;
  uint64_t problem_count = 0;

  // Whole, and nothing wrong was found in what could be checked.
  bool ok() const { return problem_count == 0; }
};

// What is wrong with an entry's plain JSON as the object `name`: not JSON, not an object, another
// apiVersion, name or namespace, no kind. kCorrupt, naming the entry.
Status CheckObject(const EntryName& name, std::string_view json);

// Reads all of `gz` and checks everything that Scan() does and every entry. `keys` null: encrypted
// entries are counted as unchecked. A damaged container is an error; wrong entries are problems in
// the report. Blocks.
Result<VerifyReport> Verify(stream::Source& gz, const crypto::Transformers* keys,
                            const ScanOptions& options = {});

}  // namespace holdfast::archive
