#include "restore/apply_stage.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "restore/apply_stage_impl.h"
#include "restore/crds.h"
#include "restore/new_namespaces.h"
#include "restore/run_lock.h"

namespace holdfast::restore {
namespace {

// The API server's handler of custom resources takes up a CRD a moment after it was stored.
constexpr std::chrono::seconds kSettling{10};

Result<Applied> PlanAnew(const ApplyInput& input, Applied state) {
  HF_ASSIGN(state.plan,
            PlanCluster(input.session, input.archive, state.cluster,
                        {.others_write = true, .going_is_final = input.going_is_final}));
  // Later plans have no more of what has been written by then.
  state.reconnecting.insert(state.plan.reconnecting().begin(), state.plan.reconnecting().end());
  return state;
}

// Objects of types that have come or changed are read again, and everything is planned anew:
// nothing but the CRDs has been written so far.
Result<Applied> AdoptNewTypes(const ApplyInput& input, Applied state, kube::Discovery found) {
  input.session.progress.Phase("comparing what the CRDs have changed");
  const Index& index = input.archive.index;
  std::vector<TypeId> changed;
  std::set<std::string> crds = state.cluster.crds;
  state.fresh_types.assign(index.types().size(), false);
  for (const ArchivedCrd& crd : index.crds()) {
    if (!input.outcomes.WasWritten(crd.object)) continue;
    crds.emplace(index.Name(crd.object));
    for (TypeId type = 0; type < index.types().size(); ++type) {
      const ArchivedType& archived = index.types()[type];
      if (archived.gv.group != crd.group || archived.plural != crd.plural) continue;
      state.fresh_types[type] = true;
      changed.push_back(type);
    }
  }
  state.settling = Deadline::After(input.session.clock, kSettling);
  HF_ASSIGN(state.cluster,
            RereadCluster(input.session, input.archive, input.quiesce, std::move(state.cluster),
                          std::make_shared<const kube::Discovery>(std::move(found)),
                          std::move(crds), changed));
  return PlanAnew(input, std::move(state));
}

Result<Applied> WriteCrds(const ApplyInput& input, Applied state) {
  const auto& waves = state.plan.Waves(Phase::kCrds);
  if (std::all_of(waves.begin(), waves.end(), [](const auto& wave) { return wave.empty(); }))
    return state;
  const Session& session = input.session;
  session.progress.Phase("restoring CRDs");
  HF_TRY(MakeApplier(input, state)->Run(Phase::kCrds));
  std::vector<std::string> names;
  std::vector<const ArchivedCrd*> served;
  std::map<std::string, std::string>& failed = state.cluster.failed_crds;
  for (const ArchivedCrd& crd : input.archive.index.crds()) {
    std::string name(input.archive.index.Name(crd.object));
    if (input.outcomes.Get(crd.object) == Outcomes::What::kFailed)
      failed[name] = "its own failure is reported";
    if (!input.outcomes.WasWritten(crd.object)) continue;
    names.push_back(std::move(name));
    served.push_back(&crd);
  }
  if (names.empty() && failed.empty()) return state;
  session.progress.Phase("waiting for CRDs to be established");
  HF_ASSIGN(auto refused, WaitEstablished(session.api, names, session.options.established_timeout,
                                          session.report, session.clock, session.stop));
  failed.merge(refused);
  std::erase_if(served, [&](const ArchivedCrd* crd) {
    return failed.contains(std::string(input.archive.index.Name(crd->object)));
  });
  auto fetch = [&session] { return kube::Discovery::Fetch(session.client, session.Call()); };
  HF_ASSIGN(kube::Discovery found, WaitServed(fetch, served, session.options.established_timeout,
                                              session.report, session.clock, session.stop));
  return AdoptNewTypes(input, std::move(state), std::move(found));
}

// Types that could not be read, once more: what was missing for it (the Service of a webhook, the
// server behind an API) may have come with the restore.
Result<Applied> WriteHeldBack(const ApplyInput& input, Applied state) {
  if (!state.cluster.live->AnyUnread()) return state;
  input.session.progress.Phase("restoring what could not be read before");
  std::vector<bool> only(input.archive.index.types().size());
  for (TypeId type = 0; type < only.size(); ++type)
    only[type] = !state.cluster.live->WhyUnread(type).empty();
  std::shared_ptr<const kube::Discovery> discovery = state.cluster.discovery;
  std::set<std::string> crds = state.cluster.crds;
  HF_ASSIGN(state.cluster,
            RereadCluster(input.session, input.archive, input.quiesce, std::move(state.cluster),
                          std::move(discovery), std::move(crds), {}));
  for (TypeId type = 0; type < only.size(); ++type)
    only[type] = only[type] && state.cluster.live->WhyUnread(type).empty();
  HF_ASSIGN(state, PlanAnew(input, std::move(state)));
  if (std::find(only.begin(), only.end(), true) == only.end()) return state;
  auto applier = MakeApplier(input, state, std::move(only));
  for (Phase phase : {Phase::kClusterScoped, Phase::kNamespaced, Phase::kLast})
    HF_TRY(applier->Run(phase));
  HF_TRY(applier->Finish());
  return state;
}

}  // namespace

std::unique_ptr<Applier> MakeApplier(const ApplyInput& input, const Applied& state,
                                     std::vector<bool> only_types) {
  const Session& session = input.session;
  ApplySettings settings;
  settings.only_types = std::move(only_types);
  settings.workers = session.options.workers;
  settings.terminating_timeout = session.options.terminating_timeout;
  settings.own_objects = {
      "configmaps/" + session.options.lease_namespace + "/" + std::string(kStateName),
      "leases.coordination.k8s.io/" + session.options.lease_namespace + "/" +
          std::string(kLeaseName)};
  const PlanCounts& counts = state.plan.counts();
  settings.progress = [&progress = session.progress,
                       total = counts.create + counts.update + counts.status](uint64_t done) {
    progress.Done(done, total);
  };
  WriteContext context{input.archive.index, *state.cluster.types, *state.cluster.live,
                       state.plan,          session.api,          input.quiesce,
                       session.clock,       session.stop};
  context.fresh_types = state.fresh_types;
  context.settling = state.settling;
  context.recreate_immutable = session.options.recreate_immutable;
  return std::make_unique<Applier>(std::move(context), std::move(settings), input.outcomes,
                                   session.report);
}

Result<Applied> Apply(const ApplyInput& input, Applied state) {
  HF_ASSIGN(state, WriteCrds(input, std::move(state)));
  auto applier = MakeApplier(input, state);
  Progress& progress = input.session.progress;
  progress.Phase("restoring cluster-scoped objects");
  HF_TRY(applier->Run(Phase::kClusterScoped));
  progress.Phase("restoring namespaced objects");
  HF_TRY(CreateNamespaces(input.session, input.archive.name, state.plan.new_namespaces()));
  HF_TRY(applier->Run(Phase::kNamespaced));
  progress.Phase("restoring webhook configurations and API services");
  HF_TRY(applier->Run(Phase::kLast));
  HF_TRY(applier->Finish());
  return WriteHeldBack(input, std::move(state));
}

}  // namespace holdfast::restore
