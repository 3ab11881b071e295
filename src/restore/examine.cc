#include "restore/examine.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_budget.h"
#include "base/json_canonical.h"
#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/workers.h"
#include "restore/answer_check.h"
#include "restore/field_rules.h"
#include "restore/immutable.h"

namespace holdfast::restore {
namespace {

constexpr size_t kBudgetBytes = size_t{24} << 20;  // of texts in work at once

class Examiner {
 public:
  Examiner(const Session& session, const OpenedArchive& archive, const ClusterView& cluster,
           const Quiesce& quiesce, const Plan& plan, UpdateVerdicts& verdicts)
      : session_(session),
        index_(archive.index),
        cluster_(cluster),
        quiesce_(quiesce),
        plan_(plan),
        verdicts_(verdicts) {}

  // The updates that a dry run can say something about.
  std::vector<ObjectId> Candidates() const {
    std::vector<bool> changing(index_.types().size());
    for (const ArchivedCrd& crd : index_.crds()) {
      if (!plan_[crd.object].writes()) continue;
      for (TypeId type = 0; type < changing.size(); ++type)
        if (index_.types()[type].gv.group == crd.group && index_.types()[type].plural == crd.plural)
          changing[type] = true;
    }
    std::vector<ObjectId> ids;
    for (ObjectId id = 0; id < index_.size(); ++id) {
      Action action = plan_[id];
      if (action.kind != ActionKind::kUpdate || action.reason != ActionReason::kDiffers) continue;
      TypeId type = index_.TypeOf(id);
      if (!changing[type] && (*cluster_.types)[type].exists) ids.push_back(id);
    }
    return ids;
  }

  // Sets `changes` when an update would change something.
  Status Run(const std::vector<ObjectId>& ids, Examine how, std::atomic<bool>& changes) {
    ByteBudget budget(kBudgetBytes);
    return ParallelFor(ids.size(), session_.options.workers, session_.stop,
                       [&](size_t i, std::stop_token) -> Status {
                         if (how == Examine::kWhetherEmpty && changes) return {};
                         auto share =
                             budget.Take(size_t{8} * index_.BodyBytes(ids[i]), session_.stop);
                         if (!share) return Fail(ErrorKind::kCancelled, "stopped");
                         HF_ASSIGN(bool changed, One(ids[i]));
                         if (changed) changes = true;
                         return {};
                       });
  }

 private:
  // Whether the update would change the object, as far as is known.
  Result<bool> One(ObjectId id) {
    const TypeState& state = (*cluster_.types)[index_.TypeOf(id)];
    std::string ns(index_.Namespace(id)), name(index_.Name(id));
    auto text = session_.api.Get(state.type, ns, name);
    if (!text) return Unknown(text.error());
    std::string version = json::FindString(*text, {"metadata", "resourceVersion"}).value_or("");
    uint64_t known = (*cluster_.live)[id].resource_version;
    if (version != std::to_string(known)) return true;
    PrepareOptions options;
    options.resource_version = version;
    options.live_object = *text;
    options.drop_managed_fields = true;
    auto prepared = PrepareWrite(index_, *cluster_.types, *cluster_.live, plan_, id, options);
    if (!prepared) return Fail(std::move(prepared).error());
    std::string& body = prepared->main.body;
    const ArchivedType& type = index_.Type(id);
    if (quiesce_.IsDown(type.gv.group, type.plural, ns, name))
      body = json::SetPath(body, {"spec", "replicas"}, "0");

    kube::WriteOptions dry;
    dry.dry_run = true;
    auto answer = session_.api.Update(state.type, ns, name, body, dry);
    if (!answer) return Refused(id, state, answer.error(), *prepared, *text, known);

    AnswerRules rules{type.special, state.custom, !state.type.has_status};
    std::vector<std::string> lost = LostFields(rules, body, *answer);
    bool same = MainForm(type.special, *answer) == MainForm(type.special, *text) &&
                (state.type.has_status || StatusOf(*answer) == StatusOf(*text)) &&
                !LookAgain(type.special, prepared->archived, *text).must_write;
    if (same && lost.empty()) {
      verdicts_.Add(id, {UpdateVerdict::Kind::kSame, "", known});
    } else if (!lost.empty()) {
      std::string why = "the API server would not keep all of it: " + JoinedFields(lost);
      verdicts_.Add(id, {same ? UpdateVerdict::Kind::kCannot : UpdateVerdict::Kind::kLossy,
                         std::move(why), known});
    }
    return !same;
  }

  static std::string StatusOf(std::string_view object) {
    auto status = json::Find(object, {"status"});
    return status ? json::Canonical(*status) : std::string();
  }

  // What stops this stops the restore; all else is left for the write to find out.
  static Result<bool> Unknown(const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) return Fail(error);
    if (error.kind() == ErrorKind::kUnavailable && error.code() == 0) return Fail(error);
    return true;
  }

  Result<bool> Refused(ObjectId id, const TypeState& state, const Error& error,
                       const PreparedWrite& prepared, const std::string& live, uint64_t version) {
    const ArchivedType& type = index_.Type(id);
    std::string text;
    if (error.code() == 400 && error.message().find("dry run") != std::string::npos) {
      std::string field = KnownImmutableField(state.type, type.special, prepared.archived, live);
      if (field.empty()) return true;
      text = "cannot update: " + field + " is immutable";
    } else {
      std::string body = json::RemovePath(prepared.main.body, {"metadata", "resourceVersion"});
      if (!RefusedAsImmutable(session_.api, state.type, index_.Namespace(id), body, error))
        return Unknown(error);
      text = ImmutableText(type.special, error, prepared.archived, live);
    }
    std::string why = WhyNotRecreated(state.type, live, session_.options.recreate_immutable);
    if (why.empty())
      verdicts_.Add(id, {UpdateVerdict::Kind::kRecreate, text + ": it is deleted and created again",
                         version});
    else
      verdicts_.Add(id, {UpdateVerdict::Kind::kCannot, text + " (" + why + ")", version});
    return why.empty();
  }

  const Session& session_;
  const Index& index_;
  const ClusterView& cluster_;
  const Quiesce& quiesce_;
  const Plan& plan_;
  UpdateVerdicts& verdicts_;
};

}  // namespace

Result<Plan> PlanExamined(const Session& session, const OpenedArchive& archive,
                          ClusterView& cluster, const Quiesce& quiesce, const PlanInput& input,
                          Examine how) {
  HF_ASSIGN(Plan plan, PlanCluster(session, archive, cluster, input));
  const PlanCounts& counts = plan.counts();
  if (counts.update == 0) return plan;
  if (how == Examine::kWhetherEmpty && counts.create + counts.status + counts.del != 0) return plan;
  auto verdicts = std::make_shared<UpdateVerdicts>();
  Examiner examiner(session, archive, cluster, quiesce, plan, *verdicts);
  std::vector<ObjectId> ids = examiner.Candidates();
  if (how == Examine::kWhetherEmpty && ids.size() != counts.update) return plan;
  session.progress.Phase("asking the server what the updates would change");
  std::atomic<bool> changes = false;
  HF_TRY(examiner.Run(ids, how, changes));
  cluster.verdicts = std::move(verdicts);
  return PlanCluster(session, archive, cluster, input);
}

}  // namespace holdfast::restore
