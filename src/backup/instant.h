// The one revision R of a backup, and what can be said of other revisions by it.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "backup/list_api.h"
#include "base/result.h"
#include "kube/types.h"

namespace holdfast::backup {

// A list whose revision is that of the API server's own etcd: the reference by which R is fixed and
// by which stores of their own are recognised.
struct Reference {
  kube::ResourceType type;
  std::string ns;  // empty: cluster-wide
};

// May be used by any number of threads once made.
class Instant {
 public:
  // Fixes R: the list revision of a consistent read (limit=1, metadata only) of the first of the
  // candidates that may be listed. Errors: those of the list; kInternal when the revision is no
  // number, kInvalid without candidates. Blocks.
  static Result<Instant> Fix(ListApi& api, std::vector<Reference> candidates,
                             const kube::Call& call);

  Instant(Instant&&) noexcept;

  uint64_t revision() const { return revision_; }
  const std::string& text() const { return text_; }
  const Reference& reference() const { return reference_; }

  // Whether `revision`, which a list made after R was fixed carried, can be one of the main store:
  // not below R, and not above a consistent read made from now on (made only when the answer is not
  // known yet). Blocks.
  Result<bool> IsOfMainStore(uint64_t revision, const kube::Call& call);

 private:
  Instant(ListApi& api, Reference reference, uint64_t revision);

  ListApi& api_;
  Reference reference_;
  uint64_t revision_;
  std::string text_;
  std::mutex mutex_;
  uint64_t newest_;  // of all consistent reads of the reference
};

}  // namespace holdfast::backup
