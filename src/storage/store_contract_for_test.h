// The suite that every store passes: the contract of store.h. A program that includes this file
// names its stores with INSTANTIATE_TEST_SUITE_P(..., StoreContract, ...). Beside the code:
// store_contract_test.cc (local folder and decorators); with real servers: tests/storage/.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/workers.h"
#include "storage/store.h"

namespace holdfast::storage {

// An empty place, and stores that look at it. `remove` takes the place away.
struct Place {
  std::function<std::unique_ptr<Store>()> open;
  std::function<void()> remove;
};
struct Factory {
  friend void PrintTo(const Factory& factory, std::ostream* out) { *out << factory.name; }
  std::string name;
  std::function<Place()> make;  // may throw: the test fails with what it says
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
  while (big.size() < 12'000'000) big += std::to_string(big.size());
  ASSERT_TRUE(Put("big", big));
  ASSERT_TRUE(Put("empty", ""));
  // Not EXPECT_EQ: nobody wants to see 12 MB.
  std::string got = Get("big");
  EXPECT_TRUE(got == big) << got.substr(0, 500);
  got = Get("big", 8'234'567);
  EXPECT_TRUE(got == big.substr(8'234'567)) << got.substr(0, 500);
  EXPECT_EQ(Get("big", big.size()), "");
  EXPECT_THAT(Get("big", big.size() + 1), ::testing::HasSubstr("error"));
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
  EXPECT_THAT(taken.error().ToString(), ::testing::HasSubstr("\"a\" exists"));
  EXPECT_EQ(Get("a"), "old");
  ASSERT_TRUE(store_->Put(*spool, "b", {})) << "after a conflict it may be put again";
  EXPECT_EQ(Get("b"), "new");
  ASSERT_TRUE(store_->Put(*spool, "c", {})) << "and after a success under another name";
  EXPECT_EQ(Get("c"), "new");
}

TEST_P(StoreContract, NothingIsSeenBeforePut) {
  auto spool = store_->NewSpool();
  ASSERT_TRUE(spool && spool->Append("half") && spool->Sync());
  EXPECT_THAT(Names(), ::testing::ElementsAre());
  spool = store_->NewSpool();
  EXPECT_THAT(Names(), ::testing::ElementsAre());
}

TEST_P(StoreContract, TakesSpoolsFromElsewhere) {
  for (auto kind : {stream::Spool::Kind::kUnnamed, stream::Spool::Kind::kLinkable}) {
    auto spool = stream::Spool::Create(std::filesystem::temp_directory_path(), kind);
    ASSERT_TRUE(spool && spool->Append("from elsewhere"));
    std::string name = kind == stream::Spool::Kind::kUnnamed ? "u" : "l";
    ASSERT_TRUE(store_->Put(*spool, name, {}));
    EXPECT_EQ(Get(name), "from elsewhere");
    EXPECT_EQ(Put(name, "other").error().kind(), ErrorKind::kConflict);
  }
}

TEST_P(StoreContract, ListsByPrefixInOrder) {
  for (const char* name : {"nightly-2", "nightly-1", "weekly-1", "nightly+x"}) {
    ASSERT_TRUE(Put(name, name));
  }
  EXPECT_THAT(Names(), ::testing::ElementsAre("nightly+x", "nightly-1", "nightly-2", "weekly-1"));
  EXPECT_THAT(Names("nightly-"), ::testing::ElementsAre("nightly-1", "nightly-2"));
  EXPECT_THAT(Names("n*"), ::testing::ElementsAre());
  EXPECT_EQ(store_->List("weekly", {})->front().size, 8u);
}

TEST_P(StoreContract, ListsMoreThanOnePage) {
  // S3 answers with at most 1,000 names at a time.
  constexpr size_t kFiles = 1'003;
  auto name = [](size_t i) { return "file-" + std::to_string(10'000 + i); };
  auto status = ParallelFor(
      kFiles, 8, {}, [&](size_t i, std::stop_token) { return Put(name(i), std::to_string(i)); });
  ASSERT_TRUE(status) << status.error().ToString();
  auto list = store_->List("file-", {});
  ASSERT_TRUE(list) << list.error().ToString();
  ASSERT_EQ(list->size(), kFiles);
  for (size_t i = 0; i < kFiles; ++i) EXPECT_EQ((*list)[i].name, name(i));
  EXPECT_EQ(store_->List("file-110", {})->size(), 3u);
}

TEST_P(StoreContract, TakesNamesOfAnyBytesThatAreText) {
  for (std::string name :
       {"a b", "a+b", "a%2Fb", "a&b=c?d#e", "caf\u00e9-\u65e5\u672c", "<x>'\"", "a:b;c,d@e",
        "~*()!$",
        "nightly-6aa7f5cd-ad7b-4e91-9c29-68bf38b618ef-2026-01-27T02-00-00+02-00.tar.gz.enc"}) {
    auto status = Put(name, name);
    ASSERT_TRUE(status) << name << ": " << status.error().ToString();
    EXPECT_EQ(Get(name), name);
    EXPECT_THAT(Names(name), ::testing::ElementsAre(name));
    EXPECT_TRUE(store_->Stat(name, {})) << name;
    auto gone = store_->Delete(name, {});
    EXPECT_TRUE(gone) << name << ": " << gone.error().ToString();
  }
  EXPECT_THAT(Names(), ::testing::ElementsAre());
}

TEST_P(StoreContract, IsReadByManyAtOnce) {
  std::string bytes;
  while (bytes.size() < 3'000'000) bytes += std::to_string(bytes.size());
  ASSERT_TRUE(Put("a", bytes));
  auto status = ParallelFor(6, 6, {}, [&](size_t i, std::stop_token) -> Status {
    size_t offset = i * 400'000;
    if (Get("a", offset) == bytes.substr(offset)) return {};
    return Fail(ErrorKind::kCorrupt, "reader " + std::to_string(i));
  });
  EXPECT_TRUE(status) << status.error().ToString();
}

// Nobody is obliged to read to the end.
TEST_P(StoreContract, ReadersMayLeave) {
  ASSERT_TRUE(Put("a", std::string(9'000'000, 'x')));
  for (int i = 0; i < 5; ++i) {
    auto source = store_->Open("a", 0, {});
    ASSERT_TRUE(source);
    char byte;
    auto count = (*source)->Read(&byte, 1);
    ASSERT_TRUE(count) << count.error().ToString();
    EXPECT_EQ(*count, 1u);
  }
}

TEST_P(StoreContract, Deletes) {
  ASSERT_TRUE(Put("a", "a"));
  ASSERT_TRUE(Put("b", "b"));
  ASSERT_TRUE(store_->Delete("a", {}));
  EXPECT_THAT(Names(), ::testing::ElementsAre("b"));
  EXPECT_EQ(store_->Delete("a", {}).error().kind(), ErrorKind::kNotFound);
  ASSERT_TRUE(Put("a", "anew"));
  EXPECT_EQ(Get("a"), "anew");
}

TEST_P(StoreContract, SaysWhatIsMissing) {
  ASSERT_TRUE(Put("other", "x"));
  auto missing = store_->Open("nightly.tar.gz", 0, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind(), ErrorKind::kNotFound);
  EXPECT_THAT(missing.error().ToString(), ::testing::HasSubstr("nightly.tar.gz"));
  EXPECT_THAT(missing.error().ToString(), ::testing::HasSubstr("holdfast list"));
  EXPECT_EQ(store_->Stat("nightly.tar.gz", {}).error().kind(), ErrorKind::kNotFound);
}

TEST_P(StoreContract, MissingPlace) {
  place_.remove();
  auto list = store_->List("", {});
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().kind(), ErrorKind::kNotFound);
  EXPECT_NE(list.error().hint(), "") << list.error().ToString();
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
  EXPECT_EQ(store_->Open("a", 0, waits).error().kind(), ErrorKind::kCancelled);
  EXPECT_EQ(store_->Delete("a", waits).error().kind(), ErrorKind::kCancelled);
  EXPECT_THAT(Names(), ::testing::ElementsAre());
}

TEST_P(StoreContract, DescribesItself) { EXPECT_NE(store_->Describe(), ""); }

}  // namespace holdfast::storage
