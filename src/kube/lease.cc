#include "kube/lease.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>

#include "base/json_text.h"
#include "kube/lease_holder.h"
#include "kube/lease_record.h"
#include "kube/types.h"

namespace holdfast::kube {
namespace {

using std::chrono::nanoseconds;

constexpr int kTakeAttempts = 5;
constexpr std::chrono::seconds kReleaseInDestructor{5};
// While waiting for another's Lease to expire: it may be freed or renewed earlier.
constexpr std::chrono::seconds kLookAgain{1};
// What a process sent before it ended may still be on its way to the server.
constexpr std::chrono::seconds kAfterEnd{1};
constexpr std::chrono::seconds kRetakeAgain{2};

const ResourceType& Namespaces() {
  static const ResourceType type{{"", "v1"}, "namespaces", "Namespace", false, 0, true};
  return type;
}

Error Held(const LeaseOptions& options, const LeaseRecord& record) {
  std::string lease = "the Lease " + options.ns + "/" + options.name;
  Error error = Error(ErrorKind::kConflict, lease + " is held by \"" + record.holder + "\"")
                    .Reason(std::string(kLeaseHeld));
  if (record.expires())
    return std::move(error).Hint(
        "wait for its holder to finish; it may be taken over when it has "
        "not been renewed for " +
        std::to_string(record.duration->count()) + " s");
  return std::move(error).Hint(
      "wait for its holder to finish; when it is certainly dead, free the Lease: kubectl -n " +
      options.ns + " delete lease " + options.name);
}

Error Lost(const std::string& why) {
  return Error(ErrorKind::kConflict, why).Reason(std::string(kLeaseLost));
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
Result<std::string> CreateLease(Client& client, const LeaseOptions& options,
                                const std::string& holder, Clock& clock, const Call& call) {
  for (bool again = false;; again = true) {
    auto created = client.Create(
        LeaseType(), options.ns,
        NewLease(options.ns, options.name, holder, options.duration, clock.Now()), call);
    if (created || created.error().kind() != ErrorKind::kNotFound || again) return created;
    HF_TRY(CreateNamespace(client, options.ns, call));
  }
}

struct Taken {
  std::string lease;
  Clock::Steady began;  // when the request was sent that took it: the server wrote it no earlier
};

// The Lease as it is once it is ours.
Result<Taken> Take(Client& client, const LeaseOptions& options, const std::string& holder,
                   Clock& clock, const Logger& log, const Call& call) {
  LeaseObservation own;
  LeaseObservation& observed = options.observed ? *options.observed : own;
  LeaseObservation waited;  // by this call
  const Deadline give_up = Deadline::After(clock, options.wait_for_expiry);
  std::optional<Clock::Steady> ended_since;
  bool said = false;
  for (int attempt = 1;;) {
    auto lease = client.Get(LeaseType(), options.ns, options.name, call);
    Taken taken{"", clock.SteadyNow()};
    Result<std::string> written = Fail(ErrorKind::kInternal, "");
    if (lease) {
      LeaseRecord record = LeaseRecord::Of(*lease);
      bool free = record.holder.empty() ||
                  (!record.expires() && !options.resume.empty() && record.holder == options.resume);
      if (!free) {
        Clock::Steady now = clock.SteadyNow();
        Clock::Steady at = observed.Note(*lease, clock);
        waited.Note(*lease, clock);
        // Whoever waits for the end of a holder that renews waits for ever.
        if (waited.changed()) return Fail(Held(options, record));
        bool ended = HolderHasEnded(record.holder);
        if (ended && !ended_since) ended_since = now;
        if (ended) at = std::min(at, *ended_since + kAfterEnd);
        if (at > now) {
          if (!ended && (at == Clock::Steady::max() || at > give_up.at()))
            return Fail(Held(options, record));
          if (!said)
            log.Info("the Lease is held; it is taken over unless its holder renews it",
                     {{"holder", record.holder}});
          said = true;
          nanoseconds left = std::min<nanoseconds>(at - now, kLookAgain) + nanoseconds(1);
          if (!clock.Sleep(left, call.stop)) return Fail(ErrorKind::kCancelled, "stopped");
          continue;
        }
      }
      taken.began = clock.SteadyNow();
      written = client.Update(LeaseType(), options.ns, options.name,
                              TakenLease(*lease, holder, options.duration, clock.Now()), call);
    } else if (lease.error().kind() == ErrorKind::kNotFound) {
      written = CreateLease(client, options, holder, clock, call);
    } else {
      return Fail(std::move(lease).error());
    }
    if (written) {
      taken.lease = std::move(*written);
      return taken;
    }
    // Somebody was quicker, or the Lease was deleted meanwhile: look again.
    bool raced = written.error().kind() == ErrorKind::kConflict ||
                 written.error().kind() == ErrorKind::kNotFound;
    if (!raced || attempt++ == kTakeAttempts) return Fail(std::move(written).error());
  }
}

}  // namespace

const ResourceType& LeaseType() {
  static const ResourceType type{{"coordination.k8s.io", "v1"}, "leases", "Lease", true, 0, false};
  return type;
}

Clock::Steady LeaseObservation::Note(std::string_view lease, const Clock& clock) {
  LeaseRecord record = LeaseRecord::Of(lease);
  std::string now = record.uid + "\n" + record.holder + "\n" + std::to_string(record.transitions);
  if (record.renewed) now += "\n" + std::to_string(record.renewed->time_since_epoch().count());
  if (now != seen_ || changes_ == 0) {
    seen_ = std::move(now);
    since_ = clock.SteadyNow();
    ++changes_;
  }
  return record.expires() ? since_ + *record.duration : Clock::Steady::max();
}

struct LeaseHold::Impl {
  Impl(Client& c, LeaseOptions o, std::string h, Clock& k, const Logger& l)
      : client(c), options(std::move(o)), holder(std::move(h)), clock(k), log(l) {
    options.observed = nullptr;  // the caller's, for the attempt only
  }

  // How long the Lease is ours after a renewal began.
  nanoseconds validity() const { return nanoseconds(options.duration) * 2 / 3; }
  std::string Name() const { return options.ns + "/" + options.name; }
  void Begin(Taken taken);
  void Renew(std::stop_token stop);
  Status RenewOnce(const Call& call);
  Status Free(const Call& call);
  // False when it was lost meanwhile: it is not prolonged then.
  bool Prolong(Clock::Steady until);
  bool IsLost();
  void Lose(std::string why);

  Client& client;
  LeaseOptions options;
  const std::string holder;
  Clock& clock;
  const Logger& log;
  // As it was when it was last seen to be ours; the renewing thread's until that has been joined.
  std::string lease;
  std::mutex mutex;
  // Under `mutex`.
  Clock::Steady valid_until{};
  std::string uid;
  std::string last_error;  // of the renewals since the last that succeeded
  std::string why_lost;
  bool is_lost = false;

  std::stop_source lost;
  bool released = false;
  std::jthread renewing;
};

void LeaseHold::Impl::Lose(std::string why) {
  {
    std::lock_guard lock(mutex);
    if (is_lost) return;
    is_lost = true;
    why_lost = std::move(why);
  }
  log.Err("the Lease is lost; work under it must stop", {{"lease", Name()}, {"reason", why_lost}});
  lost.request_stop();
}

bool LeaseHold::Impl::Prolong(Clock::Steady until) {
  if (IsLost()) return false;
  std::lock_guard lock(mutex);
  if (is_lost) return false;
  valid_until = until;
  last_error.clear();
  return true;
}

// The time decides, not the renewing thread: after a pause of the process any thread may be the
// first to run.
bool LeaseHold::Impl::IsLost() {
  std::string why;
  {
    std::lock_guard lock(mutex);
    if (is_lost) return true;
    if (clock.SteadyNow() < valid_until) return false;
    why = "the Lease " + Name() + " could not be renewed in time" +
          (last_error.empty() ? "" : ": " + last_error);
  }
  Lose(std::move(why));
  return true;
}

void LeaseHold::Impl::Begin(Taken taken) {
  lease = std::move(taken.lease);
  uid = LeaseRecord::Of(lease).uid;
  valid_until = taken.began + validity();
  renewing = std::jthread([this](std::stop_token stop) { Renew(stop); });
}

// kConflict when it is somebody else's.
Status LeaseHold::Impl::RenewOnce(const Call& call) {
  auto renewed =
      client.Update(LeaseType(), options.ns, options.name, RenewedLease(lease, clock.Now()), call);
  if (!renewed && renewed.error().kind() == ErrorKind::kNotFound)
    // Deleted under us, as the reference operator does at its start. Whoever creates it first has
    // it.
    renewed = CreateLease(client, options, holder, clock, call);
  if (!renewed && renewed.error().kind() == ErrorKind::kConflict) {
    HF_ASSIGN(std::string seen, client.Get(LeaseType(), options.ns, options.name, call));
    LeaseRecord record = LeaseRecord::Of(seen);
    if (record.holder != holder) return Fail(Held(options, record));
    lease = std::move(seen);
    renewed = client.Update(LeaseType(), options.ns, options.name, RenewedLease(lease, clock.Now()),
                            call);
    // Once more behind: let the next round look again.
    if (!renewed && renewed.error().kind() == ErrorKind::kConflict)
      return Fail(ErrorKind::kUnavailable, renewed.error().ToString());
  }
  if (!renewed) return Fail(std::move(renewed).error());
  lease = std::move(*renewed);
  std::lock_guard lock(mutex);
  uid = LeaseRecord::Of(lease).uid;
  return {};
}

void LeaseHold::Impl::Renew(std::stop_token stop) {
  const nanoseconds period = nanoseconds(options.duration) / 6;
  const nanoseconds soon = period / 3;
  nanoseconds wait = period;
  Deadline expiry(valid_until);
  while (clock.Sleep(std::min(wait, expiry.Left(clock)), stop)) {
    if (IsLost()) return;
    Clock::Steady began = clock.SteadyNow();
    // One request that hangs must not use up the time of those that could follow.
    Deadline attempt = Deadline::After(clock, std::min(2 * period, expiry.Left(clock)));
    Status status = RenewOnce({attempt, stop});
    if (stop.stop_requested()) return;
    if (status) {
      // An answer that came too late counts no more: a challenger may have it by now.
      if (!Prolong(began + validity())) return;
      expiry = Deadline(began + validity());
      wait = period;
      continue;
    }
    if (status.error().kind() == ErrorKind::kConflict) return Lose(status.error().ToString());
    {
      std::lock_guard lock(mutex);
      last_error = status.error().ToString();
    }
    if (IsLost()) return;
    log.Warn("the Lease could not be renewed; it is tried again",
             {{"lease", Name()}, {"error", status.error().ToString()}});
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
    if (LeaseRecord::Of(*seen).holder != holder) return {};
    lease = std::move(*seen);
  }
}

LeaseHold::LeaseHold(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<LeaseHold>> LeaseHold::Acquire(Client& client, const LeaseOptions& options,
                                                      Clock& clock, const Logger& log,
                                                      const Call& call) {
  if (options.ns.empty() || options.name.empty() || options.purpose.empty() ||
      options.duration < std::chrono::seconds(1))
    return Fail(ErrorKind::kInvalid, "a Lease needs a namespace, a name, a purpose and a duration");
  std::string holder = NewLeaseHolder(options.purpose);
  HF_ASSIGN_CONTEXT(Taken taken, Take(client, options, holder, clock, log, call),
                    "taking the Lease");
  auto impl = std::make_unique<Impl>(client, options, std::move(holder), clock, log);
  impl->Begin(std::move(taken));
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
  if (impl_->IsLost()) return {};
  Status status = impl_->Free(call);
  impl_->released = status.has_value();
  return status;
}

Status LeaseHold::Valid() const {
  if (!lost()) return {};
  return Fail(Lost(why_lost()));
}

Status LeaseHold::CheckStillHeld(const Call& call) {
  HF_TRY(Valid());
  auto seen = impl_->client.Get(LeaseType(), impl_->options.ns, impl_->options.name, call);
  if (!seen && seen.error().kind() != ErrorKind::kNotFound)
    return Fail(std::move(seen).error().With("checking that the Lease is still held"));
  LeaseRecord record = seen ? LeaseRecord::Of(*seen) : LeaseRecord();
  bool same = false;
  {
    std::lock_guard lock(impl_->mutex);
    same = record.holder == impl_->holder && record.uid == impl_->uid;
  }
  // Deleted, it is created again by the next renewal, unless another does so first.
  if (!same)
    impl_->Lose("the Lease " + impl_->Name() +
                (record.holder.empty() ? " was freed or deleted by somebody else"
                                       : " is held by \"" + record.holder + "\""));
  return Valid();
}

Result<std::unique_ptr<LeaseHold>> LeaseHold::Retake(nanoseconds limit, const Call& call) {
  if (!lost()) return Fail(ErrorKind::kInternal, "the Lease is not lost");
  impl_->renewing.request_stop();
  if (impl_->renewing.joinable()) impl_->renewing.join();
  const Deadline end = Deadline::After(impl_->clock, limit).Min(call.deadline);
  const LeaseOptions& options = impl_->options;
  for (;;) {
    Call one{end.Min(Deadline::After(impl_->clock, options.duration)), call.stop};
    Clock::Steady began = impl_->clock.SteadyNow();
    auto seen = impl_->client.Get(LeaseType(), options.ns, options.name, one);
    if (seen || seen.error().kind() == ErrorKind::kNotFound) {
      LeaseRecord record = seen ? LeaseRecord::Of(*seen) : LeaseRecord();
      // Freed or deleted, another may have held it and may have changed everything.
      if (record.holder != impl_->holder || record.uid != impl_->uid)
        return Fail(Lost(impl_->why_lost + "; since then " +
                         (record.holder.empty() ? std::string("it was freed or deleted")
                                                : "\"" + record.holder + "\" has taken it")));
      began = impl_->clock.SteadyNow();
      seen = impl_->client.Update(
          LeaseType(), options.ns, options.name,
          TakenLease(*seen, impl_->holder, options.duration, impl_->clock.Now()), one);
    }
    if (seen) {
      auto impl =
          std::make_unique<Impl>(impl_->client, options, impl_->holder, impl_->clock, impl_->log);
      impl->Begin({std::move(*seen), began});
      impl_->released = true;  // by this hold; the new one frees it
      return std::unique_ptr<LeaseHold>(new LeaseHold(std::move(impl)));
    }
    if (call.stop.stop_requested() || end.Passed(impl_->clock) ||
        seen.error().kind() == ErrorKind::kUnauthorized ||
        !impl_->clock.Sleep(kRetakeAgain, call.stop))
      return Fail(std::move(seen).error().With("taking the lost Lease again"));
  }
}

const std::string& LeaseHold::holder() const { return impl_->holder; }

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

bool LeaseHold::lost() const { return impl_->IsLost(); }
std::stop_token LeaseHold::lost_token() const { return impl_->lost.get_token(); }

}  // namespace holdfast::kube
