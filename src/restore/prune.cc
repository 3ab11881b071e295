#include "restore/prune.h"

#include <string>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/workers.h"

namespace holdfast::restore {
namespace {

constexpr std::chrono::milliseconds kPoll{250};
constexpr int kConflictTries = 5;
constexpr std::string_view kCrdCleanup = "customresourcecleanup.apiextensions.k8s.io";

struct Finalizers {
  bool crd_cleanup = false;
  bool removable = false;  // there is another one
};

Finalizers FinalizersOf(std::string_view object) {
  Finalizers found;
  if (auto list = json::Find(object, {"metadata", "finalizers"})) {
    for (json::ArrayReader reader(*list); auto item = reader.Next();) {
      (json::StringOf(*item) == kCrdCleanup ? found.crd_cleanup : found.removable) = true;
    }
  }
  return found;
}

struct Doomed {
  const ExtraObject* object;
  std::string uid;
  bool there = true;
  bool failed = false;  // reported as such, nothing more to do
  std::string live;     // text when it was looked at last
};

class PruneRun {
 public:
  PruneRun(Api& api, const PruneSettings& settings, ReportBuilder& report, Clock& clock,
           std::stop_token stop)
      : api_(api), settings_(settings), report_(report), clock_(clock), stop_(stop) {}

  Status All(const UidTable& uids, const std::vector<const ExtraObject*>& doomed) {
    for (const ExtraObject* object : doomed) {
      all_.push_back({object, uids.Text(object->uid), true, false, ""});
    }
    HF_TRY(ForEach([this](Doomed& d) { return Delete(d); }));
    HF_TRY(ForEach([this](Doomed& d) { return Look(d); }));
    HF_TRY(Wait(settings_.delete_timeout, settings_.delete_timeout));
    HF_TRY(ForEach([this](Doomed& d) { return RemoveFinalizers(d); }));
    HF_TRY(ForEach([this](Doomed& d) { return Look(d); }));
    HF_TRY(Wait(settings_.settle_timeout, settings_.settle_quiet));
    for (const Doomed& d : all_) {
      if (!d.there || d.failed) continue;
      std::string why = "it is being deleted and has not gone yet";
      if (auto finalizers = json::Find(d.live, {"metadata", "finalizers"})) {
        why += "; its finalizers are " + std::string(*finalizers);
      }
      report_.With([&](Report& report) { report.leftovers.Add(d.object->Describe(), why); });
    }
    return {};
  }

 private:
  template <typename Work>
  Status ForEach(Work work) {
    std::vector<Doomed*> left;
    for (Doomed& d : all_) {
      if (d.there && !d.failed) left.push_back(&d);
    }
    return ParallelFor(left.size(), settings_.threads, stop_,
                       [&](size_t i, std::stop_token) { return work(*left[i]); });
  }

  // A failure of one object; only being stopped ends the run.
  Status Failed(Doomed& d, Error error, const char* doing) {
    if (error.kind() == ErrorKind::kCancelled) return Fail(std::move(error));
    d.failed = true;
    report_.Failed(d.object->Describe(), std::move(error).With(doing).ToString());
    return {};
  }

  Status Delete(Doomed& d) {
    kube::DeleteOptions options;
    options.uid = d.uid;
    Status deleted = api_.Delete(*d.object->type, d.object->ns, d.object->name, options);
    if (deleted) {
      report_.With([](Report& report) { ++report.counts.deleted; });
      return {};
    }
    ErrorKind kind = deleted.error().kind();
    if (kind == ErrorKind::kNotFound || kind == ErrorKind::kExpired) {
      d.there = false;
      return {};
    }
    if (kind == ErrorKind::kConflict) {
      // Another object of that name has come since: nobody has decided to delete that one.
      d.there = false;
      report_.Note(d.object->Describe() +
                   " was not deleted: it has been made anew while the restore ran");
      return {};
    }
    return Failed(d, std::move(deleted).error(), "deleting it");
  }

  Status Look(Doomed& d) {
    auto object = api_.Get(*d.object->type, d.object->ns, d.object->name);
    if (!object) {
      ErrorKind kind = object.error().kind();
      if (kind != ErrorKind::kNotFound && kind != ErrorKind::kExpired) {
        return Failed(d, std::move(object).error(), "looking whether it has gone");
      }
      d.there = false;
      return {};
    }
    d.there = json::FindString(*object, {"metadata", "uid"}).value_or("") == d.uid;
    if (d.there) d.live = std::move(*object);
    return {};
  }

  // Until all have gone, `time` has passed, or nothing has gone or changed for `quiet`.
  Status Wait(std::chrono::seconds time, std::chrono::seconds quiet) {
    Deadline deadline = Deadline::After(clock_, time);
    Deadline stalled = Deadline::After(clock_, quiet);
    std::string last = Left();
    for (;;) {
      std::string left = Left();
      if (left.empty() || deadline.Passed(clock_)) return {};
      if (left != last) stalled = Deadline::After(clock_, quiet);
      if (stalled.Passed(clock_)) return {};
      last = std::move(left);
      if (!clock_.Sleep(kPoll, stop_)) return Fail(ErrorKind::kCancelled, "stopped while pruning");
      HF_TRY(ForEach([this](Doomed& d) { return Look(d); }));
    }
  }

  // Uid and resourceVersion of all that are still there: another text when something has moved.
  std::string Left() const {
    std::string left;
    for (const Doomed& d : all_) {
      if (!d.there || d.failed) continue;
      left += d.uid + " ";
      left += json::FindString(d.live, {"metadata", "resourceVersion"}).value_or("") + ",";
    }
    return left;
  }

  Status RemoveFinalizers(Doomed& d) {
    for (int attempt = 1;; ++attempt) {
      if (!json::Find(d.live, {"metadata", "deletionTimestamp"})) return {};
      Finalizers finalizers = FinalizersOf(d.live);
      if (!finalizers.removable) return {};
      std::string kept = finalizers.crd_cleanup ? json::Quote(kCrdCleanup) : "";
      std::string version = json::FindString(d.live, {"metadata", "resourceVersion"}).value_or("");
      std::string patch = "{\"metadata\":{\"uid\":" + json::Quote(d.uid) +
                          ",\"resourceVersion\":" + json::Quote(version) +
                          ",\"finalizers\":" + (kept.empty() ? "null" : "[" + kept + "]") + "}}";
      auto patched = api_.MergePatch(*d.object->type, d.object->ns, d.object->name, patch);
      if (patched || patched.error().kind() == ErrorKind::kNotFound) return {};
      if (patched.error().kind() != ErrorKind::kConflict || attempt == kConflictTries) {
        return Failed(d, std::move(patched).error(), "removing its finalizers");
      }
      HF_TRY(Look(d));
      if (!d.there || d.failed) return {};
    }
  }

  Api& api_;
  const PruneSettings& settings_;
  ReportBuilder& report_;
  Clock& clock_;
  std::stop_token stop_;
  std::vector<Doomed> all_;
};

}  // namespace

bool HasRemovableFinalizers(std::string_view object) { return FinalizersOf(object).removable; }

Status Prune(Api& api, const UidTable& uids, const std::vector<const ExtraObject*>& doomed,
             const PruneSettings& settings, ReportBuilder& report, Clock& clock,
             std::stop_token stop) {
  if (doomed.empty()) return {};
  return PruneRun(api, settings, report, clock, stop).All(uids, doomed);
}

}  // namespace holdfast::restore
