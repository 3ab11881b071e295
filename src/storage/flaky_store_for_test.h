// For tests: a store in front of which the line is bad.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "storage/store.h"

namespace holdfast::storage {

// Of each three calls the first fails before it reaches the store, the second does its work but its
// answer is lost, the third goes through. A source breaks off after 100,000 bytes. Calls with a
// wrong name, and those that were cancelled, are answered as the store does.
class FlakyStore : public Store {
 public:
  explicit FlakyStore(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  Result<stream::Spool> NewSpool() override { return store_->NewSpool(); }
  Status Put(stream::Spool& spool, const std::string& name, const Waits& waits) override {
    return Through<Status>(waits, [&] { return store_->Put(spool, name, waits); });
  }
  Result<std::unique_ptr<stream::Source>> Open(const std::string& name, uint64_t offset,
                                               const Waits& waits) override {
    HF_ASSIGN(auto source, Through<Result<std::unique_ptr<stream::Source>>>(
                               waits, [&] { return store_->Open(name, offset, waits); }));
    return std::make_unique<Breaking>(std::move(source));
  }
  Result<std::vector<ObjectInfo>> List(std::string_view prefix, const Waits& waits) override {
    return Through<Result<std::vector<ObjectInfo>>>(waits,
                                                    [&] { return store_->List(prefix, waits); });
  }
  Result<ObjectInfo> Stat(const std::string& name, const Waits& waits) override {
    return Through<Result<ObjectInfo>>(waits, [&] { return store_->Stat(name, waits); });
  }
  Status Delete(const std::string& name, const Waits& waits) override {
    return Through<Status>(waits, [&] { return store_->Delete(name, waits); });
  }
  std::string Describe() const override { return store_->Describe(); }

  int calls() const { return calls_; }

 private:
  static tl::unexpected<Error> Lost() { return Fail(ErrorKind::kUnavailable, "connection reset"); }

  class Breaking : public stream::Source {
   public:
    explicit Breaking(std::unique_ptr<stream::Source> source) : source_(std::move(source)) {}
    Result<size_t> Read(char* out, size_t size) override {
      if (left_ == 0) return Lost();
      HF_ASSIGN(size_t count, source_->Read(out, std::min(size, left_)));
      left_ -= count;
      return count;
    }

   private:
    std::unique_ptr<stream::Source> source_;
    size_t left_ = 100'000;
  };

  // Each thread has its own three, so that a call always gets through at its third attempt.
  template <typename R, typename Call>
  R Through(const Waits& waits, Call call) {
    thread_local int turn = 0;
    ++calls_;
    if (waits.stop.stop_requested()) return call();
    int now = turn;
    turn = (turn + 1) % 3;
    if (now == 0) return Lost();
    R result = call();
    if (now == 1 && (result || result.error().kind() == ErrorKind::kNotFound)) return Lost();
    turn = 0;
    return result;
  }

  std::unique_ptr<Store> store_;
  std::atomic<int> calls_{0};
};

}  // namespace holdfast::storage
