#include "restore/write_object.h"

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "restore/answer_check.h"
#include "restore/immutable.h"

namespace holdfast::restore {
namespace {

constexpr int kTries = 5;        // when others write the same object
constexpr int kFreshTries = 50;  // while a CRD settles; bounded by the context's deadline too
constexpr std::chrono::milliseconds kPoll{100};

bool Contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// The cluster's objects that fields refer to; those of this archive come with this restore.
class LiveReferences : public References {
 public:
  explicit LiveReferences(const WriteContext& context) : c_(context) {}

  Result<std::optional<std::string>> Get(std::string_view plural, std::string_view ns,
                                         std::string_view name) override {
    kube::ResourceType type;
    type.gv = {"", "v1"};
    type.plural = plural;
    type.namespaced = !ns.empty();
    auto object = c_.api.Get(type, ns, name);
    if (object) return std::optional<std::string>(std::move(*object));
    if (object.error().kind() == ErrorKind::kNotFound) return std::optional<std::string>();
    return Fail(std::move(object).error());
  }
  bool InArchive(std::string_view plural, std::string_view ns, std::string_view name) override {
    return c_.index.FindAnyVersion("", plural, ns, name) != kNoId;
  }

 private:
  const WriteContext& c_;
};

class Writer {
 public:
  Writer(const WriteContext& context, ObjectId id)
      : c_(context),
        id_(id),
        state_(context.types[context.index.TypeOf(id)]),
        ns_(context.index.Namespace(id)),
        name_(context.index.Name(id)) {}

  Result<Written> Run(Action action) {
    action_ = action;
    for (int attempt = 1;; ++attempt) {
      if (action_.reason == ActionReason::kTerminating) HF_TRY(WaitUntilGone());
      HF_ASSIGN(Step step, Try());
      if (step == Step::kDone) return std::move(written_);
      if (step == Step::kLeft) {
        // Each time with less in the request, so it comes to an end.
        --attempt;
        continue;
      }
      int limit = step == Step::kSettle ? kFreshTries : kTries;
      if (attempt >= limit) {
        return Fail(Error(ErrorKind::kConflict, "somebody else wrote it at the same time, " +
                                                    std::to_string(attempt) + " times in a row")
                        .Hint("find out which controller does, scale it down, restore again"));
      }
      if (step == Step::kSettle && !c_.clock.Sleep(kPoll, c_.stop)) return Stopped();
    }
  }

 private:
  enum class Step { kDone, kAgain, kSettle, kLeft };

  static tl::unexpected<Error> Stopped() { return Fail(ErrorKind::kCancelled, "stopped"); }

  Result<Step> Try() {
    switch (action_.kind) {
      case ActionKind::kNothing:
      case ActionKind::kSkip: return Step::kDone;
      case ActionKind::kCannot: return Fail(ErrorKind::kInvalid, c_.plan.ReasonText(id_));
      case ActionKind::kUpdateStatus: return StatusAlone();
      case ActionKind::kCreate:
      case ActionKind::kUpdate: return Main();
    }
    return Step::kDone;
  }

  Result<Step> DecideAnew() {
    HF_ASSIGN(live_text_, Reread(c_, id_));
    bool status = action_.status;
    action_ = Decider(c_.plan).Decide(id_);
    action_.status |= status && action_.writes();
    return Step::kAgain;
  }

  Result<Step> Main() {
    bool update = action_.kind == ActionKind::kUpdate;
    PrepareOptions options;
    if (update) {
      uint64_t version = c_.live[id_].resource_version;
      if ((version == 0 || WantsLiveText(c_.index, id_)) && !live_text_) {
        HF_ASSIGN(live_text_, Reread(c_, id_));
        if (!live_text_) return DecideAnew();
      }
      if (live_text_) {
        options.live_object = *live_text_;
        options.resource_version =
            json::FindString(*live_text_, {"metadata", "resourceVersion"}).value_or("");
      } else {
        options.resource_version = std::to_string(version);
      }
    }
    LiveReferences references(c_);
    options.references = &references;
    options.left = left_;
    options.drop_managed_fields = drop_managed_fields_;
    options.replace_crd_schemas = replace_crd_schemas_;
    HF_ASSIGN(PreparedWrite prepared,
              PrepareWrite(c_.index, c_.types, c_.live, c_.plan, id_, options));
    std::string& body = prepared.main.body;
    if (HeldDown()) body = json::SetPath(body, {"spec", "replicas"}, "0");
    managers_ = prepared.managers;
    auto answer = update ? c_.api.Update(state_.type, ns_, name_, body, OptionsAs(managers_.main))
                         : c_.api.Create(state_.type, ns_, body, OptionsAs(managers_.main));
    live_text_.reset();
    if (!answer) return AfterRefusal(std::move(answer).error(), update, prepared);

    if (c_.Fresh(id_)) {
      HF_TRY(
          c_.live.Compare(id_, HeldDown() ? WithReplicasOf(prepared.archived, *answer) : *answer));
    } else {
      c_.live.SetLive(id_, *answer);
    }
    // The server stores nothing where an update changes nothing: defaults alone differed.
    bool stored = !update || json::FindString(*answer, {"metadata", "resourceVersion"}) !=
                                 options.resource_version;
    if (written_.what != Written::What::kCreated && stored) {
      written_.what = update ? Written::What::kUpdated : Written::What::kCreated;
    }
    written_.dropped_owners = std::move(prepared.dropped_owners);
    written_.kept_crd_versions = std::move(prepared.main.kept_crd_versions);
    written_.notes = std::move(prepared.main.notes);
    written_.left = LeftToControlPlane(c_.index.Type(id_).special, prepared.archived, *answer);
    if (c_.Fresh(id_) && !c_.live[id_].main_equal() && fresh_rewrites_ < 3) {
      // Written under the old schema, which cuts off what only the new one has.
      ++fresh_rewrites_;
      action_.kind = ActionKind::kUpdate;
      return Step::kSettle;
    }
    written_.lost = LostFields(Rules(), body, *answer);
    if (action_.status) WriteStatus(*answer, prepared.archived);
    if (!action_.status && !managers_.main_exact) {
      SetManagers(std::move(*answer), prepared.archived, managers_.main);
    }
    return Step::kDone;
  }

  AnswerRules Rules() const {
    return {c_.index.Type(id_).special, state_.custom, !state_.type.has_status};
  }

  Result<Step> AfterRefusal(Error error, bool update, const PreparedWrite& prepared) {
    const std::string& archived = prepared.archived;
    const std::string& text = error.message();
    if (!update && error.reason() == "AlreadyExists") return DecideAnew();
    if (update && error.kind() == ErrorKind::kConflict) return DecideAnew();
    if (error.kind() == ErrorKind::kNotFound) {
      if (update) return DecideAnew();
      if (c_.Fresh(id_) && !Contains(text, "namespaces \"")) return Step::kSettle;
    }
    // A policy's or webhook's refusal stands: it is not about what the server can allocate.
    bool admission = Contains(text, "admission webhook") || Contains(text, "denied request");
    if (error.code() != 0 && !admission && LeaveToServer(c_.index.Type(id_).special, text, left_)) {
      return Step::kLeft;
    }
    if (error.kind() == ErrorKind::kInvalid) {
      if (!drop_managed_fields_ && Contains(text, "managedFields")) {
        drop_managed_fields_ = true;
        return Step::kAgain;
      }
      if (!replace_crd_schemas_ && c_.index.Type(id_).special == Special::kCrd &&
          json::Find(archived, {"spec", "preserveUnknownFields"}).value_or("false") == "true") {
        replace_crd_schemas_ = true;
        return Step::kAgain;
      }
    }
    if (ForgivenRefusal(error)) {
      written_.what = Written::What::kForgiven;
      written_.notes.push_back(text);
      return Step::kDone;
    }
    if (update) {
      std::string body = json::RemovePath(prepared.main.body, {"metadata", "resourceVersion"});
      if (RefusedAsImmutable(c_.api, state_.type, ns_, body, error))
        return Recreate(error, archived);
    }
    return Fail(std::move(error).With(update ? "updating it" : "creating it"));
  }

  // Deletes the object, whose update was refused, and creates it as the archive has it. What was
  // there is put back when that fails.
  Result<Step> Recreate(const Error& refusal, const std::string& archived) {
    HF_ASSIGN(std::optional<std::string> live, Reread(c_, id_));
    if (!live) {
      action_ = Decider(c_.plan).Decide(id_);
      return Step::kAgain;
    }
    std::string why = ImmutableText(c_.index.Type(id_).special, refusal, archived,
                                    WithArchivedReplicas(*live, archived));
    std::string not_allowed = WhyNotRecreated(state_.type, *live, c_.recreate_immutable);
    if (!not_allowed.empty())
      return Fail(Error(ErrorKind::kInvalid, std::move(why)).Hint(std::move(not_allowed)));
    PrepareOptions options;
    LiveReferences references(c_);
    options.references = &references;
    options.left = left_;
    options.drop_managed_fields = drop_managed_fields_;
    HF_ASSIGN(PreparedWrite prepared,
              PrepareWrite(c_.index, c_.types, c_.live, c_.plan, id_, options));
    std::string& body = prepared.main.body;
    if (HeldDown()) body = json::SetPath(body, {"spec", "replicas"}, "0");
    HF_TRY(TryCreate(body, why));
    HF_ASSIGN(bool gone, DeleteThis(*live, why));
    if (!gone) return DecideAnew();
    managers_ = prepared.managers;
    auto answer = c_.api.Create(state_.type, ns_, body, OptionsAs(managers_.main));
    if (!answer) return PutBack(std::move(answer).error(), *live, why);
    c_.live.SetLive(id_, *answer);
    written_.what = Written::What::kUpdated;
    written_.recreated = true;
    written_.dropped_owners = std::move(prepared.dropped_owners);
    written_.notes = std::move(prepared.main.notes);
    written_.notes.push_back(why + ", so it was deleted and created again");
    written_.lost = LostFields(Rules(), body, *answer);
    if (action_.status) WriteStatus(*answer, prepared.archived);
    if (!action_.status && !managers_.main_exact)
      SetManagers(std::move(*answer), prepared.archived, managers_.main);
    return Step::kDone;
  }

  std::string WithArchivedReplicas(const std::string& live, const std::string& archived) const {
    return HeldDown() ? WithReplicasOf(archived, live) : live;
  }

  // Before the object is deleted: the server would take the new one. What it holds itself (a
  // Service's node ports) counts as taken by another one until it is gone.
  Status TryCreate(const std::string& body, const std::string& why) {
    kube::WriteOptions dry;
    dry.dry_run = true;
    auto answer = c_.api.Create(state_.type, ns_, body, dry);
    if (answer || answer.error().reason() == "AlreadyExists" ||
        Contains(answer.error().message(), "already allocated"))
      return {};
    return Fail(std::move(answer).error().With(
        why + "; it was not deleted, because it could not be created again"));
  }

  // Deletes the object of that text and waits until it has gone. False: it was not that one any
  // more.
  Result<bool> DeleteThis(const std::string& live, const std::string& why) {
    kube::DeleteOptions options;
    options.uid = json::FindString(live, {"metadata", "uid"}).value_or("");
    options.resource_version = json::FindString(live, {"metadata", "resourceVersion"}).value_or("");
    options.propagation = RecreatePropagation(state_.type, state_.custom);
    Status deleted = c_.api.Delete(state_.type, ns_, name_, options);
    if (!deleted) {
      ErrorKind kind = deleted.error().kind();
      if (kind == ErrorKind::kNotFound || kind == ErrorKind::kConflict) return false;
      return Fail(std::move(deleted).error().With(why + "; deleting it"));
    }
    for (;;) {
      auto now = c_.api.Get(state_.type, ns_, name_);
      if (!now && now.error().kind() == ErrorKind::kNotFound) return true;
      if (!now) return Fail(std::move(now).error().With(why + "; it was deleted; reading it"));
      if (json::FindString(*now, {"metadata", "uid"}) != options.uid) return false;
      if (c_.terminating.Passed(c_.clock))
        return Fail(Error(ErrorKind::kConflict,
                          why + "; it was deleted to be created again, and has not gone yet")
                        .Hint("run the restore again when it has gone"));
      if (!c_.clock.Sleep(kPoll, c_.stop)) return Stopped();
    }
  }

  Result<Step> PutBack(Error refusal, const std::string& live, const std::string& why) {
    if (refusal.reason() == "AlreadyExists") return DecideAnew();
    auto former = c_.api.Create(state_.type, ns_, FormerBody(live));
    if (former) {
      c_.live.SetLive(id_, *former);
      written_.recreated = true;
      return Fail(std::move(refusal).With(
          why + "; it was deleted, could not be created again, and the former one was put back"));
    }
    (void)c_.live.Compare(id_, std::nullopt);
    Error both(refusal.kind(), refusal.message() + "; and then, putting the former one back: " +
                                   former.error().message());
    return Fail(
        std::move(both)
            .Code(refusal.code())
            .With(why + "; it was deleted and is NOT IN THE CLUSTER ANY MORE: creating it again")
            .Hint("mend what the server says, then run the restore again"));
  }

  // Rancher's own webhook keeps settings that are its business (spec 7.5, 7).
  bool ForgivenRefusal(const Error& error) const {
    const ArchivedType& type = c_.index.Type(id_);
    return error.code() != 0 && type.gv.group == "management.cattle.io" &&
           type.plural == "settings" && Contains(error.message(), "admission webhook") &&
           Contains(error.message(), "rancher.cattle.io.settings") &&
           Contains(error.message(), "denied the request");
  }

  Result<Step> StatusAlone() {
    HF_ASSIGN(auto live, Reread(c_, id_));
    if (!live) {
      action_ = Decider(c_.plan).Decide(id_);
      return Step::kAgain;
    }
    HF_ASSIGN(std::string archived, c_.index.Body(id_));
    managers_ = ManagersOf(archived);
    // The owners of all else stay as they are.
    managers_.main_exact = managers_.status_exact = true;
    WriteStatus(*live, archived);
    if (written_.incomplete) return Fail(std::move(*written_.incomplete));
    written_.what = Written::What::kStatusOnly;
    return Step::kDone;
  }

  // `current` is the object as the server has it.
  void WriteStatus(std::string current, const std::string& archived) {
    for (int attempt = 1;; ++attempt) {
      std::string body = WithStatus(current, archived);
      // The request that writes status can bring the owners of all else.
      if (!managers_.main_exact) {
        body = json::SetPath(body, {"metadata", "managedFields"},
                             ManagedFieldsFor(archived, current, managers_.main));
      }
      auto answer = c_.api.UpdateStatus(state_.type, ns_, name_, body, OptionsAs(managers_.status));
      if (answer) {
        written_.status = true;
        c_.live.SetLive(id_, *answer);
        std::vector<std::string> lost = LostStatusFields(Rules(), archived, *answer);
        // Written under the old schema of a CRD that has just been written.
        if (!lost.empty() && c_.Fresh(id_) && attempt < kTries && c_.clock.Sleep(kPoll, c_.stop)) {
          current = std::move(*answer);
          continue;
        }
        written_.lost.insert(written_.lost.end(), lost.begin(), lost.end());
        if (!managers_.status_exact) {
          SetManagers(std::move(*answer), archived, managers_.status);
        }
        return;
      }
      Result<std::string> again = Fail(std::move(answer).error());
      if (again.error().kind() == ErrorKind::kConflict && attempt < kTries) {
        again = c_.api.Get(state_.type, ns_, name_);
      } else if (again.error().kind() == ErrorKind::kNotFound && c_.Fresh(id_) &&
                 attempt < kFreshTries && c_.clock.Sleep(kPoll, c_.stop)) {
        continue;
      }
      if (!again) {
        written_.incomplete = std::move(again).error().With("writing its status");
        return;
      }
      current = std::move(*again);
    }
  }

  kube::WriteOptions OptionsAs(const std::string& manager) {
    kube::WriteOptions options;
    options.field_manager = manager;
    // The server names what it drops, and what it advises against.
    options.field_validation = "Warn";
    options.warnings = &written_.warnings;
    // A field that the served version does not have would be lost.
    if (state_.change != VersionChange::kNone) options.field_validation = "Strict";
    return options;
  }

  // The object is right by now; what fails here is told, and no failure of the object.
  void SetManagers(std::string current, const std::string& archived, const std::string& manager) {
    for (int attempt = 1;; ++attempt) {
      auto answer =
          c_.api.MergePatch(state_.type, ns_, name_, ManagedFieldsPatch(archived, current, manager),
                            OptionsAs(manager));
      if (answer) {
        c_.live.SetLive(id_, *answer);
        return;
      }
      Error error = std::move(answer).error();
      if (error.kind() == ErrorKind::kNotFound) return;  // somebody has deleted it
      if (error.kind() == ErrorKind::kConflict && attempt < kTries) {
        auto again = c_.api.Get(state_.type, ns_, name_);
        if (again) {
          current = std::move(*again);
          continue;
        }
      }
      written_.managers = std::move(error);
      return;
    }
  }

  Status WaitUntilGone() {
    for (;;) {
      HF_ASSIGN(live_text_, Reread(c_, id_));
      if (!c_.live[id_].exists() || !c_.live[id_].terminating()) break;
      if (c_.terminating.Passed(c_.clock)) {
        std::string held = "it is being deleted in the cluster and has not gone yet";
        if (auto finalizers = json::Find(*live_text_, {"metadata", "finalizers"})) {
          held += "; its finalizers are " + std::string(*finalizers);
        }
        return Fail(
            Error(ErrorKind::kConflict, held).Hint("remove what holds it, then restore again"));
      }
      if (!c_.clock.Sleep(kPoll, c_.stop)) return Stopped();
    }
    Action before = action_;
    action_ = Decider(c_.plan).Decide(id_);
    action_.status |= before.status && action_.writes();
    return {};
  }

  bool HeldDown() const {
    const ArchivedType& type = c_.index.Type(id_);
    return c_.quiesce.IsDown(type.gv.group, type.plural, std::string(ns_), std::string(name_));
  }

  const WriteContext& c_;
  const ObjectId id_;
  const TypeState& state_;
  const std::string_view ns_, name_;
  Action action_;
  std::optional<std::string> live_text_;  // as read last, for the next try
  FieldManagers managers_;                // of the archived object
  bool drop_managed_fields_ = false;
  LeftFields left_;
  bool replace_crd_schemas_ = false;
  int fresh_rewrites_ = 0;
  Written written_;
};

}  // namespace

std::string WithReplicasOf(std::string_view archived, std::string_view live) {
  auto replicas = json::Find(archived, {"spec", "replicas"});
  return replicas ? json::SetPath(live, {"spec", "replicas"}, *replicas)
                  : json::RemovePath(live, {"spec", "replicas"});
}

Result<std::optional<std::string>> Reread(const WriteContext& c, ObjectId id) {
  const ArchivedType& type = c.index.Type(id);
  std::string ns(c.index.Namespace(id)), name(c.index.Name(id));
  auto object = c.api.Get(c.types[c.index.TypeOf(id)].type, ns, name);
  if (!object) {
    if (object.error().kind() != ErrorKind::kNotFound) {
      return Fail(std::move(object).error().With("reading it again"));
    }
    HF_TRY(c.live.Compare(id, std::nullopt));
    return std::optional<std::string>();
  }
  if (c.quiesce.IsDown(type.gv.group, type.plural, ns, name)) {
    HF_ASSIGN(std::string archived, c.index.Body(id));
    HF_TRY(c.live.Compare(id, WithReplicasOf(archived, *object)));
  } else {
    HF_TRY(c.live.Compare(id, *object));
  }
  return std::optional<std::string>(std::move(*object));
}

Result<Written> WriteObject(const WriteContext& context, ObjectId id, Action action) {
  return Writer(context, id).Run(action);
}

}  // namespace holdfast::restore
