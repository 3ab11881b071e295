#include "restore/cluster_view.h"

#include <utility>

#include "base/json_scan.h"
#include "restore/crds.h"
#include "restore/live_object.h"
#include "restore/write_object.h"

namespace holdfast::restore {
namespace {

bool Pruning(const Session& session, const OpenedArchive& archive) {
  return session.options.prune && archive.set.has_value() && archive.prune_problem.empty();
}

// What of the cluster prune looks at. An aggregated API that is down is no reason not to restore
// the rest, but nothing is pruned then.
Status Select(const Session& session, const OpenedArchive& archive, bool first, ClusterView& view) {
  view.prune_problem = archive.prune_problem;
  if (!Pruning(session, archive)) return {};
  const Logger quiet = Logger::Quiet();  // for what was logged before
  auto selection =
      resourceset::Selection::Build(*archive.set, *view.discovery, first ? session.log : quiet);
  if (!selection && selection.error().kind() == ErrorKind::kUnavailable) {
    view.prune_problem = "nothing is pruned: " + selection.error().ToString();
    return {};
  }
  HF_ASSIGN_CONTEXT(resourceset::Selection built, std::move(selection),
                    "reading the ResourceSet of archive " + archive.name);
  view.selection = std::make_unique<const resourceset::Selection>(std::move(built));
  return {};
}

void ResolveTypes(const Session& session, const OpenedArchive& archive, ClusterView& view) {
  CrdFacts facts{view.crds, view.failed_crds, [&api = session.api](const std::string& name) {
                   return api.Get(CrdType(), "", name);
                 }};
  view.types = std::make_unique<const Types>(Types::Resolve(archive.index, *view.discovery, facts));
}

// A controller that runs ends at the count that it has now, whatever the archive says; so does one
// that a crashed run has left at zero. Its replicas are no difference.
Status IgnoreStoredReplicas(const Session& session, const OpenedArchive& archive,
                            const Quiesce& quiesce, ClusterView& view) {
  if (!archive.set) return {};
  for (const resourceset::ControllerReference& reference : archive.set->controllers) {
    ObjectId id = archive.FindController(reference.api_version, reference.resource, reference.ns,
                                         reference.name);
    if (id == kNoId || !(*view.live)[id].exists()) continue;
    const kube::ResourceType& type = (*view.types)[archive.index.TypeOf(id)].type;
    auto object = session.api.Get(type, reference.ns, reference.name);
    if (!object) {
      if (object.error().kind() == ErrorKind::kNotFound) continue;
      return Fail(std::move(object).error());
    }
    std::string replicas(json::Find(*object, {"spec", "replicas"}).value_or("0"));
    bool stored = quiesce.IsStored(type.gv.group, reference.resource, reference.ns, reference.name);
    if (!stored && replicas == "0") continue;
    HF_ASSIGN(std::string archived, archive.index.Body(id));
    HF_TRY(view.live->Compare(id, WithReplicasOf(archived, *object)));
  }
  return {};
}

// "<namespace>/<name>"; empty when we are no ServiceAccount, or the server cannot tell.
Result<std::string> OwnServiceAccount(const Session& session) {
  kube::RawRequest request;
  request.method = "POST";
  request.path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  request.body = R"({"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"})";
  auto answer = session.client.Raw(request, session.Call());
  if (!answer) {
    if (answer.error().kind() == ErrorKind::kCancelled) return Fail(std::move(answer).error());
    return std::string();
  }
  std::string name = json::FindString(*answer, {"status", "userInfo", "username"}).value_or("");
  constexpr std::string_view kPrefix = "system:serviceaccount:";
  if (!name.starts_with(kPrefix)) return std::string();
  name.erase(0, kPrefix.size());
  size_t colon = name.find(':');
  if (colon == std::string::npos) return std::string();
  name[colon] = '/';
  return name;
}

bool DeletesAccounts(const Plan& plan, const Live& live) {
  for (const PruneDelete& doomed : plan.deletes()) {
    const ExtraObject& extra = live.extras()[doomed.extra];
    if (extra.account_token) return true;
    if (extra.type->gv.group.empty() && extra.type->plural == "serviceaccounts") return true;
  }
  return false;
}

bool DeletesNamespaces(const Plan& plan, const Live& live) {
  for (const PruneDelete& doomed : plan.deletes()) {
    const ExtraObject& extra = live.extras()[doomed.extra];
    if (extra.type->gv.group.empty() && extra.type->plural == "namespaces") return true;
  }
  return false;
}

// Whatever the ResourceSet selects: a Namespace that is deleted takes its claims with it.
Result<std::set<std::string>> NamespacesWithClaims(const Session& session,
                                                   const ClusterView& cluster) {
  std::set<std::string> out;
  const kube::ResourceType* claims =
      cluster.discovery->ByPlural({"", "v1"}, "persistentvolumeclaims");
  if (claims == nullptr) return out;
  ClientLister lister = MakeLister(session, *cluster.discovery);
  HF_TRY_CONTEXT(lister.List(*claims, "", /*metadata_only=*/true,
                             [&](std::string_view object) -> Status {
                               out.insert(ReadLiveMetadata(object).ns);
                               return {};
                             }),
                 "listing PersistentVolumeClaims, which prune must not delete");
  return out;
}

}  // namespace

ClientLister MakeLister(const Session& session, const kube::Discovery& discovery) {
  // Whole lists are streamed from 1.34 on; before, pages keep the API server's memory low.
  int64_t page = discovery.server_version().AtLeast(1, 34) ? 0 : 500;
  return ClientLister(session.client, page, session.Call());
}

LiveOptions HowToRead(const Session& session, const ClusterView& cluster) {
  LiveOptions how;
  how.threads = session.options.list_threads;
  how.selection = cluster.selection.get();
  how.going = &cluster.going;
  how.explain = session.options.plan_only;
  how.stop = session.stop;
  how.progress = [&progress = session.progress](uint64_t done, uint64_t lists, uint64_t) {
    progress.Done(done, lists);
  };
  return how;
}

Result<ClusterView> ReadCluster(const Session& session, const OpenedArchive& archive,
                                const Quiesce& quiesce) {
  ClusterView view;
  HF_ASSIGN(kube::Discovery found, kube::Discovery::Fetch(session.client, session.Call()));
  view.discovery = std::make_shared<const kube::Discovery>(std::move(found));
  ClientLister lister = MakeLister(session, *view.discovery);
  HF_ASSIGN(CrdNames crds, ListCrdNames(lister));
  HF_ASSIGN(view.going, FindGoing(archive.index, lister, crds.going));
  view.crds = std::move(crds.all);
  ResolveTypes(session, archive, view);
  HF_TRY(Select(session, archive, /*first=*/true, view));
  HF_ASSIGN(Live live, Live::Read(archive.index, *view.types, lister, HowToRead(session, view)));
  view.live = std::make_unique<Live>(std::move(live));
  HF_TRY(IgnoreStoredReplicas(session, archive, quiesce, view));
  return view;
}

Result<ClusterView> RereadCluster(const Session& session, const OpenedArchive& archive,
                                  const Quiesce& quiesce, ClusterView before,
                                  std::shared_ptr<const kube::Discovery> discovery,
                                  std::set<std::string> crds, const std::vector<TypeId>& changed) {
  ClusterView view;
  view.discovery = std::move(discovery);
  view.crds = std::move(crds);
  view.going = std::move(before.going);
  view.failed_crds = std::move(before.failed_crds);
  ResolveTypes(session, archive, view);
  HF_TRY(Select(session, archive, /*first=*/false, view));
  view.live = std::move(before.live);
  ClientLister lister = MakeLister(session, *view.discovery);
  HF_TRY(view.live->Reread(*view.types, changed, lister, HowToRead(session, view)));
  HF_TRY(IgnoreStoredReplicas(session, archive, quiesce, view));
  return view;
}

Result<Plan> PlanCluster(const Session& session, const OpenedArchive& archive,
                         const ClusterView& cluster, const PlanInput& input) {
  PlanOptions how;
  how.prune = session.options.prune && cluster.selection != nullptr;
  how.allow_missing_types = session.options.allow_missing_types;
  how.max_deletes = session.options.max_deletes;
  how.operator_namespace = session.options.lease_namespace;
  how.keep = session.options.keep;
  how.others_write = input.others_write;
  how.going_is_final = input.going_is_final;
  how.absent_namespaces = cluster.going.absent_namespaces;
  how.prune_volumes = session.options.prune_volumes;
  how.verdicts = cluster.verdicts;
  Plan plan = Plan::Build(archive.index, *cluster.types, *cluster.live, how);
  bool accounts = DeletesAccounts(plan, *cluster.live);
  bool namespaces = !how.prune_volumes && DeletesNamespaces(plan, *cluster.live);
  if (accounts) {
    HF_ASSIGN(how.service_account, OwnServiceAccount(session));
  }
  if (namespaces) {
    HF_ASSIGN(how.namespaces_with_claims, NamespacesWithClaims(session, cluster));
  }
  if (how.service_account.empty() && how.namespaces_with_claims.empty()) return plan;
  return Plan::Build(archive.index, *cluster.types, *cluster.live, how);
}

}  // namespace holdfast::restore
