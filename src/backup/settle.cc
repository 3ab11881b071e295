#include "backup/settle.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "backup/settle_scope.h"

namespace holdfast::backup {
namespace {

class KindSettler {
 public:
  KindSettler(ListApi& api, Instant& instant, const SettleRequest& request, ObjectTaker& taker,
              const kube::Call& call)
      : api_(api),
        instant_(instant),
        selection_(*request.selection),
        request_(request),
        taker_(taker),
        call_(call) {}

  Result<KindOutcome> Run() {
    if (selection_.access == resourceset::TypeSelection::Access::kGet) return Gets();
    ListMode mode = request_.busy ? ListMode::kExact : request_.mode;
    // An object may fit selectors of several lists.
    KeySet taken;
    if (!selection_.server_field_selectors.empty()) taken_ = &taken;
    if (selection_.plain_list) HF_TRY(List({}, mode));
    // With a selector the server gives no count, and an object that left the selector after R would
    // go unnoticed.
    for (const resourceset::ServerFieldSelector& selector : selection_.server_field_selectors)
      HF_TRY(List({"", selector.text, selector.selectors}, ListMode::kExact));
    return Outcome();
  }

 private:
  const kube::ResourceType& type() const { return *selection_.type; }

  Result<KindOutcome> Gets() {
    ObjectScan scan;
    for (const resourceset::ObjectKey& key : selection_.gets) {
      std::string path = key.ns.empty() ? key.name : key.ns + "/" + key.name;
      std::string context = "reading " + type().ResourceName() + " " + path;
      HF_ASSIGN_CONTEXT(std::string body, api_.Get(type(), key.ns, key.name, call_), context);
      HF_TRY_CONTEXT(scan.Read(body), context);
      HF_TRY_CONTEXT(taker_.Take(scan), context);
    }
    KindOutcome outcome;
    outcome.way = "get";
    outcome.pinned = false;
    outcome.note = "it cannot be listed, only read object by object";
    return outcome;
  }

  // Cluster-wide; where that is forbidden, in the namespaces that the selectors name.
  Status List(Scope scope, ListMode mode) {
    bool answered = false;
    Status done = ListScope(scope, mode, &answered);
    if (done || answered || done.error().code() != 403 || selection_.namespaces.empty())
      return done;
    for (const std::string& ns : selection_.namespaces) {
      scope.ns = ns;
      HF_TRY(ListScope(scope, mode, &answered));
    }
    namespaces_ = selection_.namespaces.size();
    return {};
  }

  Status ListScope(const Scope& scope, ListMode mode, bool* answered) {
    ScopeSettler settler(api_, instant_, type(), scope, taken_, taker_, call_);
    Status done = settler.Run(mode);
    *answered = settler.answered();
    if (!done) return Fail(Explain(std::move(done).error(), scope));
    settled_ += settler.settled();
    busy_ = busy_ || settler.busy();
    if (unpinned_.empty()) unpinned_ = settler.unpinned();
    if (std::find(ways_.begin(), ways_.end(), settler.way()) == ways_.end())
      ways_.push_back(settler.way());
    return {};
  }

  Error Explain(Error error, const Scope& scope) const {
    if (error.code() == 404)
      return Error(ErrorKind::kExpired,
                   "the server no longer serves it in version " + type().gv.version)
          .With("listing " + type().ResourceName());
    if (scope.field_selector.empty()) return error;
    return std::move(error).With("field selector " + scope.field_selector);
  }

  KindOutcome Outcome() const {
    KindOutcome outcome;
    outcome.busy = busy_;
    outcome.note = unpinned_;
    outcome.pinned = unpinned_.empty();
    if (!outcome.pinned) {
      outcome.way = "unpinned";
    } else {
      for (const std::string& way : ways_) outcome.way += (outcome.way.empty() ? "" : "+") + way;
      if (settled_ > 0) outcome.way += "+settled(" + std::to_string(settled_) + ")";
    }
    if (namespaces_ > 0) outcome.way += "+namespaces(" + std::to_string(namespaces_) + ")";
    return outcome;
  }

  ListApi& api_;
  Instant& instant_;
  const resourceset::TypeSelection& selection_;
  const SettleRequest& request_;
  ObjectTaker& taker_;
  const kube::Call& call_;

  KeySet* taken_ = nullptr;
  uint64_t settled_ = 0;
  bool busy_ = false;
  size_t namespaces_ = 0;
  std::string unpinned_;
  std::vector<std::string> ways_;
};

}  // namespace

Result<KindOutcome> SettleKind(ListApi& api, Instant& instant, const SettleRequest& request,
                               ObjectTaker& taker, const kube::Call& call) {
  return KindSettler(api, instant, request, taker, call).Run();
}

}  // namespace holdfast::backup
