// What an archive may hold at most: the limits of its reader, which its writer keeps to.
#pragma once

#include <cstdint>

#include "stream/gzip.h"
#include "stream/tar_reader.h"

namespace holdfast::archive {

// Objects of one archive; more could not be indexed for a restore.
inline constexpr uint64_t kMaxObjects = 20'000'000;

struct ArchiveLimits {
  stream::TarLimits tar;
  uint64_t max_tar = stream::GunzipLimits{}.max_output;  // bytes of the whole uncompressed tar
  uint64_t max_objects = kMaxObjects;
  // Digests that a manifest lists; of more entries it has one digest of all digests (43 bytes each
  // would make the manifest longer than an entry may be, and a reader holds it in memory).
  uint64_t max_listed_digests = 250'000;
};

}  // namespace holdfast::archive
