#include "etcd/recurring.h"

#include <algorithm>

#include <fmt/format.h>

namespace holdfast::etcd {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

// Another process may be about to describe what is younger.
constexpr std::chrono::minutes kDescribedAfter{15};

// Bytes of disk while it is taken: the unpacked snapshot lies beside the packed one.
uint64_t DiskFor(const SnapshotMeta& meta) {
  return meta.stored_size + (meta.compression == "none" ? 0 : meta.size);
}

class Recurring {
 public:
  Recurring(storage::Store& store, const RecurringOptions& options, std::stop_token stop)
      : store_(store), options_(options), stop_(std::move(stop)) {}

  void Run() {
    Clock& clock = *options_.clock;
    nanoseconds wait = FirstWait();
    while (clock.Sleep(wait, stop_) && !stop_.stop_requested()) {
      Round round{.name = "",
                  .started = clock.Now(),
                  .meta = std::nullopt,
                  .error = std::nullopt,
                  .not_described = {},
                  .pruned = {},
                  .prune_error = std::nullopt};
      auto begin = clock.SteadyNow();
      if (options_.begin) options_.begin();
      Take(round);
      if (stop_.stop_requested() && round.error) return;  // abandoned, not failed
      round.took = clock.SteadyNow() - begin;
      failures_ = round.error ? failures_ + 1 : 0;
      round.failures_in_a_row = failures_;
      wait = round.wait = WaitAfter(round);
      options_.report(round);
    }
  }

 private:
  Waits StoreWaits() const { return {.clock = options_.clock, .stop = stop_}; }

  // Of whatever cluster: before the first answer of etcd its id is not known.
  std::vector<Snapshot> OwnSeries(const Catalog& catalog) const {
    std::vector<Snapshot> own;
    for (const Snapshot& snapshot : catalog.snapshots)
      if (SeriesOf(snapshot.file.name) == options_.series) own.push_back(snapshot);
    return own;
  }

  nanoseconds FirstWait() const {
    auto catalog = ReadCatalog(store_, StoreWaits());
    if (!catalog) return nanoseconds(0);  // the round meets the same, and reports it
    for (const Snapshot& snapshot : OwnSeries(*catalog)) {
      if (snapshot.not_good) continue;
      auto age = options_.clock->Now() - snapshot.meta.started;
      if (age < seconds(0)) continue;  // a clock that was wrong once must not stop us for years
      if (age > options_.interval) break;
      return options_.interval - age;
    }
    return nanoseconds(0);
  }

  nanoseconds WaitAfter(const Round& round) const {
    nanoseconds interval = options_.interval;
    if (round.error) {
      nanoseconds wait = seconds(30);
      for (int i = 1; i < failures_ && wait < interval; ++i) wait *= 2;
      return std::min(wait, interval);
    }
    return std::max(nanoseconds(0), interval - round.took);
  }

  void Take(Round& round) {
    round.name =
        SnapshotName(options_.series, round.started, options_.compression, options_.encrypted);
    Status room = MakeRoom(round);
    if (!room) {
      round.error = std::move(room).error();
      return;
    }
    auto taken = options_.take(round.name);
    if (!taken) {
      round.error = std::move(taken).error();
      return;
    }
    round.meta = std::move(*taken);
    cluster_ = round.meta->cluster;
    needed_ = DiskFor(*round.meta);
    if (Status pruned = Prune(round, round.name); !pruned)
      round.prune_error = std::move(pruned).error();
  }

  // Of the own cluster, what the rules give up.
  Status Prune(Round& round, const std::string& just_written) {
    HF_ASSIGN(auto catalog, ReadCatalog(store_, StoreWaits()));
    HF_ASSIGN(auto plan, PlanSnapshots(catalog, {options_.series, cluster_}, options_.rules,
                                       options_.clock->Now(), just_written));
    storage::PruneReport report = storage::Prune(store_, plan, StoreWaits());
    round.not_counted = plan.NotCounted();
    round.not_described.clear();
    for (const std::string& name : catalog.others) {
      auto time = TimeIn(name);
      if (SeriesOf(name) == options_.series && time && *time < round.started - kDescribedAfter)
        round.not_described.push_back(name);
    }
    round.kept = plan.verdicts.size() - round.not_counted.size() - report.deleted.size();
    auto append = [](auto& to, auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    append(round.pruned.deleted, report.deleted);
    append(round.pruned.deleted_orphans, report.deleted_orphans);
    append(round.pruned.failed, report.failed);
    return {};
  }

  Status MakeRoom(Round& round) {
    if (needed_ == 0) HF_TRY(LearnNeed());
    uint64_t with_reserve = needed_ + needed_ / 5;
    auto free = options_.free_bytes ? options_.free_bytes() : std::nullopt;
    if (!free || *free >= with_reserve) return {};
    HF_TRY_CONTEXT(AskCluster(), "making room in the store");
    if (!cluster_.empty()) HF_TRY(Prune(round, ""));
    free = options_.free_bytes();
    if (!free || *free >= with_reserve) return {};
    return Fail(
        Error(ErrorKind::kUnavailable,
              fmt::format("the disk has {} bytes left, and the last snapshot took {}", *free,
                          needed_))
            .With(store_.Describe())
            .Hint("make room, keep fewer snapshots (--keep, --retention), or --compress zstd; "
                  "nothing that the rules keep was deleted"));
  }

  // Never guessed from what lies in the store: another cluster's snapshots may have the same
  // series.
  Status AskCluster() {
    if (!cluster_.empty() || !options_.cluster) return {};
    HF_ASSIGN(cluster_, options_.cluster());
    return {};
  }

  // From the newest good snapshot that is there; nothing where there is none.
  Status LearnNeed() {
    auto catalog = ReadCatalog(store_, StoreWaits());
    if (!catalog && catalog.error().kind() == ErrorKind::kNotFound) return {};
    if (!catalog) return Fail(std::move(catalog).error());
    for (const Snapshot& snapshot : OwnSeries(*catalog)) {
      if (snapshot.not_good) continue;
      needed_ = DiskFor(snapshot.meta);
      return {};
    }
    return {};
  }

  storage::Store& store_;
  const RecurringOptions& options_;
  std::stop_token stop_;
  int failures_ = 0;
  uint64_t needed_ = 0;  // bytes of disk while a snapshot is taken; 0: not known
  std::string cluster_;
};

}  // namespace

Status RunRecurring(storage::Store& store, const RecurringOptions& options, std::stop_token stop) {
  HF_TRY(options.rules.Check());
  if (options.interval < seconds(1))
    return Fail(ErrorKind::kInvalid, "the interval must be at least a second");
  Recurring(store, options, std::move(stop)).Run();
  return {};
}

}  // namespace holdfast::etcd
