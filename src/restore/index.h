// What is kept of every object of an archive while it is restored: under 250 bytes each. Bodies
// stay in the spool, as stored (encrypted ones encrypted), and are read again by their offset.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "archive/limits.h"
#include "archive/scan.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/transformer.h"
#include "kube/types.h"
#include "restore/comparable.h"
#include "restore/names.h"
#include "stream/spool.h"
#include "stream/stream.h"

namespace holdfast::restore {

using ObjectId = uint32_t;  // 0 to Index::size() - 1, in the order of the archive
using TypeId = uint32_t;    // 0 to Index::types().size() - 1
inline constexpr uint32_t kNoId = UINT32_MAX;

// The order of work; write_order.h says which kind belongs where. kLast holds what could turn the
// API server against the rest.
enum class Phase : uint8_t { kCrds, kClusterScoped, kNamespaced, kLast };
inline constexpr size_t kPhases = 4;
std::string_view PhaseName(Phase phase);

// Why an object of the archive is never written (spec 7.9).
enum class SkipRule : uint8_t {
  kNone,
  kBuiltinRole,
  kRegistrationValues,
  kRancherDeployment,
  // What the control plane makes from other objects, or for one moment.
  kMirrorPod,
  kControllerEndpoints,
  kAllocatedAddress,
  kCertificateRequest,
  kAutomaticApiService,
};
std::string_view SkipReason(SkipRule rule);

// One folder of the archive.
struct ArchivedType {
  kube::GroupVersion gv;
  std::string plural;
  std::string kind;  // as the entries say; empty when none does
  Special special = Special::kNone;
  uint32_t cluster_scoped = 0;  // objects
  uint32_t namespaced = 0;

  // "secrets", "deployments.apps".
  std::string ResourceName() const { return gv.group.empty() ? plural : plural + "." + gv.group; }
};

// One owner reference of an archived object; in the order of metadata.ownerReferences.
struct ArchivedOwner {
  enum class Target : uint8_t {
    kObject,           // of this archive: `target` is its ObjectId
    kExternal,         // `target` is an index into Index::external_owners()
    kMalformed,        // no apiVersion, kind or name, or an apiVersion that is none
    kNamespacedOwner,  // of a cluster-scoped object: Kubernetes does not allow that
  };
  uint64_t form = 0;  // Hash64 of OwnerForm
  uint32_t target = kNoId;
  Target kind = Target::kMalformed;
  bool role = false;  // the owner's kind is GlobalRole or RoleTemplate (any group)
  // Not a reference but the ServiceAccount of a token Secret, whose uid stands in an annotation.
  // Always the last of an object's owners.
  bool token = false;
};

// An owner that the archive does not have.
struct ExternalOwner {
  kube::GroupVersion gv;
  std::string kind;
  std::string ns;  // that of the dependent, in case the kind is namespaced
  std::string name;
  auto operator<=>(const ExternalOwner&) const = default;
};

// What a CRD of the archive says about the resources it makes.
struct ArchivedCrd {
  ObjectId object = kNoId;
  std::string group, plural, kind;
  bool namespaced = false;
  struct Version {
    std::string name;
    bool served = false;
    bool status = false;  // has the status subresource
  };
  std::vector<Version> versions;
};

struct IndexOptions {
  std::filesystem::path temp_dir;               // of the spool
  uint64_t max_objects = archive::kMaxObjects;  // more is kInvalid
  // tar_spool is set by Load. The seal of an archive of ours finds every change to the file; to
  // hold the digests inside against it as well is the business of verify, and costs twice the CPU
  // time.
  archive::ScanOptions scan = {.digests = archive::Digests::kSealOnly};
  // When the backup was begun, where the archive does not say it itself (its name may).
  std::optional<Clock::Wall> taken;
  size_t threads = 2;  // that decrypt and examine, beside the one that reads
};

// Immutable after Load; all const calls may be made by any number of threads.
class Index {
 public:
  // Reads the whole archive once. Every entry is decrypted and checked before Load returns; the
  // first bad one is the error, which names its path: cannot be decrypted (naming provider and
  // key), not one JSON object, no metadata or name, another name, namespace or apiVersion than the
  // path says, a CRD without spec. `keys` must outlive the index. Blocks.
  static Result<Index> Load(stream::Source& gz, const crypto::Transformers& keys,
                            const IndexOptions& options);
  Index(Index&&) noexcept;
  Index& operator=(Index&&) noexcept;
  ~Index();

  size_t size() const;  // objects; of entries with the same path only the last one
  const std::vector<ArchivedType>& types() const;
  // Text of filters/filters.json; none when the archive has none.
  const std::optional<std::string>& filters() const;
  const archive::ScanResult& scan() const;
  uint64_t duplicates() const;  // entries replaced by a later one of the same path
  const std::vector<ArchivedCrd>& crds() const;
  const std::vector<ExternalOwner>& external_owners() const;
  const Hasher& hasher() const;
  // When the backup was begun: as the manifest says, else as the options did.
  std::optional<Clock::Wall> taken() const;

  TypeId TypeOf(ObjectId id) const;
  const ArchivedType& Type(ObjectId id) const { return types()[TypeOf(id)]; }
  std::string_view Namespace(ObjectId id) const;  // empty: cluster-scoped, by its path
  std::string_view Name(ObjectId id) const;
  Phase PhaseOf(ObjectId id) const;
  SkipRule Skip(ObjectId id) const;
  const Digest128& MainDigest(ObjectId id) const;
  const Digest128& StatusDigest(ObjectId id) const;
  bool HasStatus(ObjectId id) const;  // `status` present and not null
  bool HasNullStatus(ObjectId id) const;
  uint32_t BodyBytes(ObjectId id) const;  // as stored
  std::span<const ArchivedOwner> Owners(ObjectId id) const;

  // "secrets cattle-system/tls-ca", "users.management.cattle.io u-abc".
  std::string Describe(ObjectId id) const;
  // The entry's path in the archive.
  std::string Path(ObjectId id) const;

  // kNoId when there is none.
  TypeId FindType(const kube::GroupVersion& gv, std::string_view plural) const;
  ObjectId Find(TypeId type, std::string_view ns, std::string_view name) const;
  // The same object in any version of the group.
  ObjectId FindAnyVersion(std::string_view group, std::string_view plural, std::string_view ns,
                          std::string_view name) const;
  bool HasAnyVersion(std::string_view group, std::string_view plural) const;
  // Those that any object is in, each once.
  std::vector<std::string> Namespaces() const;
  // Whether any object is in that namespace.
  bool HasObjectsIn(std::string_view ns) const;

  // The JSON of the object as the archive has it, read from the spool and decrypted; apiVersion and
  // kind filled in where the entry lacks them and they are known. Blocks on the disk.
  Result<std::string> Body(ObjectId id) const;

  // Bytes held in all (the spool is not counted); for tests and benchmarks.
  size_t MemoryBytes() const;

  struct Impl;  // index_impl.h

 private:
  explicit Index(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::restore
