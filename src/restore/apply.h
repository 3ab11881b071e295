// Writes what the plan says, phase by phase, many objects at once, and keeps the account.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/result.h"
#include "restore/down_webhooks.h"
#include "restore/index.h"
#include "restore/plan.h"
#include "restore/report.h"
#include "restore/write_object.h"

namespace holdfast::restore {

// What has become of every object of the archive in this run, one byte each. Different objects may
// be set by different threads.
class Outcomes {
 public:
  enum class What : uint8_t {
    kUntouched,
    kUnchanged,
    kCreated,
    kUpdated,
    kStatusOnly,
    kSkipped,
    kFailed
  };
  explicit Outcomes(size_t objects) : bytes_(objects, 0) {}

  // `wrote` and `status`: the object, and its status, were written by this call.
  void Set(ObjectId id, What what, bool status);
  What Get(ObjectId id) const { return static_cast<What>(bytes_[id] & 0x7f); }
  bool StatusWritten(ObjectId id) const { return (bytes_[id] & kStatus) != 0; }
  bool WasWritten(ObjectId id) const {
    return Get(id) == What::kCreated || Get(id) == What::kUpdated || Get(id) == What::kStatusOnly;
  }
  // An object was deleted and created again, so that its dependents name an old uid.
  void SetRecreated() { recreated_ = true; }
  bool recreated() const { return recreated_; }
  // Adds up; objects that no plan touched count as unchanged. `failed` is left alone: an object may
  // be written and have failed in part.
  void AddTo(Counts& counts) const;

 private:
  static constexpr uint8_t kStatus = 0x80;
  std::vector<uint8_t> bytes_;
  std::atomic<bool> recreated_{false};
};

struct ApplySettings {
  size_t workers = 32;
  size_t budget_bytes = size_t{24} << 20;  // of bodies in work at once
  std::chrono::seconds terminating_timeout{30};
  // Objects of the run itself, "<plural>.<group>/<namespace>/<name>", left alone.
  std::vector<std::string> own_objects = {};
  std::vector<bool> only_types = {};                 // by TypeId; empty: all
  std::function<void(uint64_t done)> progress = {};  // called by one thread at a time
};

// One restore has one Applier for each plan it makes.
class Applier {
 public:
  // Everything given outlives this. `context.stop` ends it.
  Applier(WriteContext context, ApplySettings settings, Outcomes& outcomes, ReportBuilder& report);

  // Writes the objects of the phase, wave after wave. Failures of objects are in report and
  // outcomes; an error means that it makes no sense to go on: stopped, or the API server is gone.
  // Objects whose write calls a webhook that does not answer are held back: those of kCrds to the
  // end of the phase, others until Finish(). Blocks.
  Status Run(Phase phase);
  // Once after all phases: tries again what was held back (the Service of the webhook may have come
  // with the restore), and patches in the owner references that had to wait. Each webhook that is
  // down is tried with one object; only when it answers with the others.
  Status Finish();
  // Reads the objects again and writes those that are not as the archive has them, because another
  // client has changed or deleted them since they were read or written; what a component of the
  // control plane has changed is left so. Each is in the report as such. Whether any of them had to
  // be created anew. Blocks.
  Result<bool> Again(const std::vector<ObjectId>& ids);

  // Where the archived object and the text of the live one differ: " (spec.replicas, spec.paused)";
  // empty where they do not. Blocks on the spool.
  Result<std::string> Differing(ObjectId id, std::string_view live) const;

  const WriteContext& context() const { return context_; }

 private:
  Status RunAll(const std::vector<ObjectId>& ids, bool last_chance);
  Status RetryHeldBack();
  // What a quota, limit or policy of the cluster refused, after the archive's were written.
  Status RetryRefused();
  Status RetryHeldBack(std::vector<ObjectId> ids, std::set<kube::WebhookFailure>& probed);
  Action ActionOf(ObjectId id);
  void HoldBack(ObjectId id);
  void HoldStatusBack(ObjectId id);
  void CountManagers(ObjectId id, const Error& error);
  bool NamespaceHeldBack(ObjectId id, const Error& error);
  Status One(ObjectId id, bool last_chance);
  Status OneAgain(ObjectId id, std::atomic<bool>& recreated);
  Status Record(ObjectId id, Result<Written> written, bool last_chance);
  void RecordLost(ObjectId id, const Written& written);
  bool Wanted(ObjectId id) const;
  Status PatchOwners(ObjectId id);
  Status CountFailure(const Error& error);
  void Done();

  WriteContext context_;
  ApplySettings settings_;
  Outcomes& outcomes_;
  ReportBuilder& report_;
  ByteBudget budget_;
  std::atomic<int> unanswered_{0};  // requests in a row
  DownWebhooks webhooks_;
  std::mutex mutex_;  // of what follows
  std::vector<ObjectId> held_back_;
  std::vector<ObjectId> refused_;        // see RetryRefused()
  std::set<ObjectId> status_held_back_;  // written but for their status
  std::set<ObjectId> lost_;              // reported by RecordLost()
  // Namespaces that were held back: their contents are held back with them.
  std::set<std::string, std::less<>> namespaces_held_back_;
  uint64_t done_ = 0;
  uint64_t managers_failed_ = 0;  // objects whose managedFields could not be set
  std::string managers_failure_;  // the first of them
};

}  // namespace holdfast::restore
