#include "operator/run_watch.h"

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace holdfast::op {
namespace {

// Whether the Secret or the store itself is to blame; the API server's troubles pass.
bool IsLasting(const Error& error) {
  return error.kind() == ErrorKind::kNotFound || error.kind() == ErrorKind::kInvalid ||
         error.kind() == ErrorKind::kUnauthorized || error.kind() == ErrorKind::kCorrupt;
}

}  // namespace

class RunWatch::Watched : public storage::Store {
 public:
  Watched(std::unique_ptr<storage::Store> store, RunWatch& watch)
      : store_(std::move(store)), watch_(watch) {}

  // Not a request, where the store is far away: that it went well says nothing.
  Result<stream::Spool> NewSpool() override {
    auto spool = store_->NewSpool();
    if (!spool) Note(spool.error(), false);
    return spool;
  }
  Status Put(stream::Spool& spool, const std::string& name, const Waits& waits) override {
    return Timed("put", false, [&] { return store_->Put(spool, name, waits); });
  }
  Result<std::unique_ptr<stream::Source>> Open(const std::string& name, uint64_t offset,
                                               const Waits& waits) override {
    return Timed("open", true, [&] { return store_->Open(name, offset, waits); });
  }
  Result<std::vector<storage::ObjectInfo>> List(std::string_view prefix,
                                                const Waits& waits) override {
    return Timed("list", false, [&] { return store_->List(prefix, waits); });
  }
  Result<storage::ObjectInfo> Stat(const std::string& name, const Waits& waits) override {
    return Timed("stat", true, [&] { return store_->Stat(name, waits); });
  }
  Status Delete(const std::string& name, const Waits& waits) override {
    return Timed("delete", true, [&] { return store_->Delete(name, waits); });
  }
  std::string Describe() const override { return store_->Describe(); }

 private:
  // `of_a_file`: not found means the file, not the bucket or the folder.
  void Note(const Error& error, bool of_a_file) {
    ErrorKind kind = error.kind();
    if (kind == ErrorKind::kCancelled) return;
    bool answer = kind == ErrorKind::kConflict || kind == ErrorKind::kCorrupt ||
                  (of_a_file && (kind == ErrorKind::kNotFound || kind == ErrorKind::kInvalid));
    watch_.asked_ = true;
    if (!answer) watch_.failed_ = true;
  }

  template <typename Call>
  std::invoke_result_t<Call> Timed(const char* operation, bool of_a_file, Call call) {
    Clock::Steady begin = watch_.clock_.SteadyNow();
    auto result = call();
    std::chrono::duration<double> took = watch_.clock_.SteadyNow() - begin;
    watch_.metrics_.store_seconds.Observe({operation}, took.count());
    if (result)
      watch_.asked_ = true;
    else
      Note(result.error(), of_a_file);
    return result;
  }

  std::unique_ptr<storage::Store> store_;
  RunWatch& watch_;
};

RunWatch::RunWatch(Metrics& metrics, Clock& clock, std::string kind, std::string name)
    : metrics_(metrics), clock_(clock), labels_{std::move(kind), std::move(name)} {}

RunWatch::~RunWatch() {
  if (asked_) metrics_.store_reachable.Set(labels_, failed_ ? 0 : 1);
}

Result<crypto::Transformers> RunWatch::Keys(Result<crypto::Transformers> keys) {
  if (keys || IsLasting(keys.error())) metrics_.keys_readable.Set(labels_, keys ? 1 : 0);
  return keys;
}

Result<LocatedStore> RunWatch::Store(Result<LocatedStore> store) {
  if (!store) {
    if (IsLasting(store.error())) asked_ = failed_ = true;
    return store;
  }
  store->opened.store = std::make_unique<Watched>(std::move(store->opened.store), *this);
  return store;
}

void RunWatch::Forget(Metrics& metrics, const std::string& kind, const std::string& name) {
  metrics.store_reachable.Drop({kind, name});
  metrics.keys_readable.Drop({kind, name});
}

}  // namespace holdfast::op
