#include "testbed/loader.h"

#include <atomic>
#include <mutex>
#include <unordered_map>

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/workers.h"

namespace holdfast::testbed {
namespace {

constexpr std::chrono::seconds kServedWithin{60};
constexpr std::chrono::milliseconds kServedPollEvery{20};
constexpr int kStatusTries = 5;
constexpr size_t kProgressEvery = 200;

class Loading {
 public:
  Loading(kube::Client& client, const ObjectSet& set, const LoadOptions& options)
      : client_(client), set_(set), options_(options), total_(set.size()) {}

  Status Run(Phase phase) {
    return ParallelFor(
        set_.size(phase), options_.workers, options_.stop,
        [&](size_t i, std::stop_token stop) { return One(set_.At(phase, i), stop); });
  }

  // A custom resource can be created only after its CRD has come to be served.
  Status WaitForDefinitions() {
    std::vector<const kube::ResourceType*> types;
    for (const ObjectKind& kind : set_.kinds()) {
      if (kind.custom) types.push_back(&kind.type);
    }
    return ParallelFor(
        types.size(), options_.workers, options_.stop,
        [&](size_t i, std::stop_token stop) { return WaitUntilServed(client_, *types[i], stop); });
  }

  LoadReport Report() const {
    LoadReport report;
    report.existed = existed_;
    report.created = done_ - existed_;
    report.status_writes = status_writes_;
    report.bytes = bytes_;
    return report;
  }

 private:
  Status One(Object object, std::stop_token stop) {
    if (object.owner.type != nullptr) {
      HF_ASSIGN(std::string uid, UidOf(object.owner));
      object.json.replace(object.json.find(kOwnerUid), kOwnerUid.size(), uid);
    }
    HF_ASSIGN_CONTEXT(CreatedObject made,
                      CreateWithStatus(client_, object.key, object.json, object.status, stop),
                      "creating " + object.key.ToString());
    if (made.existed) ++existed_;
    if (!object.status.empty()) ++status_writes_;
    bytes_ += object.json.size() + object.status.size();
    if (set_.MayOwn(*object.key.type)) {
      auto uid = json::FindString(made.json, {"metadata", "uid"});
      std::lock_guard lock(mutex_);
      uids_[object.key.ToString()] = uid.value_or("");
    }
    size_t done = ++done_;
    if (options_.progress && (done % kProgressEvery == 0 || done == total_)) {
      std::lock_guard lock(progress_mutex_);
      options_.progress(done, total_);
    }
    return {};
  }

  Result<std::string> UidOf(const ObjectKey& owner) {
    std::lock_guard lock(mutex_);
    auto found = uids_.find(owner.ToString());
    if (found != uids_.end()) return found->second;
    return Fail(ErrorKind::kInternal, "owner " + owner.ToString() + " has not been created");
  }

  kube::Client& client_;
  const ObjectSet& set_;
  const LoadOptions& options_;
  const size_t total_;
  std::atomic<size_t> done_{0}, existed_{0}, status_writes_{0};
  std::atomic<uint64_t> bytes_{0};
  std::mutex mutex_, progress_mutex_;
  std::unordered_map<std::string, std::string> uids_;  // of those that may be owners
};

}  // namespace

Status WaitUntilServed(kube::Client& client, const kube::ResourceType& type, std::stop_token stop) {
  Clock& clock = Clock::Real();
  Deadline deadline = Deadline::After(clock, kServedWithin);
  kube::RawRequest request;
  request.path = type.CollectionPath("") + "?limit=1";
  kube::Call call;
  call.stop = stop;
  for (;;) {
    auto answer = client.Raw(request, call);
    if (answer) return {};
    bool may_come = answer.error().kind() == ErrorKind::kNotFound ||
                    answer.error().kind() == ErrorKind::kUnavailable;
    if (!may_come || deadline.Passed(clock) || !clock.Sleep(kServedPollEvery, stop)) {
      return Fail(std::move(answer).error().With("waiting until " + type.ResourceName() + "/" +
                                                 type.gv.version + " is served"));
    }
  }
}

Result<CreatedObject> CreateWithStatus(kube::Client& client, const ObjectKey& key,
                                       const std::string& json, const std::string& status,
                                       std::stop_token stop) {
  kube::Call call;
  call.stop = stop;
  CreatedObject made;
  auto answer = client.Create(*key.type, key.ns, json, call);
  if (!answer) {
    if (answer.error().kind() != ErrorKind::kConflict) return Fail(std::move(answer).error());
    made.existed = true;
    answer = client.Get(*key.type, key.ns, key.name, call);
    if (!answer) return Fail(std::move(answer).error());
  }
  made.json = std::move(*answer);
  for (int attempt = 1; !status.empty(); ++attempt) {
    auto written = client.UpdateStatus(*key.type, key.ns, key.name,
                                       json::SetKey(made.json, "status", status), call);
    if (written) {
      made.json = std::move(*written);
      break;
    }
    // A controller was quicker.
    if (written.error().kind() != ErrorKind::kConflict || attempt == kStatusTries) {
      return Fail(std::move(written).error().With("writing its status"));
    }
    HF_ASSIGN(made.json, client.Get(*key.type, key.ns, key.name, call));
  }
  return made;
}

Result<LoadReport> Load(kube::Client& client, const ObjectSet& set, const LoadOptions& options) {
  Loading loading(client, set, options);
  auto begun = Clock::Real().SteadyNow();
  for (Phase phase : kPhases) {
    HF_TRY(loading.Run(phase));
    if (phase == Phase::kDefinitions) {
      HF_TRY(loading.WaitForDefinitions());
    }
  }
  LoadReport report = loading.Report();
  report.took = Clock::Real().SteadyNow() - begun;
  return report;
}

}  // namespace holdfast::testbed
