#include "restore/restore_run.h"

#include <cstdlib>
#include <utility>

#include "archive/name.h"
#include "base/json_scan.h"

namespace holdfast::restore {
namespace {

std::filesystem::path TempDir(const Options& options) {
  if (!options.temp_dir.empty()) return options.temp_dir;
  const char* dir = std::getenv("TMPDIR");
  return dir != nullptr && *dir != '\0' ? dir : "/tmp";
}

constexpr size_t kMostReconnecting = 20;

}  // namespace

RestoreRun::RestoreRun(kube::Client& client, const Options& options, Progress& progress,
                       const Logger& log, Clock& clock, std::stop_token stop)
    : client_(client),
      options_(options),
      progress_(progress),
      log_(log),
      clock_(clock),
      outer_stop_(stop),
      stop_(inner_stop_.get_token()),
      api_(client, kube::Call{Deadline::Never(), stop_}) {}

Status RestoreRun::ReadArchive(storage::Store& store, const std::string& archive,
                               const crypto::Transformers& keys) {
  progress_.Phase("reading the archive");
  archive_ = archive;
  report_.With([&](Report& report) {
    report.archive = archive;
    report.run_name = options_.run_name;
    report.plan_only = options_.plan_only;
  });
  Waits waits;
  waits.clock = &clock_;
  waits.stop = outer_stop_;
  std::string context = "reading archive " + archive + " of " + store.Describe();
  HF_ASSIGN_CONTEXT(std::unique_ptr<stream::Source> source, store.Open(archive, 0, waits), context);
  IndexOptions how;
  how.temp_dir = TempDir(options_);
  how.scan.stop = outer_stop_;
  if (auto name = archive::ParseName(archive)) how.taken = name->time;
  HF_ASSIGN_CONTEXT(Index index, Index::Load(*source, keys, how), context);
  index_ = std::move(index);
  outcomes_.emplace(index_->size());
  if (index_->duplicates() != 0) {
    report_.Note(std::to_string(index_->duplicates()) +
                 " entries of the archive come twice; the last one of each counts");
  }
  if (index_->filters()) {
    HF_ASSIGN_CONTEXT(set_,
                      resourceset::ParseResourceSet(
                          *index_->filters(), archive + ": " + std::string(archive::kFiltersPath),
                          resourceset::ParseMode::kArchive),
                      context);
  }
  if (!options_.prune) return {};
  if (!set_) {
    report_.Note("nothing is pruned: the archive does not say what it selected");
  } else if (!set_->ignored_fields.empty()) {
    prune_problem_ = "the archive's ResourceSet has fields that this version does not know, " +
                     set_->ignored_fields.front() +
                     " among them; without them more might be deleted "
                     "than meant";
  }
  return {};
}

Status RestoreRun::Compare() {
  std::stop_callback forward(outer_stop_, [this] { inner_stop_.request_stop(); });
  progress_.Phase("comparing with the cluster");
  HF_TRY(LookAtCluster());
  HF_TRY(SelectExtras());
  HF_ASSIGN(Live live, Live::Read(*index_, *types_, *lister_, HowToRead()));
  live_ = std::move(live);
  Quiesce::Settings settings;
  settings.ns = options_.lease_namespace;
  settings.run = options_.run_name;
  settings.archive = archive_;
  settings.pods_timeout = options_.pods_timeout;
  quiesce_.emplace(std::move(settings), report_, log_, clock_);
  HF_TRY(quiesce_->Adopt(api_));
  HF_TRY(IgnoreHeldReplicas());
  return MakePlan();
}

Status RestoreRun::LookAtCluster() {
  HF_ASSIGN(kube::Discovery found, kube::Discovery::Fetch(client_, CallNow()));
  discoveries_.push_back(std::move(found));
  // Whole lists are streamed from 1.34 on; before, pages keep the API server's memory low.
  int64_t page = discovery().server_version().AtLeast(1, 34) ? 0 : 500;
  lister_ = std::make_unique<ClientLister>(client_, page, CallNow());
  HF_ASSIGN(crd_names_, ListCrdNames(*lister_));
  types_ = Types::Resolve(*index_, discovery(), crd_names_);
  return {};
}

Status RestoreRun::SelectExtras() {
  if (!Pruning()) return {};
  auto selection =
      resourceset::Selection::Build(*set_, discovery(), discoveries_.size() == 1 ? log_ : quiet_);
  if (!selection && selection.error().kind() == ErrorKind::kUnavailable) {
    // An aggregated API that is down: not known what it has, but all else can be restored.
    selection_.reset();
    prune_problem_ = "nothing is pruned: " + selection.error().ToString();
    return {};
  }
  HF_ASSIGN_CONTEXT(selection_, std::move(selection),
                    "reading the ResourceSet of archive " + archive_);
  return {};
}

LiveOptions RestoreRun::HowToRead() {
  LiveOptions how;
  how.threads = options_.list_threads;
  how.selection = selection_ ? &*selection_ : nullptr;
  how.explain = options_.plan_only;
  how.stop = stop_;
  how.progress = [this](uint64_t done, uint64_t lists, uint64_t) { progress_.Done(done, lists); };
  return how;
}

// A controller that runs ends at the count that it has now, whatever the archive says (D43); so
// does one that a crashed run has left at zero. Its replicas are no difference.
Status RestoreRun::IgnoreHeldReplicas() {
  if (!set_) return {};
  for (const resourceset::ControllerReference& reference : set_->controllers) {
    auto gv = kube::GroupVersion::Parse(reference.api_version);
    if (!gv) continue;
    ObjectId id =
        index_->FindAnyVersion(gv->group, reference.resource, reference.ns, reference.name);
    if (id == kNoId || !(*live_)[id].exists()) continue;
    const kube::ResourceType& type = (*types_)[index_->TypeOf(id)].type;
    auto object = api_.Get(type, reference.ns, reference.name);
    if (!object) {
      if (object.error().kind() == ErrorKind::kNotFound) continue;
      return Fail(std::move(object).error());
    }
    std::string replicas(json::Find(*object, {"spec", "replicas"}).value_or("0"));
    bool held = quiesce_->IsDown(gv->group, reference.resource, reference.ns, reference.name);
    if (!held && replicas == "0") continue;
    HF_ASSIGN(std::string archived, index_->Body(id));
    HF_TRY(live_->Compare(id, WithReplicasOf(archived, *object)));
  }
  return {};
}

Status RestoreRun::MakePlan() {
  PlanOptions how;
  how.prune = Pruning();
  how.allow_missing_types = options_.allow_missing_types;
  how.operator_namespace = options_.lease_namespace;
  how.keep = options_.keep;
  how.others_write = others_write_;
  plan_ = Plan::Build(*index_, *types_, *live_, how);
  // Later plans have no more of what has been written by then.
  reconnecting_.insert(plan_->reconnecting().begin(), plan_->reconnecting().end());
  bool accounts = false;
  for (const PruneDelete& doomed : plan_->deletes()) {
    const ExtraObject& extra = live_->extras()[doomed.extra];
    bool core = extra.type->gv.group.empty();
    accounts |= extra.account_token || (core && extra.type->plural == "serviceaccounts");
  }
  if (!accounts) return {};
  if (!own_account_) {
    HF_ASSIGN(own_account_, OwnServiceAccount());
  }
  how.service_account = *own_account_;
  if (!how.service_account.empty()) plan_ = Plan::Build(*index_, *types_, *live_, how);
  return {};
}

// "<namespace>/<name>"; empty when we are no ServiceAccount, or the server cannot tell.
Result<std::string> RestoreRun::OwnServiceAccount() {
  kube::RawRequest request;
  request.method = "POST";
  request.path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
  request.body = R"({"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"})";
  auto answer = client_.Raw(request, CallNow());
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

void RestoreRun::NoteWhatIsNotWritten() {
  for (ObjectId id = 0; id < index_->size(); ++id) {
    Action action = (*plan_)[id];
    if (outcomes_->WasWritten(id)) continue;
    if (action.kind == ActionKind::kSkip) {
      outcomes_->Set(id, Outcomes::What::kSkipped, false);
      report_.With(
          [&](Report& report) { report.skipped.Add(index_->Describe(id), plan_->ReasonText(id)); });
    } else if (action.kind == ActionKind::kCannot) {
      outcomes_->Set(id, Outcomes::What::kFailed, false);
      report_.Failed(index_->Describe(id), plan_->ReasonText(id));
    }
  }
  for (const PruneKeep& kept : plan_->kept()) {
    report_.With([&](Report& report) {
      NoteList& list = kept.going ? report.leftovers : report.kept;
      list.Add(live_->extras()[kept.extra].Describe(), kept.reason);
    });
  }
  if (!prune_problem_.empty()) report_.Failed("prune", prune_problem_);
  for (const std::string& gap : live_->prune_gaps()) report_.Failed("prune", gap);
  for (const std::string& refusal : plan_->prune_refusals()) report_.Failed("prune", refusal);
}

void RestoreRun::ReportPlan() {
  NoteWhatIsNotWritten();
  const PlanCounts& counts = plan_->counts();
  report_.With([&](Report& report) {
    report.counts.objects = counts.objects;
    report.counts.created = counts.create;
    report.counts.updated = counts.update;
    report.counts.status_updated = counts.status;
    report.counts.unchanged = counts.nothing;
    report.counts.skipped = counts.skip;
    report.counts.deleted = counts.del;
    report.nothing_to_do = NothingToDo();
    if (!options_.plan_only) return;
    plan_->ForEachLine([&](PlanLine line) { report.plan.push_back(std::move(line)); });
    plan_->ForEachNote([&](ObjectId id, const std::string& text) {
      report.dropped_owners.Add(index_->Describe(id), text);
    });
    for (const ScaledController& controller : quiesce_->controllers()) {
      report.notes.push_back("controller " + controller.ToString() + " would be scaled up to " +
                             std::to_string(controller.replicas) + ": an earlier restore (" +
                             quiesce_->adopted_run() + ") has not ended");
    }
  });
}

Report RestoreRun::TakeReport() {
  Report report = report_.Take();
  if (report.plan_only || report.nothing_to_do) return report;
  report.counts.objects = index_->size();
  outcomes_->AddTo(report.counts);
  size_t named = 0, clusters = 0;
  std::string names;
  for (ObjectId id : reconnecting_) {
    if (!outcomes_->WasWritten(id)) continue;
    ++clusters;
    if (++named <= kMostReconnecting) names += (names.empty() ? "" : ", ") + index_->Describe(id);
  }
  if (clusters != 0) {
    if (clusters > kMostReconnecting) names += ", …";
    report.notes.push_back("the agents of " + std::to_string(clusters) +
                           " downstream clusters connect anew: " + names);
  }
  return report;
}

}  // namespace holdfast::restore
