// The bodies that are sent, with owners as they are known at that moment.
#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "restore/plan.h"
#include "restore/transform.h"

namespace holdfast::restore {
namespace {

struct ResolvedOwners {
  std::vector<OwnerWrite> references;
  std::string token_account_uid;
  bool token_account_made_anew = false;
  std::vector<std::string> dropped;
};

// `deferred`: references to what is not there yet are patched in later and so not reported.
ResolvedOwners ResolveOwners(const Index& index, const Plan& plan, ObjectId id, bool deferred) {
  ResolvedOwners out;
  std::span<const ArchivedOwner> owners = index.Owners(id);
  if (owners.empty()) return out;
  std::vector<OwnerDecision> decisions = Decider(plan).DecideOwners(id);
  for (size_t i = 0; i < owners.size(); ++i) {
    OwnerDecision& decision = decisions[i];
    bool known = decision.kind == OwnerDecision::Kind::kUid;
    if (decision.kind == OwnerDecision::Kind::kDrop) out.dropped.push_back(decision.reason);
    if (decision.kind == OwnerDecision::Kind::kAfter && !deferred)
      out.dropped.push_back("its owner " + index.Describe(decision.after) +
                            " could not be restored");
    if (owners[i].token) {
      if (known) out.token_account_uid = std::move(decision.uid);
      out.token_account_made_anew = decision.kind == OwnerDecision::Kind::kAfter;
    } else {
      out.references.push_back({known, std::move(decision.uid)});
    }
  }
  return out;
}

}  // namespace

bool WantsLiveText(const Index& index, ObjectId id) {
  Special special = index.Type(id).special;
  if (special == Special::kCrd || special == Special::kJob) return true;
  std::span<const ArchivedOwner> owners = index.Owners(id);
  return UpdateNeedsLive(special, index.Name(id), !owners.empty() && owners.back().token);
}

Result<PreparedWrite> PrepareWrite(const Index& index, const Types& types, const Live&,
                                   const Plan& plan, ObjectId id, const PrepareOptions& options) {
  PreparedWrite out;
  HF_ASSIGN(out.archived, index.Body(id));
  const TypeState& state = types[index.TypeOf(id)];
  if (!json::Find(out.archived, {"kind"}))
    out.archived = json::SetKey(out.archived, "kind", json::Quote(state.type.kind));
  if (!options.drop_managed_fields) out.managers = ManagersOf(out.archived);
  ResolvedOwners owners = ResolveOwners(index, plan, id, plan[id].deferred_owners);
  out.dropped_owners = std::move(owners.dropped);
  TransformInput input;
  input.special = index.Type(id).special;
  input.owners = owners.references;
  input.token_account_uid = owners.token_account_uid;
  input.resource_version = options.resource_version;
  if (WantsLiveText(index, id)) input.live = options.live_object;
  input.token_account_made_anew = owners.token_account_made_anew;
  input.references = options.references;
  input.left = options.left;
  input.drop_status = state.type.has_status;
  input.drop_managed_fields = options.drop_managed_fields;
  input.replace_crd_schemas = options.replace_crd_schemas;
  std::string object = ToServedVersion(state.change, out.archived, state.type.gv);
  HF_ASSIGN_CONTEXT(out.main, Transform(object, input), index.Describe(id));
  return out;
}

Result<std::string> DeferredOwnersPatch(const Index& index, const Live&, const Plan& plan,
                                        ObjectId id) {
  HF_ASSIGN(std::string archived, index.Body(id));
  ResolvedOwners owners = ResolveOwners(index, plan, id, /*deferred=*/true);
  std::string references;
  size_t i = 0;
  if (auto found = json::Find(archived, {"metadata", "ownerReferences"})) {
    for (json::ArrayReader reader(*found); auto reference = reader.Next(); ++i) {
      if (i >= owners.references.size() || !owners.references[i].keep) continue;
      references += references.empty() ? '[' : ',';
      references += json::SetKey(*reference, "uid", json::Quote(owners.references[i].uid));
    }
  }
  references = references.empty() ? "null" : references + "]";
  std::string metadata = "{\"ownerReferences\":" + references + "}";
  if (!owners.token_account_uid.empty())
    metadata = json::SetPath(metadata, {"annotations", "kubernetes.io/service-account.uid"},
                             json::Quote(owners.token_account_uid));
  return "{\"metadata\":" + metadata + "}";
}

}  // namespace holdfast::restore
