#include "operator/informer.h"

#include <algorithm>
#include <utility>

#include "base/json_scan.h"

namespace holdfast::op {
namespace {

constexpr std::chrono::milliseconds kFirstWait{500};
constexpr std::chrono::milliseconds kLongestRetryWait{15'000};
// After a watch: what changed meanwhile is seen so much later.
constexpr std::chrono::milliseconds kLongestWatchWait{5'000};
// A watch that lasts so long without an event is an ordinary one.
constexpr std::chrono::seconds kUsefulWatch{10};
constexpr int64_t kPage = 500;

std::string NameOf(std::string_view object) {
  return json::FindString(object, {"metadata", "name"}).value_or("");
}

}  // namespace

Informer::Informer(kube::Client& client, const kube::ResourceType& type,
                   std::chrono::seconds resync,
                   std::function<std::string(std::string_view)> fingerprint,
                   std::function<void(const std::string&)> changed, observe::Readiness& readiness,
                   const Logger& log, Clock& clock)
    : client_(client),
      type_(type),
      resync_(resync),
      fingerprint_(std::move(fingerprint)),
      changed_(std::move(changed)),
      readiness_(readiness),
      log_(log),
      clock_(clock) {
  readiness_.NotReady(type_.plural, "not listed yet");
}

Result<std::string> Informer::ListAll(std::stop_token stop) {
  std::map<std::string, std::string> fresh;
  kube::ListRequest request;
  request.type = &type_;
  request.limit = kPage;
  HF_ASSIGN(kube::ListEnd end, client_.List(request,
                                            [&](std::string_view object) -> Status {
                                              fresh[NameOf(object)] = std::string(object);
                                              return {};
                                            },
                                            {.stop = stop}));
  std::vector<std::string> names;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, text] : fresh) names.push_back(name);
    for (const auto& [name, text] : objects_)
      if (!fresh.contains(name)) names.push_back(name);
    objects_ = std::move(fresh);
    synced_ = true;
  }
  for (const std::string& name : names) changed_(name);
  return end.resource_version;
}

void Informer::Seen(std::string_view object, bool gone) {
  std::string name = NameOf(object);
  bool news = gone;
  {
    std::lock_guard lock(mutex_);
    auto found = objects_.find(name);
    if (gone) {
      if (found != objects_.end()) objects_.erase(found);
    } else if (found == objects_.end()) {
      objects_.emplace(name, object);
      news = true;
    } else {
      news = fingerprint_(found->second) != fingerprint_(object);
      found->second = object;
    }
  }
  if (news) changed_(name);
}

Status Informer::WatchFrom(std::string& revision, Deadline resync, std::stop_token stop) {
  return client_.Watch(
      type_, "", revision,
      [&](const kube::WatchEvent& event) -> Status {
        ++events_;
        if (auto seen = json::FindString(event.object, {"metadata", "resourceVersion"}))
          revision = *seen;
        if (event.type != kube::WatchEvent::Type::kBookmark)
          Seen(event.object, event.type == kube::WatchEvent::Type::kDeleted);
        return {};
      },
      {.deadline = resync, .stop = stop});
}

// Whatever the server answers, and however fast, requests are spaced out: `wait` doubles until a
// watch has been of use. A proxy may end each watch at once, or each revision may be too old.
void Informer::Run(std::stop_token stop) {
  std::chrono::milliseconds wait = kFirstWait;
  auto pause = [&](std::chrono::milliseconds longest) {
    clock_.Sleep(std::min(wait, longest), stop);
    wait = std::min(wait * 2, kLongestRetryWait);
  };
  while (!stop.stop_requested()) {
    auto revision = ListAll(stop);
    Status status = {};
    if (revision) {
      readiness_.Ready(type_.plural);
      Deadline resync = Deadline::After(clock_, resync_);
      while (status && !stop.stop_requested() && !resync.Passed(clock_)) {
        const uint64_t before = events_;
        const Clock::Steady began = clock_.SteadyNow();
        status = WatchFrom(*revision, resync, stop);
        if (stop.stop_requested() || resync.Passed(clock_)) break;
        bool useful = events_ != before || clock_.SteadyNow() - began >= kUsefulWatch;
        if (useful) wait = kFirstWait;
        // A connection that broke: the watch goes on where it was.
        bool broke = !status && status.error().kind() == ErrorKind::kUnavailable;
        if (broke) {
          log_.Debug("a watch broke off",
                     {{"type", type_.ResourceName()}, {"error", status.error().ToString()}});
          status = {};
        }
        if (broke || !useful) pause(kLongestWatchWait);
      }
    } else {
      status = Fail(std::move(revision).error());
    }
    if (stop.stop_requested()) return;
    if (status || status.error().kind() == ErrorKind::kCancelled) continue;  // resync
    if (status.error().kind() == ErrorKind::kExpired && revision) continue;  // list anew
    std::string why = status.error().kind() == ErrorKind::kNotFound
                          ? "the CRD " + type_.ResourceName() +
                                " is not installed (helm install rancher-backup-crd)"
                          : status.error().ToString();
    readiness_.NotReady(type_.plural, why);
    log_.Warn("cannot watch; trying again", {{"type", type_.ResourceName()}, {"error", why}});
    pause(kLongestRetryWait);
  }
}

std::vector<std::string> Informer::Objects() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> texts;
  for (const auto& [name, text] : objects_) texts.push_back(text);
  return texts;
}

bool Informer::synced() const {
  std::lock_guard lock(mutex_);
  return synced_;
}

}  // namespace holdfast::op
