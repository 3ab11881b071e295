// Restores: the command line's engine, driven by custom resources, one at a time.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "operator/reconciler.h"
#include "operator/store_locator.h"
#include "restore/report.h"

namespace holdfast::op {

class RestoreReconciler : public Reconciler {
 public:
  explicit RestoreReconciler(Context& context) : context_(context) {}

  PassResult Reconcile(const std::string& name, std::stop_token stop) override;

 private:
  struct Restored {
    restore::Report report;
    std::string store_kind;
    std::string plan_config_map;  // of a dry run
  };

  PassResult Run(const RestoreObject& restore, std::stop_token stop);
  // `run`: the run's word in the log.
  Result<Restored> Work(const RestoreObject& restore, const std::string& run, std::stop_token stop);
  Result<std::string> FindArchive(const RestoreObject& restore, LocatedStore& store,
                                  const crypto::Transformers& keys, const Waits& waits);
  // The plan as text in ConfigMap `<restore>-plan` of the operator's namespace.
  Result<std::string> StorePlan(const RestoreObject& restore, const std::string& text,
                                const kube::Call& call);
  PassResult Wait(const RestoreObject& restore, const std::string& holder, std::stop_token stop);
  PassResult Finish(const RestoreObject& restore, const Restored& restored, const std::string& run,
                    std::stop_token stop);
  // An Event for each of the first objects that were not restored.
  void TellOfFailures(const RestoreObject& restore, const restore::Report& report);
  PassResult TellEnd(const RestoreObject& restore, const std::string& status, std::stop_token stop);
  PassResult FailWith(const RestoreObject& restore, const Error& error,
                      const restore::Report* report, const std::string& run, std::stop_token stop);
  // Takes the place of the one Restore that runs in this process; false, with who has it, when it
  // is taken.
  bool Enter(const std::string& who, std::string& holder);
  void Leave();

  Context& context_;
  std::mutex mutex_;
  std::string running_;  // "<name>:<uid>"
  // What ended well and could not be told yet, by uid: status.
  std::map<std::string, std::string> untold_;
};

// Pure: what is written into a Restore's status, as JSON to be merged into it.
std::string RestoredStatus(const RestoreObject& restore, const restore::Report& report,
                           const std::string& store_kind, const std::string& plan_config_map,
                           Clock::Wall now);
// `hint` is status.summary where there is no report.
std::string RestoreFailureStatus(const RestoreObject& restore, const std::string& text,
                                 const std::string& hint, bool stalled,
                                 const restore::Report* report, Clock::Wall now);
// "12 created, 3 updated, 100 unchanged".
std::string Summary(const restore::Report& report);

}  // namespace holdfast::op
