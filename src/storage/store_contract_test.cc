// One suite that every store passes: the contract of store.h. A new store adds its factory to the
// list at the end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <thread>

#include "storage/local_store.h"
#include "storage/store.h"

namespace holdfast::storage {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// An empty place, and stores that look at it. `remove` takes the place away.
struct Place {
  std::function<std::unique_ptr<Store>()> open;
  std::function<void()> remove;
};
struct Factory {
  std::string name;
  std::function<Place()> make;
};

class StoreContract : public ::testing::TestWithParam<Factory> {
 protected:
  StoreContract() : place_(GetParam().make()), store_(place_.open()) {}
  ~StoreContract() override { place_.remove(); }

  Status Put(const std::string& name, std::string_view bytes) {
    HF_ASSIGN(auto spool, store_->NewSpool());
    HF_TRY(spool.Append(bytes));
    return store_->Put(spool, name, {});
  }
  std::string Get(const std::string& name, uint64_t offset = 0) {
    auto source = store_->Open(name, offset, {});
    if (!source) return "error: " + source.error().ToString();
    auto bytes = stream::ReadAll(**source, 1 << 26);
    return bytes ? *bytes : "error: " + bytes.error().ToString();
  }
  std::vector<std::string> Names(std::string_view prefix = "") {
    std::vector<std::string> names;
    auto list = store_->List(prefix, {});
    EXPECT_TRUE(list) << list.error().ToString();
    for (const auto& info : *list) names.push_back(info.name);
    return names;
  }

  Place place_;
  std::unique_ptr<Store> store_;
};

TEST_P(StoreContract, GivesBackWhatWasPut) {
  std::string big;
  while (big.size() < 3'000'000) big += std::to_string(big.size());
  ASSERT_TRUE(Put("big", big));
  ASSERT_TRUE(Put("empty", ""));
  EXPECT_EQ(Get("big"), big);
  EXPECT_EQ(Get("big", 1'234'567), big.substr(1'234'567));
  EXPECT_EQ(Get("big", big.size()), "");
  EXPECT_THAT(Get("big", big.size() + 1), HasSubstr("error"));
  EXPECT_EQ(Get("empty"), "");
  auto again = place_.open();
  auto info = again->Stat("big", {});
  ASSERT_TRUE(info);
  EXPECT_EQ(info->name, "big");
  EXPECT_EQ(info->size, big.size());
  EXPECT_LT(std::chrono::abs(info->modified - Clock::Real().Now()), std::chrono::hours(1));
}

TEST_P(StoreContract, NeverOverwrites) {
  ASSERT_TRUE(Put("a", "old"));
  auto spool = store_->NewSpool();
  ASSERT_TRUE(spool && spool->Append("new"));
  auto taken = store_->Put(*spool, "a", {});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind(), ErrorKind::kConflict);
  EXPECT_THAT(taken.error().ToString(), HasSubstr("\"a\" exists"));
  EXPECT_EQ(Get("a"), "old");
  ASSERT_TRUE(store_->Put(*spool, "b", {})) << "after a conflict it may be put again";
  EXPECT_EQ(Get("b"), "new");
}

TEST_P(StoreContract, NothingIsSeenBeforePut) {
  auto spool = store_->NewSpool();
  ASSERT_TRUE(spool && spool->Append("half") && spool->Sync());
  EXPECT_THAT(Names(), ElementsAre());
  spool = store_->NewSpool();
  EXPECT_THAT(Names(), ElementsAre());
}

TEST_P(StoreContract, TakesSpoolsFromElsewhere) {
  for (auto kind : {stream::Spool::Kind::kUnnamed, stream::Spool::Kind::kLinkable}) {
    auto spool = stream::Spool::Create(fs::temp_directory_path(), kind);
    ASSERT_TRUE(spool && spool->Append("from elsewhere"));
    std::string name = kind == stream::Spool::Kind::kUnnamed ? "u" : "l";
    ASSERT_TRUE(store_->Put(*spool, name, {}));
    EXPECT_EQ(Get(name), "from elsewhere");
    EXPECT_EQ(store_->Put(*spool, name, {}).error().kind(), ErrorKind::kConflict);
  }
}

TEST_P(StoreContract, ListsByPrefixInOrder) {
  for (const char* name : {"nightly-2", "nightly-1", "weekly-1", "nightly+x"}) {
    ASSERT_TRUE(Put(name, name));
  }
  EXPECT_THAT(Names(), ElementsAre("nightly+x", "nightly-1", "nightly-2", "weekly-1"));
  EXPECT_THAT(Names("nightly-"), ElementsAre("nightly-1", "nightly-2"));
  EXPECT_THAT(Names("n*"), ElementsAre());
  EXPECT_EQ(store_->List("weekly", {})->front().size, 8u);
}

TEST_P(StoreContract, Deletes) {
  ASSERT_TRUE(Put("a", "a"));
  ASSERT_TRUE(Put("b", "b"));
  ASSERT_TRUE(store_->Delete("a", {}));
  EXPECT_THAT(Names(), ElementsAre("b"));
  EXPECT_EQ(store_->Delete("a", {}).error().kind(), ErrorKind::kNotFound);
  ASSERT_TRUE(Put("a", "anew"));
  EXPECT_EQ(Get("a"), "anew");
}

TEST_P(StoreContract, SaysWhatIsMissing) {
  ASSERT_TRUE(Put("other", "x"));
  auto missing = store_->Open("nightly.tar.gz", 0, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind(), ErrorKind::kNotFound);
  EXPECT_THAT(missing.error().ToString(), HasSubstr("nightly.tar.gz"));
  EXPECT_THAT(missing.error().ToString(), HasSubstr("holdfast list"));
  EXPECT_EQ(store_->Stat("nightly.tar.gz", {}).error().kind(), ErrorKind::kNotFound);
}

TEST_P(StoreContract, MissingPlace) {
  place_.remove();
  auto list = store_->List("", {});
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().kind(), ErrorKind::kNotFound);
  EXPECT_THAT(list.error().ToString(), HasSubstr("--store"));
  EXPECT_EQ(store_->Open("a", 0, {}).error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(store_->Delete("a", {}).error().kind(), ErrorKind::kNotFound);
}

TEST_P(StoreContract, RefusesNames) {
  auto spool = store_->NewSpool();
  ASSERT_TRUE(spool);
  for (std::string name : {std::string(), std::string("."), std::string(".."),
                           std::string(".hidden"), std::string("a/b"), std::string("../a"),
                           std::string("/a"), std::string("a\0b", 3), std::string(256, 'x')}) {
    EXPECT_EQ(store_->Put(*spool, name, {}).error().kind(), ErrorKind::kInvalid) << name;
    EXPECT_EQ(store_->Open(name, 0, {}).error().kind(), ErrorKind::kInvalid) << name;
    EXPECT_EQ(store_->Stat(name, {}).error().kind(), ErrorKind::kInvalid) << name;
    EXPECT_EQ(store_->Delete(name, {}).error().kind(), ErrorKind::kInvalid) << name;
  }
  EXPECT_TRUE(store_->Put(*spool, std::string(255, 'x'), {}));
}

TEST_P(StoreContract, OfManyPuttersOneWins) {
  constexpr int kPutters = 8;
  std::atomic<int> won = 0, lost = 0;
  {
    std::vector<std::jthread> putters;
    for (int i = 0; i < kPutters; ++i) {
      putters.emplace_back([&, i] {
        auto status = Put("same", std::string(100'000, char('a' + i)));
        if (status) ++won;
        if (!status && status.error().kind() == ErrorKind::kConflict) ++lost;
      });
    }
  }
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, kPutters - 1);
  EXPECT_EQ(Get("same"), std::string(100'000, Get("same")[0]));
}

TEST_P(StoreContract, HonoursStop) {
  std::stop_source stop;
  stop.request_stop();
  Waits waits;
  waits.stop = stop.get_token();
  auto spool = store_->NewSpool();
  ASSERT_TRUE(spool);
  EXPECT_EQ(store_->Put(*spool, "a", waits).error().kind(), ErrorKind::kCancelled);
  EXPECT_EQ(store_->List("", waits).error().kind(), ErrorKind::kCancelled);
  EXPECT_THAT(Names(), ElementsAre());
}

TEST_P(StoreContract, DescribesItself) { EXPECT_NE(store_->Describe(), ""); }

Place LocalPlace() {
  std::string folder = (fs::temp_directory_path() / "store-test-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) std::abort();
  return {[folder] { return std::make_unique<LocalStore>(folder); },
          [folder] { fs::remove_all(folder); }};
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract, ::testing::Values(Factory{"Local", LocalPlace}),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace holdfast::storage
