// What a restore does, decided before anything is changed: for every object of the archive one
// action, the deletes of prune, and the order.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "restore/delete_limit.h"
#include "restore/field_managers.h"
#include "restore/index.h"
#include "restore/live.h"
#include "restore/report.h"
#include "restore/transform.h"
#include "restore/types.h"
#include "restore/update_verdicts.h"

namespace holdfast::restore {

enum class ActionKind : uint8_t {
  kNothing,  // live and equal
  kCreate,   // also where a terminating namesake must go first (reason kTerminating)
  kUpdate,
  kUpdateStatus,  // status alone
  kSkip,          // never restored, by a rule
  kCannot,        // a failure that is known beforehand
};
std::string_view ActionName(ActionKind kind);

enum class ActionReason : uint8_t {
  kNone,
  kMissing,       // not in the cluster
  kTerminating,   // live, but being deleted
  kDiffers,       // a field differs
  kOwnersDiffer,  // only owner references differ
  kStatusDiffers,
  kIncrement,     // only because something else is written (spec 7.9)
  kOtherVersion,  // the cluster has it in another version of its resource
  kBuiltinRole,
  kRegistrationValues,
  kRancherDeployment,
  kControlPlane,  // the SkipRules of what the control plane makes itself
  kChartManaged,
  kNewerEntry,  // the archive has it in the served version, too: kSkip
  kNoType,
  kUnread,  // its type's objects could not be read
  kGoing,   // kCannot: its namespace or CRD is being deleted and has not gone in time
  kWrongScope,
  kWrongKind,
  kNotWritable,  // kCannot
  kVerdict,      // kCannot, kUpdate: what a dry run has shown
};

struct Action {
  ActionKind kind = ActionKind::kNothing;
  ActionReason reason = ActionReason::kNone;
  // With kCreate, kUpdate and kUpdateStatus: status is written too.
  bool status = false;
  // Owner references are left out at first and patched in after everything else (circles).
  bool deferred_owners = false;

  bool writes() const {
    return kind == ActionKind::kCreate || kind == ActionKind::kUpdate ||
           kind == ActionKind::kUpdateStatus;
  }
};

// What becomes of one owner reference (or of a token Secret's account).
struct OwnerDecision {
  enum class Kind : uint8_t {
    kUid,    // set to the live owner's
    kAfter,  // the owner is created by this run and not there yet; then its uid is known
    kDrop,   // left out; a token Secret's annotation stays as archived
  } kind = Kind::kDrop;
  std::string uid;         // kUid
  ObjectId after = kNoId;  // kAfter
  std::string reason;      // kDrop: "its owner plants.x.io oak is neither in the archive nor …"
  // kDrop: the reference is left out when the object is written, but where the live object has it
  // (with `uid`, or any when empty) that alone is no reason to write.
  bool tolerated = false;
};

struct PruneDelete {
  uint32_t extra = 0;  // index into Live::extras()
};
// An extra object that is not deleted.
struct PruneKeep {
  uint32_t extra = 0;
  std::string reason;
  // It goes without us: it is being deleted, and no finalizer that prune may remove holds it.
  // Counts as gone where others refer to it.
  bool going = false;
};

struct PlanOptions {
  bool prune = false;
  // Prune although the archive lacks a whole selected type that the cluster has.
  bool allow_missing_types = false;
  std::string operator_namespace = "cattle-resources-system";
  // The ServiceAccount the run works as, "<namespace>/<name>"; empty: not known.
  std::string service_account;
  // Paths as entries have them (any version): never deleted.
  std::vector<std::string> keep;
  // The run writes something besides what is planned here (its CRDs, before this plan was made), so
  // the increments of spec 7.9 go along even if nothing else is left to be written.
  bool others_write = false;
  // Namespaces and CRDs that are being deleted were waited for: what is in those that still stand
  // cannot be restored. Otherwise it is planned for after they have gone.
  bool going_is_final = false;
  // Namespaces that the archive's objects are in and that nobody has: those that are needed are
  // made before them.
  std::set<std::string> absent_namespaces = {};
  // PersistentVolumes and PersistentVolumeClaims are pruned too: the data goes with them.
  bool prune_volumes = false;
  // Namespaces that hold PersistentVolumeClaims; they are not pruned unless prune_volumes.
  std::set<std::string> namespaces_with_claims = {};
  // More deletes than that stop the restore before it changes anything.
  DeleteLimit max_deletes;
  // Write ResourceSets although a chart manages the live ones (D34).
  bool overwrite_chart_managed = false;
  // What dry runs of updates have shown; null: nothing.
  std::shared_ptr<const UpdateVerdicts> verdicts = nullptr;
};

struct PlanCounts {
  uint64_t objects = 0, create = 0, update = 0, status = 0, skip = 0, nothing = 0, cannot = 0;
  uint64_t del = 0;
};

// What was decided when it was built: actions, order and deletes do not change any more. Index,
// Live and Types must outlive it; Live may meanwhile learn of single objects, which Decider asks
// about.
class Plan {
 public:
  static Plan Build(const Index& index, const Types& types, const Live& live,
                    const PlanOptions& options);
  Plan(Plan&&) noexcept;
  Plan& operator=(Plan&&) noexcept;
  ~Plan();

  // No create, update, status or delete.
  bool empty() const;
  const PlanCounts& counts() const;
  Action operator[](ObjectId id) const;
  // The objects to be written in a phase: waves, one after the other; within a wave in any order
  // and at once. Owners are in an earlier phase or wave, unless the reference is deferred.
  const std::vector<std::vector<ObjectId>>& Waves(Phase phase) const;
  // Objects whose owner references must be patched in at the end (DeferredOwnersPatch).
  const std::vector<ObjectId>& deferred() const;

  const std::vector<PruneDelete>& deletes() const;
  const std::vector<PruneKeep>& kept() const;
  // Why prune must not be run at all; empty when it may. Deletes are then empty.
  const std::vector<std::string>& prune_refusals() const;

  // Namespaces to be made before the namespaced objects: objects of the archive are to be created
  // in them, and the archive has the namespaces themselves not.
  const std::vector<std::string>& new_namespaces() const;

  // Why the deletes are more than PlanOptions::max_deletes allows; empty: they are not.
  const std::string& too_many_deletes() const;

  // One object's reason in words: "spec.replicas differs", "it is not in the cluster".
  std::string ReasonText(ObjectId id) const;
  // Owner references that will be left out, and what else must be said, one line an object.
  void ForEachNote(const std::function<void(ObjectId, const std::string&)>& note) const;
  // Fields of objects that need no write which differ and stay as the control plane has them.
  void ForEachLeft(const std::function<void(ObjectId, const std::string&)>& note) const;
  // Downstream clusters whose agents connect anew after this restore (D35).
  const std::vector<ObjectId>& reconnecting() const;
  // Everything but kNothing, in the order in which it would be done.
  void ForEachLine(const std::function<void(PlanLine)>& line) const;

  struct Impl;

 private:
  friend class Decider;
  explicit Plan(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Decides anew for single objects, by what Live knows of them at the moment of the call; the plan
// itself stays as it was made. `plan`, and what it was built of, must outlive it. Any number of
// threads.
class Decider {
 public:
  explicit Decider(const Plan& plan) : plan_(plan) {}
  // What would be planned for the object now (after Live::Compare()).
  Action Decide(ObjectId id) const;
  // One for each of Index::Owners(id).
  std::vector<OwnerDecision> DecideOwners(ObjectId id) const;

 private:
  const Plan& plan_;
};

struct PrepareOptions {
  // For an update: resourceVersion of the object as it was read last; empty for a create.
  std::string resource_version;
  // Text of the live object: needed where WantsLiveText(), else unused. Empty for a create.
  std::string_view live_object;
  // For a create: to look up what fields refer to; null: they are sent without.
  References* references = nullptr;
  LeftFields left;  // what the server has refused so far
  bool drop_managed_fields = false;
  bool replace_crd_schemas = false;
};

struct PreparedWrite {
  std::string archived;  // the object as the archive has it, for WithStatus()
  TransformResult main;
  FieldManagers managers;  // of the archived object
  // References left out at this write: with the reason; not those that are only deferred.
  std::vector<std::string> dropped_owners;
};

// Whether an update of the object must be given the text of the live one: some of its fields are
// merged or kept.
bool WantsLiveText(const Index& index, ObjectId id);

// The body for one write, with owners resolved by what Live knows now. Thread-safe; blocks on the
// spool. An owner that should have been written and is not live is dropped with a reason (D38).
Result<PreparedWrite> PrepareWrite(const Index& index, const Types& types, const Live& live,
                                   const Plan& plan, ObjectId id, const PrepareOptions& options);

// A merge patch that sets metadata.ownerReferences (and a token's account) as they should be; for
// the objects of Plan::deferred(), after everything was written.
Result<std::string> DeferredOwnersPatch(const Index& index, const Live& live, const Plan& plan,
                                        ObjectId id);

}  // namespace holdfast::restore
