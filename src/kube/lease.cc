#include "kube/lease.h"

#include <algorithm>
#include <mutex>
#include <thread>

#include "base/json_text.h"
#include "base/rfc3339.h"
#include "kube/lease_record.h"
#include "kube/types.h"

namespace holdfast::kube {
namespace {

constexpr int kTakeAttempts = 5;
constexpr std::chrono::seconds kReleaseInDestructor{5};

const ResourceType& Namespaces() {
  static const ResourceType type{{"", "v1"}, "namespaces", "Namespace", false, 0, true};
  return type;
}

Error Held(const LeaseOptions& options, const LeaseRecord& record) {
  std::string lease = "the Lease " + options.ns + "/" + options.name;
  Error error(ErrorKind::kConflict, lease + " is held by \"" + record.holder + "\"");
  if (auto expires = record.Expires())
    return std::move(error).Hint("it may be taken over when it is not renewed until " +
                                 FormatRfc3339(*expires) + "; wait for its holder to finish");
  return std::move(error).Hint(
      "wait for its holder to finish; when it is certainly dead, free the Lease: kubectl -n " +
      options.ns + " delete lease " + options.name);
}

Status CreateNamespace(Client& client, const std::string& ns, const Call& call) {
  std::string object =
      R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":)" + json::Quote(ns) + "}}";
  auto created = client.Create(Namespaces(), "", object, call);
  if (!created && created.error().reason() != "AlreadyExists")
    return Fail(std::move(created).error());
  return {};
}

// Creates the Lease, and the namespace before it where that is missing. kConflict when it is there.
Result<std::string> CreateLease(Client& client, const LeaseOptions& options, Clock& clock,
                                const Call& call) {
  for (bool again = false;; again = true) {
    auto created = client.Create(
        LeaseType(), options.ns,
        NewLease(options.ns, options.name, options.holder, options.duration, clock.Now()), call);
    if (created || created.error().kind() != ErrorKind::kNotFound || again) return created;
    HF_TRY(CreateNamespace(client, options.ns, call));
  }
}

// The Lease as it is once it is ours.
Result<std::string> Take(Client& client, const LeaseOptions& options, Clock& clock,
                         const Logger& log, const Call& call) {
  int waits = 0;
  for (int attempt = 1;; ++attempt) {
    auto lease = client.Get(LeaseType(), options.ns, options.name, call);
    Result<std::string> taken = Fail(ErrorKind::kInternal, "");
    if (lease) {
      LeaseRecord record = LeaseRecord::Of(*lease);
      auto expires = record.Expires();
      bool free = record.holder.empty() || record.holder == options.holder ||
                  (expires && *expires < clock.Now());
      if (!free) {
        // A holder that lives renews it meanwhile.
        auto left = expires ? *expires - clock.Now() : Clock::Wall::duration::max();
        bool wait = left <= options.wait_for_expiry && waits++ == 0;
        if (!wait) return Fail(Held(options, record));
        log.Info("the Lease is held; it is taken over unless its holder renews it",
                 {{"holder", record.holder}, {"expires", FormatRfc3339(*expires)}});
        if (!clock.Sleep(left + std::chrono::seconds(1), call.stop))
          return Fail(ErrorKind::kCancelled, "stopped");
        continue;
      }
      taken =
          client.Update(LeaseType(), options.ns, options.name,
                        TakenLease(*lease, options.holder, options.duration, clock.Now()), call);
    } else if (lease.error().kind() == ErrorKind::kNotFound) {
      taken = CreateLease(client, options, clock, call);
    } else {
      return lease;
    }
    // Somebody was quicker, or the Lease was deleted meanwhile: look again.
    bool raced = !taken && (taken.error().kind() == ErrorKind::kConflict ||
                            taken.error().kind() == ErrorKind::kNotFound);
    if (!raced || attempt == kTakeAttempts) return taken;
  }
}

}  // namespace

const ResourceType& LeaseType() {
  static const ResourceType type{{"coordination.k8s.io", "v1"}, "leases", "Lease", true, 0, false};
  return type;
}

struct LeaseHold::Impl {
  Impl(Client& c, LeaseOptions o, Clock& k, const Logger& l)
      : client(c), options(std::move(o)), clock(k), log(l) {}

  void Renew(std::stop_token stop);
  Status RenewOnce(const Call& call);
  Status Free(const Call& call);
  void Lose(const std::string& why) {
    log.Err("the Lease is lost; work under it must stop",
            {{"lease", options.ns + "/" + options.name}, {"reason", why}});
    {
      std::lock_guard lock(mutex);
      why_lost = why;
    }
    lost.request_stop();
  }

  Client& client;
  const LeaseOptions options;
  Clock& clock;
  const Logger& log;
  // As it was when it was last seen to be ours; the renewing thread's until that has been joined.
  std::string lease;
  std::mutex mutex;
  std::string why_lost;
  std::stop_source lost;
  bool released = false;
  std::jthread renewing;
};

// kConflict when it is somebody else's.
Status LeaseHold::Impl::RenewOnce(const Call& call) {
  auto renewed =
      client.Update(LeaseType(), options.ns, options.name, RenewedLease(lease, clock.Now()), call);
  if (!renewed && renewed.error().kind() == ErrorKind::kNotFound)
    renewed =
        CreateLease(client, options, clock, call);  // the reference operator deletes it at start
  if (!renewed && renewed.error().kind() == ErrorKind::kConflict) {
    HF_ASSIGN(std::string seen, client.Get(LeaseType(), options.ns, options.name, call));
    LeaseRecord record = LeaseRecord::Of(seen);
    if (record.holder != options.holder) return Fail(Held(options, record));
    lease = std::move(seen);
    renewed = client.Update(LeaseType(), options.ns, options.name, RenewedLease(lease, clock.Now()),
                            call);
    // Once more behind: let the next round look again.
    if (!renewed && renewed.error().kind() == ErrorKind::kConflict)
      return Fail(ErrorKind::kUnavailable, renewed.error().ToString());
  }
  if (!renewed) return Fail(std::move(renewed).error());
  lease = std::move(*renewed);
  return {};
}

void LeaseHold::Impl::Renew(std::stop_token stop) {
  const std::chrono::nanoseconds period = std::chrono::nanoseconds(options.duration) / 3;
  const std::chrono::nanoseconds soon = period / 5;
  Deadline expiry = Deadline::After(clock, options.duration);
  std::chrono::nanoseconds wait = period;
  while (clock.Sleep(std::min(wait, expiry.Left(clock)), stop)) {
    // Counted from before the request: the server's renewTime is not earlier.
    Deadline next = Deadline::After(clock, options.duration);
    // One request that hangs must not use up the time of those that could follow.
    Deadline attempt = Deadline::After(clock, std::min(period, expiry.Left(clock)));
    Status status = RenewOnce({attempt, stop});
    if (stop.stop_requested()) return;
    if (status) {
      expiry = next;
      wait = period;
      continue;
    }
    if (status.error().kind() == ErrorKind::kConflict || expiry.Passed(clock))
      return Lose(status.error().ToString());
    log.Warn("the Lease could not be renewed; it is tried again",
             {{"lease", options.ns + "/" + options.name}, {"error", status.error().ToString()}});
    wait = soon;
  }
}

Status LeaseHold::Impl::Free(const Call& call) {
  for (int attempt = 1;; ++attempt) {
    auto freed = client.Update(LeaseType(), options.ns, options.name, FreedLease(lease), call);
    if (freed || freed.error().kind() == ErrorKind::kNotFound) return {};
    if (freed.error().kind() != ErrorKind::kConflict || attempt == kTakeAttempts)
      return Fail(std::move(freed).error().With("releasing the Lease"));
    auto seen = client.Get(LeaseType(), options.ns, options.name, call);
    if (!seen && seen.error().kind() == ErrorKind::kNotFound) return {};
    if (!seen) return Fail(std::move(seen).error().With("releasing the Lease"));
    if (LeaseRecord::Of(*seen).holder != options.holder) return {};
    lease = std::move(*seen);
  }
}

LeaseHold::LeaseHold(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<LeaseHold>> LeaseHold::Acquire(Client& client, const LeaseOptions& options,
                                                      Clock& clock, const Logger& log,
                                                      const Call& call) {
  if (options.ns.empty() || options.name.empty() || options.holder.empty() ||
      options.duration < std::chrono::seconds(1))
    return Fail(ErrorKind::kInvalid, "a Lease needs a namespace, a name, a holder and a duration");
  HF_ASSIGN_CONTEXT(std::string lease, Take(client, options, clock, log, call), "taking the Lease");
  auto impl = std::make_unique<Impl>(client, options, clock, log);
  impl->lease = std::move(lease);
  impl->renewing = std::jthread([i = impl.get()](std::stop_token stop) { i->Renew(stop); });
  return std::unique_ptr<LeaseHold>(new LeaseHold(std::move(impl)));
}

LeaseHold::~LeaseHold() {
  Call call;
  call.deadline = Deadline::After(impl_->clock, kReleaseInDestructor);
  if (Status status = Release(call); !status)
    impl_->log.Warn("the Lease was not released; it expires by itself",
                    {{"error", status.error().ToString()}});
}

Status LeaseHold::Release(const Call& call) {
  if (impl_->released) return {};
  impl_->renewing.request_stop();
  if (impl_->renewing.joinable()) impl_->renewing.join();
  Status status = impl_->Free(call);
  impl_->released = status.has_value();
  return status;
}

Result<std::string> LeaseHold::Holder(Client& client, std::string_view ns, std::string_view name,
                                      const Call& call) {
  auto lease = client.Get(LeaseType(), ns, name, call);
  if (!lease && lease.error().kind() == ErrorKind::kNotFound) return std::string();
  if (!lease) return lease;
  return LeaseRecord::Of(*lease).holder;
}

std::string LeaseHold::why_lost() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->why_lost;
}

bool LeaseHold::lost() const { return impl_->lost.stop_requested(); }
std::stop_token LeaseHold::lost_token() const { return impl_->lost.get_token(); }

}  // namespace holdfast::kube
