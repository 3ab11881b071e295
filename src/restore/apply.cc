#include "restore/apply.h"

#include <algorithm>

#include "base/workers.h"

namespace holdfast::restore {
namespace {

bool WebhookDidNotAnswer(const Error& error) {
  const std::string& text = error.message();
  return text.find("failed calling webhook") != std::string::npos ||
         text.find("conversion webhook") != std::string::npos;
}

std::string OwnKey(const Index& index, ObjectId id) {
  return index.Type(id).ResourceName() + "/" + std::string(index.Namespace(id)) + "/" +
         std::string(index.Name(id));
}

}  // namespace

void Outcomes::Set(ObjectId id, What what, bool status) {
  // What was created and then written again was created.
  if (Get(id) == What::kCreated && (what == What::kUpdated || what == What::kUnchanged)) {
    what = What::kCreated;
  }
  bytes_[id] = static_cast<uint8_t>((bytes_[id] & kStatus) | static_cast<uint8_t>(what) |
                                    (status ? kStatus : 0));
}

void Outcomes::AddTo(Counts& counts) const {
  for (ObjectId id = 0; id < bytes_.size(); ++id) {
    switch (Get(id)) {
      case What::kUntouched:
      case What::kUnchanged: ++counts.unchanged; break;
      case What::kCreated: ++counts.created; break;
      case What::kUpdated: ++counts.updated; break;
      case What::kSkipped: ++counts.skipped; break;
      case What::kStatusOnly:
      case What::kFailed: break;
    }
    if (StatusWritten(id)) ++counts.status_updated;
  }
}

Applier::Applier(WriteContext context, ApplySettings settings, Outcomes& outcomes,
                 ReportBuilder& report)
    : context_(std::move(context)),
      settings_(std::move(settings)),
      outcomes_(outcomes),
      report_(report),
      budget_(settings_.budget_bytes) {}

Status Applier::Run(Phase phase) {
  context_.terminating = Deadline::After(context_.clock, settings_.terminating_timeout);
  for (const std::vector<ObjectId>& wave : context_.plan.Waves(phase)) {
    HF_TRY(RunAll(wave, false));
  }
  return {};
}

Status Applier::Finish() {
  std::vector<ObjectId> again;
  {
    std::lock_guard lock(mutex_);
    again.swap(held_back_);
  }
  std::sort(again.begin(), again.end());
  HF_TRY(RunAll(again, true));
  const std::vector<ObjectId>& deferred = context_.plan.deferred();
  return ParallelFor(deferred.size(), settings_.workers, context_.stop,
                     [&](size_t i, std::stop_token) -> Status {
                       if (!Wanted(deferred[i])) return {};
                       return PatchOwners(deferred[i]);
                     });
}

bool Applier::Wanted(ObjectId id) const {
  return settings_.only_types.empty() || settings_.only_types[context_.index.TypeOf(id)];
}

Status Applier::RunAll(const std::vector<ObjectId>& ids, bool last_chance) {
  return ParallelFor(ids.size(), settings_.workers, context_.stop,
                     [&](size_t i, std::stop_token) -> Status {
                       if (!Wanted(ids[i])) return {};
                       return One(ids[i], last_chance);
                     });
}

Status Applier::One(ObjectId id, bool last_chance) {
  const std::vector<std::string>& own = settings_.own_objects;
  if (std::find(own.begin(), own.end(), OwnKey(context_.index, id)) != own.end()) {
    outcomes_.Set(id, Outcomes::What::kSkipped, false);
    report_.With([&](Report& report) {
      report.skipped.Add(context_.index.Describe(id), "it belongs to the running restore");
    });
    Done();
    return {};
  }
  // The archived text, the body made of it, the answer, and what is cut out of them.
  auto share = budget_.Take(size_t{4} * context_.index.BodyBytes(id), context_.stop);
  if (!share) return Fail(ErrorKind::kCancelled, "stopped");
  return Record(id, WriteObject(context_, id, context_.plan[id]), last_chance);
}

Status Applier::Record(ObjectId id, Result<Written> written, bool last_chance) {
  using What = Outcomes::What;
  if (!written) {
    const Error& error = written.error();
    if (error.kind() == ErrorKind::kCancelled) return Fail(error);
    if (!last_chance && WebhookDidNotAnswer(error)) {
      std::lock_guard lock(mutex_);
      held_back_.push_back(id);
      return {};
    }
    if (!outcomes_.WasWritten(id)) outcomes_.Set(id, What::kFailed, false);
    report_.Failed(context_.index.Describe(id), error.ToString());
    Done();
    return CountFailure(error);
  }
  unanswered_ = 0;
  What what = What::kUnchanged;
  switch (written->what) {
    case Written::What::kNothing: break;
    case Written::What::kCreated: what = What::kCreated; break;
    case Written::What::kUpdated: what = What::kUpdated; break;
    case Written::What::kStatusOnly: what = What::kStatusOnly; break;
    case Written::What::kForgiven: what = What::kSkipped; break;
  }
  outcomes_.Set(id, what, written->status);
  bool said = !written->dropped_owners.empty() || !written->kept_crd_versions.empty() ||
              !written->notes.empty() || written->what == Written::What::kForgiven;
  if (said) {
    std::string object = context_.index.Describe(id);
    report_.With([&](Report& report) {
      for (std::string& text : written->dropped_owners) {
        report.dropped_owners.Add(object, std::move(text));
      }
      for (std::string& text : written->kept_crd_versions) {
        report.kept_versions.Add(object, std::move(text));
      }
      for (std::string& text : written->notes) {
        if (written->what == Written::What::kForgiven) {
          report.skipped.Add(object, "refused, and left as it is: " + text);
        } else {
          report.notes.push_back(object + ": " + text);
        }
      }
    });
  }
  Status go_on;
  if (written->incomplete) {
    if (written->incomplete->kind() == ErrorKind::kCancelled) {
      return Fail(std::move(*written->incomplete));
    }
    report_.Failed(context_.index.Describe(id), written->incomplete->ToString());
    go_on = CountFailure(*written->incomplete);
  }
  Done();
  return go_on;
}

Status Applier::PatchOwners(ObjectId id) {
  if (outcomes_.Get(id) == Outcomes::What::kFailed || !context_.live[id].exists()) return {};
  auto patch = DeferredOwnersPatch(context_.index, context_.live, context_.plan, id);
  Result<std::string> answer =
      patch ? context_.api.MergePatch(context_.types[context_.index.TypeOf(id)].type,
                                      context_.index.Namespace(id), context_.index.Name(id), *patch)
            : Fail(std::move(patch).error());
  if (answer) {
    context_.live.SetLive(id, *answer);
    return {};
  }
  if (answer.error().kind() == ErrorKind::kCancelled) return Fail(std::move(answer).error());
  report_.Failed(context_.index.Describe(id),
                 std::move(answer).error().With("setting its owner references").ToString());
  return {};
}

// Without an API server every further object fails after its own long retries: that would take
// hours.
Status Applier::CountFailure(const Error& error) {
  bool unanswered = error.kind() == ErrorKind::kUnavailable && error.code() == 0;
  if (!unanswered && error.code() != 401) {
    unanswered_ = 0;
    return {};
  }
  if (++unanswered_ < 8) return {};
  Error copy = error;
  return Fail(
      std::move(copy)
          .With("giving up after several objects in a row could not be written")
          .Hint("what was restored stays; run the same restore again, it goes on from there"));
}

void Applier::Done() {
  std::lock_guard lock(mutex_);
  ++done_;
  if (settings_.progress) settings_.progress(done_);
}

}  // namespace holdfast::restore
