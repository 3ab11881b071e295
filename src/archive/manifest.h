// filters/manifest.json, the last entry of an archive: what is in it, from where, of which instant,
// and the digests to prove it. The operator ignores it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "stream/sha256.h"

namespace holdfast::archive {

// The highest that is read. Written is the lowest that will do: 1, where each entry's digest is
// listed; 2, where they are too many for that.
inline constexpr int kFormatVersion = 2;

// One kind, by its folder in the archive.
struct KindInfo {
  std::string kind;      // "secrets.#v1"
  uint64_t objects = 0;  // in the archive (filled in by Writer)
  uint64_t bytes = 0;    // as stored, without tar headers (filled in by Writer)
  std::string way;       // how it was read: "cached", "settled", "exact", "pages", ...
  bool pinned = true;    // false: not certain to be of the revision; `note` says why
  std::string note;
};

// What the maker of a backup knows.
struct ManifestInfo {
  std::string holdfast_version;
  std::string cluster_id;          // uid of the kube-system Namespace
  std::string kubernetes_version;  // "v1.36.3"
  std::string rancher_version;     // empty where none was found
  std::string revision;            // resourceVersion of the one instant
  // The restore that had begun and had not ended, or that could not be ruled out; empty: none.
  std::string during_restore;
  Clock::Wall started;  // stored with milliseconds
  Clock::Wall finished;
  // Any order, also kinds without objects; kinds that only Writer knows are added to them.
  std::vector<KindInfo> kinds;
  std::vector<std::string> warnings;
};

struct Manifest {
  int format_version = kFormatVersion;
  ManifestInfo info;     // kinds sorted by name
  uint64_t entries = 0;  // regular ones before the manifest (filters.json among them)
  // Version 1: of every one of them, in tar order.
  std::vector<stream::Digest> entry_sha256;
  // Version 2: of their digests, one after the other.
  std::optional<stream::Digest> digests_sha256;
  // Of the uncompressed tar up to the manifest's own header.
  stream::Digest tar_sha256{};
  uint64_t tar_size = 0;

  // The kinds that are not pinned.
  std::vector<const KindInfo*> Unpinned() const;
};

// The JSON in two parts, so that the digests, between them, are never held twice: base64 of the
// digests one after the other goes in between, or nothing where `digests_sha256` stands for them.
struct ManifestText {
  std::string head;
  std::string tail;
};
ManifestText FormatManifest(const ManifestInfo& info, uint64_t entries,
                            const stream::Digest& tar_sha256, uint64_t tar_size,
                            const std::optional<stream::Digest>& digests_sha256 = {});

// kCorrupt where it is not what its format says; unknown fields are ignored; a higher format
// version is kInvalid and the hint says what to do.
Result<Manifest> ParseManifest(std::string_view json);

}  // namespace holdfast::archive
