// One list of a kind, settled at R: cluster-wide or of a namespace, whole or of a field selector.
// Part of settle.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backup/settle.h"

namespace holdfast::backup {

struct Scope {
  std::string ns;              // empty: all namespaces
  std::string field_selector;  // sent to the server
  std::span<const size_t> server_matched;
};

// Used once.
class ScopeSettler {
 public:
  // `taken` (may be null) holds what was taken from earlier lists of the kind, which is not offered
  // again.
  ScopeSettler(ListApi& api, Instant& instant, const kube::ResourceType& type, Scope scope,
               KeySet* taken, ObjectTaker& taker, const kube::Call& call)
      : api_(api),
        instant_(instant),
        type_(type),
        scope_(std::move(scope)),
        taken_(taken),
        taker_(taker),
        call_(call) {}

  Status Run(ListMode mode);

  // The server has answered at least one list.
  bool answered() const { return answered_; }
  bool busy() const { return busy_; }
  uint64_t settled() const { return settled_; }
  const std::string& way() const { return way_; }
  const std::string& unpinned() const { return unpinned_; }  // why; empty: pinned

 private:
  kube::ListRequest Request() const;
  kube::ListRequest ExactRequest() const;
  // An Exact list; fails as "own store" when its answer is not of R.
  Result<kube::ListEnd> Exact(const kube::ListRequest& request, bool one_page,
                              const kube::ObjectSink& sink);

  Status Ordinary(ListMode mode);
  Status CompleteAtR();
  Status FindMissing();
  Status ListExactly();
  Status TakeAsItIs();

  // Reads `text` into scan_.
  Status Read(std::string_view text);
  Status Accept(ObjectScan& object);
  Status SetAside(const ObjectScan& object);
  bool TooMany(size_t changed) const;
  // Reads the object as it was at R and accepts it; false when it did not exist.
  Result<bool> ReadAgain(const resourceset::ObjectKey& key);
  // How many objects there were at R; none when the server does not say.
  Result<std::optional<uint64_t>> CountAtR();
  Status CheckMainStore(std::string_view list_revision);

  ListApi& api_;
  Instant& instant_;
  const kube::ResourceType& type_;
  const Scope scope_;
  KeySet* taken_;
  ObjectTaker& taker_;
  const kube::Call& call_;

  ObjectScan scan_;
  KeySet accepted_;  // all that are known to have existed at R, and were offered
  std::vector<resourceset::ObjectKey> set_aside_;
  bool too_many_set_aside_ = false;
  bool all_seen_ = false;  // nothing that the server has is left to be offered
  bool answered_ = false;
  bool busy_ = false;
  uint64_t settled_ = 0;
  std::string way_;
  std::string unpinned_;
};

}  // namespace holdfast::backup
