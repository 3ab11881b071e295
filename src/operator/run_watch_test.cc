#include "operator/run_watch.h"

#include <gtest/gtest.h>

namespace holdfast::op {
namespace {

// Every call ends with this error; with none where it is empty.
struct FixedStore : storage::Store {
  explicit FixedStore(std::optional<Error> given) : error(std::move(given)) {}
  Status End() const { return error ? Status(Fail(*error)) : Status(); }
  Result<stream::Spool> NewSpool() override {
    if (error) return Fail(*error);
    return stream::Spool::Create(::testing::TempDir());
  }
  Status Put(stream::Spool&, const std::string&, const Waits&) override { return End(); }
  Result<std::unique_ptr<stream::Source>> Open(const std::string&, uint64_t,
                                               const Waits&) override {
    HF_TRY(End());
    return nullptr;
  }
  Result<std::vector<storage::ObjectInfo>> List(std::string_view, const Waits&) override {
    HF_TRY(End());
    return std::vector<storage::ObjectInfo>();
  }
  Result<storage::ObjectInfo> Stat(const std::string&, const Waits&) override {
    HF_TRY(End());
    return storage::ObjectInfo();
  }
  Status Delete(const std::string&, const Waits&) override { return End(); }
  std::string Describe() const override { return "fixed"; }

  std::optional<Error> error;
};

class RunWatchTest : public ::testing::Test {
 protected:
  Result<LocatedStore> Located(std::optional<Error> error = {}) {
    LocatedStore store;
    store.opened.store = std::make_unique<FixedStore>(std::move(error));
    return store;
  }
  bool Has(const std::string& line) const {
    return registry_.Text().find(line) != std::string::npos;
  }
  bool Knows(const std::string& family) const { return Has(family + "{"); }

  observe::Registry registry_;
  Settings settings_;
  Metrics metrics_{registry_, settings_};
};

constexpr char kReachable[] = "holdfast_store_reachable{kind=\"Backup\",name=\"b\"} ";
constexpr char kKeys[] = "holdfast_encryption_keys_readable{kind=\"Backup\",name=\"b\"} ";

TEST_F(RunWatchTest, AStoreThatAnswersIsReachable) {
  {
    RunWatch watch(metrics_, Clock::Real(), "Backup", "b");
    LocatedStore store = watch.Store(Located()).value();
    EXPECT_TRUE(store.store().List("", {}));
    EXPECT_FALSE(Knows("holdfast_store_reachable"));
  }
  EXPECT_TRUE(Has(std::string(kReachable) + "1"));
  EXPECT_TRUE(Has("holdfast_store_seconds_count{operation=\"list\"} 1"));
  RunWatch::Forget(metrics_, "Restore", "b");
  EXPECT_TRUE(Knows("holdfast_store_reachable"));
  RunWatch::Forget(metrics_, "Backup", "b");
  EXPECT_FALSE(Knows("holdfast_store_reachable"));
}

TEST_F(RunWatchTest, OneFailureOfARunCounts) {
  {
    RunWatch watch(metrics_, Clock::Real(), "Backup", "b");
    LocatedStore store = watch.Store(Located()).value();
    EXPECT_TRUE(store.store().List("", {}));
    LocatedStore away = watch.Store(Located(Error(ErrorKind::kUnavailable, "away"))).value();
    EXPECT_FALSE(away.store().Stat("a", {}));
    EXPECT_TRUE(store.store().List("", {}));
  }
  EXPECT_TRUE(Has(std::string(kReachable) + "0"));
}

TEST_F(RunWatchTest, TellsAnswersFromTroubles) {
  struct Case {
    ErrorKind kind;
    bool list;
    const char* says;  // "": nothing
  };
  for (const Case& c :
       {Case{ErrorKind::kNotFound, false, "1"}, Case{ErrorKind::kNotFound, true, "0"},
        Case{ErrorKind::kUnauthorized, false, "0"}, Case{ErrorKind::kConflict, false, "1"},
        Case{ErrorKind::kCorrupt, false, "1"}, Case{ErrorKind::kCancelled, false, ""}}) {
    RunWatch::Forget(metrics_, "Backup", "b");
    {
      RunWatch watch(metrics_, Clock::Real(), "Backup", "b");
      LocatedStore store = watch.Store(Located(Error(c.kind, "x"))).value();
      if (c.list)
        EXPECT_FALSE(store.store().List("", {}));
      else
        EXPECT_FALSE(store.store().Open("a", 0, {}));
    }
    if (*c.says == 0)
      EXPECT_FALSE(Knows("holdfast_store_reachable"));
    else
      EXPECT_TRUE(Has(kReachable + std::string(c.says))) << ErrorKindName(c.kind);
  }
}

TEST_F(RunWatchTest, AStoreThatCannotBeOpened) {
  {
    RunWatch watch(metrics_, Clock::Real(), "Backup", "b");
    // The API server is away: nothing is known of the store.
    EXPECT_FALSE(watch.Store(Fail(ErrorKind::kUnavailable, "no API server")));
  }
  EXPECT_FALSE(Knows("holdfast_store_reachable"));
  {
    RunWatch watch(metrics_, Clock::Real(), "Backup", "b");
    EXPECT_FALSE(watch.Store(Fail(ErrorKind::kNotFound, "secrets \"s3\" not found")));
  }
  EXPECT_TRUE(Has(std::string(kReachable) + "0"));
}

TEST_F(RunWatchTest, Keys) {
  RunWatch watch(metrics_, Clock::Real(), "Backup", "b");
  EXPECT_FALSE(watch.Keys(Fail(ErrorKind::kUnavailable, "no API server")));
  EXPECT_FALSE(Knows("holdfast_encryption_keys_readable"));
  EXPECT_FALSE(watch.Keys(Fail(ErrorKind::kInvalid, "no encryptionConfig provided")));
  EXPECT_TRUE(Has(std::string(kKeys) + "0"));
  EXPECT_TRUE(watch.Keys(crypto::Transformers::None()));
  EXPECT_TRUE(Has(std::string(kKeys) + "1"));
}

}  // namespace
}  // namespace holdfast::op
