#include "backup/instant.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "backup/object_scan.h"

namespace holdfast::backup {
namespace {

// The revision of a consistent read: no resourceVersion is sent.
Result<uint64_t> ReadRevision(ListApi& api, const Reference& reference, const kube::Call& call) {
  kube::ListRequest request;
  request.type = &reference.type;
  request.ns = reference.ns;
  request.limit = 1;
  request.metadata_only = true;
  HF_ASSIGN_CONTEXT(kube::ListEnd end,
                    api.ListPage(
                        request, [](std::string_view) { return Status(); }, call),
                    "reading the current revision by a list of " + reference.type.ResourceName());
  std::optional<uint64_t> revision = ParseRevision(end.resource_version);
  if (!revision || *revision == 0)
    return Fail(Error(ErrorKind::kInternal,
                      "a list of " + reference.type.ResourceName() + " has the resourceVersion \"" +
                          end.resource_version + "\", which is not a positive number")
                    .Hint("the API server must keep its objects in etcd or in a store whose "
                          "resourceVersions are rising numbers"));
  return *revision;
}

}  // namespace

Instant::Instant(ListApi& api, Reference reference, uint64_t revision)
    : api_(api),
      reference_(std::move(reference)),
      revision_(revision),
      text_(std::to_string(revision)),
      newest_(revision) {}

Instant::Instant(Instant&& other) noexcept
    : api_(other.api_),
      reference_(std::move(other.reference_)),
      revision_(other.revision_),
      text_(std::move(other.text_)),
      newest_(other.newest_) {}

Result<Instant> Instant::Fix(ListApi& api, std::vector<Reference> candidates,
                             const kube::Call& call) {
  std::optional<Error> refused;
  for (Reference& reference : candidates) {
    Result<uint64_t> revision = ReadRevision(api, reference, call);
    if (revision) return Instant(api, std::move(reference), *revision);
    bool next = revision.error().code() == 403 || revision.error().kind() == ErrorKind::kNotFound;
    if (!next) return Fail(std::move(revision).error());
    if (!refused) refused = std::move(revision).error();
  }
  if (refused) return Fail(std::move(*refused));
  return Fail(ErrorKind::kInvalid,
              "none of the selected kinds can tell the cluster's current revision");
}

Result<bool> Instant::IsOfMainStore(uint64_t revision, const kube::Call& call) {
  if (revision < revision_) return false;
  {
    std::lock_guard lock(mutex_);
    if (revision <= newest_) return true;
  }
  HF_ASSIGN(uint64_t now, ReadRevision(api_, reference_, call));
  std::lock_guard lock(mutex_);
  newest_ = std::max(newest_, now);
  return revision <= newest_;
}

}  // namespace holdfast::backup
