// The steps of one restore, in their order, and what they hand on to each other.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "crypto/transformer.h"
#include "kube/client.h"
#include "kube/discovery.h"
#include "resourceset/resource_set.h"
#include "resourceset/selection.h"
#include "restore/api.h"
#include "restore/apply.h"
#include "restore/engine.h"
#include "restore/index.h"
#include "restore/live.h"
#include "restore/plan.h"
#include "restore/quiesce.h"
#include "restore/report.h"
#include "restore/types.h"
#include "storage/store.h"

namespace holdfast::restore {

// Used once, by one thread. What is given outlives it.
class RestoreRun {
 public:
  RestoreRun(kube::Client& client, const Options& options, Progress& progress, const Logger& log,
             Clock& clock, std::stop_token stop);

  // Reads, verifies and indexes the archive. Touches no cluster.
  Status ReadArchive(storage::Store& store, const std::string& archive,
                     const crypto::Transformers& keys);
  // Reads the cluster and plans. Sends nothing but reads (and, where prune would delete accounts or
  // their tokens, a SelfSubjectReview: who are we?).
  Status Compare();
  // Whether Change() would write anything.
  bool NothingToDo() const { return plan_->empty() && !quiesce_->anything(); }
  // Puts the plan into the report.
  void ReportPlan();
  // Takes the Lease, does what is planned, frees it. Controllers are scaled up again whatever
  // happens.
  Status Change();
  // To be called last.
  Report TakeReport();

 private:
  // restore_run.cc
  Status LookAtCluster();
  Status SelectExtras();
  Status IgnoreHeldReplicas();
  Status MakePlan();
  void NoteWhatIsNotWritten();
  Result<std::string> OwnServiceAccount();
  bool Pruning() const { return prune_problem_.empty() && options_.prune && set_.has_value(); }
  kube::Call CallNow() const { return {Deadline::Never(), stop_}; }
  LiveOptions HowToRead();
  const kube::Discovery& discovery() const { return discoveries_.back(); }

  // restore_change.cc
  Status Work();
  Status WriteCrds();
  Status AdoptNewTypes();
  Status Prune();
  Status ScaleUp(Status work);
  Status WriteHeldBack();
  std::unique_ptr<Applier> MakeApplier(std::vector<bool> only_types = {});
  Result<std::vector<ScaledController>> ControllersToCome() const;
  // kNoId when the archive does not have it.
  ObjectId ArchivedController(const std::string& api_version, const std::string& resource,
                              const std::string& ns, const std::string& name) const;

  kube::Client& client_;
  const Options options_;
  Progress& progress_;
  const Logger& log_;
  const Logger quiet_ = Logger::Quiet();  // for what was said before
  Clock& clock_;
  const std::stop_token outer_stop_;
  std::stop_source inner_stop_;  // also stopped when the Lease is lost
  std::stop_token stop_;
  std::string archive_;

  ReportBuilder report_;
  ClientApi api_;
  std::optional<Index> index_;
  std::optional<resourceset::ResourceSet> set_;
  std::string prune_problem_;                // why nothing may be pruned; empty: it may
  std::deque<kube::Discovery> discoveries_;  // types point into all of them
  std::set<std::string> crd_names_;
  std::optional<Types> types_;
  std::optional<resourceset::Selection> selection_;
  std::unique_ptr<ClientLister> lister_;
  std::optional<Live> live_;
  std::optional<Plan> plan_;
  std::set<ObjectId> reconnecting_;  // of all plans so far
  std::optional<Quiesce> quiesce_;
  std::optional<Outcomes> outcomes_;
  std::optional<std::string> own_account_;  // once it was asked for; empty: none
  bool others_write_ = false;               // something was written before the plan was made
  std::vector<bool> fresh_types_;           // whose CRD was written, by TypeId
  Deadline settling_ = Deadline::Never();
};

}  // namespace holdfast::restore
