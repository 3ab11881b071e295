#include "etcd/verify.h"

#include <gmock/gmock.h>

#include "etcd/bytes.h"
#include "etcd/database_for_test.h"
#include "etcd/status.h"

namespace holdfast::etcd {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<Database> Open(std::string bytes) {
  return Database::Open(FileOfBytes(std::move(bytes), "f"));
}

VerifyReport Check(std::string bytes) {
  auto database = Open(std::move(bytes));
  EXPECT_TRUE(database) << database.error().ToString();
  auto report = Verify(*database);
  EXPECT_TRUE(report) << report.error().ToString();
  return *report;
}

TEST(Verify, SoundSnapshot) {
  for (bool freelist : {false, true}) {
    TestDatabase test = TestDatabase::Store(100);
    test.store_freelist = freelist;
    VerifyReport report = Check(test.BuildSnapshot());
    EXPECT_THAT(report.problems, IsEmpty());
    EXPECT_THAT(report.warnings, IsEmpty());
    EXPECT_TRUE(report.ok());
    EXPECT_EQ(report.records, 200u);
    EXPECT_EQ(report.keys, 86u);
    EXPECT_EQ(report.first_revision, 2);
    EXPECT_EQ(report.last_revision, 201);
    EXPECT_EQ(report.free, 1u);
    EXPECT_EQ(report.restorable, Restorable::kYes);
    EXPECT_EQ(report.facts.storage_version, "3.6.0");
  }
}

TEST(Status, CountsAsEtcdutlDoes) {
  auto database = Open(TestDatabase::Store(100).BuildSnapshot());
  auto status = ReadStatus(*database, {});
  ASSERT_TRUE(status);
  EXPECT_EQ(status->keys, 86u);
  EXPECT_EQ(status->records, 200u);
  EXPECT_EQ(status->rows, 203u);
  EXPECT_EQ(status->revision, 201);
  EXPECT_EQ(status->version, "3.6.0");
}

// The digest finds every change of a snapshot; and whatever is changed, nothing breaks.
TEST(Verify, EveryFlippedBitIsFound) {
  std::string file = TestDatabase::Store(20).BuildSnapshot();
  for (size_t at = 0; at < file.size(); at += at < 2048 ? 3 : 13) {
    std::string changed = file;
    changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
    auto database = Open(changed);
    if (!database) continue;
    auto report = Verify(*database);
    ASSERT_TRUE(report) << at;
    EXPECT_FALSE(report->ok()) << "byte " << at;
    EXPECT_NE(report->restorable, Restorable::kYes) << "byte " << at;
  }
}

// Without a digest the structure still vouches for itself: keys, page headers, element tables.
TEST(Verify, DamageToStructureIsFoundWithoutTheDigest) {
  TestDatabase test = TestDatabase::Store(40);
  std::string file = test.Build();
  auto database = Open(file);
  size_t root = database->meta().root * test.page_size;
  for (size_t at = root; at < root + kPageHeader + 10 * kElement; ++at) {
    // The length of a value that is a bucket may grow: what follows the bucket's rows is not read.
    if (at >= root + kPageHeader && (at - root) % kElement == 12) continue;
    std::string changed = file;
    changed[at] = static_cast<char>(changed[at] ^ 0x40);
    VerifyReport report = Check(changed);
    EXPECT_FALSE(report.ok()) << at - root;
    EXPECT_EQ(report.restorable, Restorable::kNo) << at - root;
  }
}

TEST(Verify, WithoutDigest) {
  VerifyReport report = Check(TestDatabase::Store(10).Build());
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.digest, DigestState::kMissing);
  EXPECT_EQ(report.restorable, Restorable::kOnlyWithoutDigest);
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("no checksum")));
}

TEST(Verify, OneDamagedMetaPage) {
  TestDatabase test = TestDatabase::Store(10);
  std::string file = test.Build();
  file[test.page_size + 30] = 'x';
  VerifyReport report = Check(TestDatabase::WithDigest(file));
  EXPECT_THAT(report.problems, ElementsAre(HasSubstr("meta page 1 is damaged")));
  EXPECT_EQ(report.records, 20u);
  EXPECT_EQ(report.restorable, Restorable::kYes);
}

TEST(Verify, SaysHowMuchIsLeft) {
  TestDatabase test = TestDatabase::Store(100);
  std::string file = test.Build();
  // The first leaf: its page header is zeroed.
  file.replace(3 * test.page_size, kPageHeader, kPageHeader, '\0');
  VerifyReport report = Check(TestDatabase::WithDigest(file));
  EXPECT_EQ(report.lost_pages, 1u);
  EXPECT_EQ(report.records, 196u) << "one leaf of four rows is lost";
  EXPECT_EQ(report.restorable, Restorable::kNo);
  EXPECT_THAT(report.problems, Contains(HasSubstr("page 3 (byte 3072)")));
}

struct History {
  const char* what;
  std::vector<Row> rows;
  const char* says;
};
class BadHistory : public ::testing::TestWithParam<History> {};
TEST_P(BadHistory, IsFound) {
  TestDatabase test = TestDatabase::Store(0);
  test.buckets["key"] = GetParam().rows;
  VerifyReport report = Check(test.BuildSnapshot());
  EXPECT_THAT(report.problems, Contains(HasSubstr(GetParam().says)));
}
INSTANTIATE_TEST_SUITE_P(
    Records, BadHistory,
    ::testing::Values(
        History{"gap",
                {TestPut(2, "a", "1", 2, 1), TestPut(3, "a", "2", 2, 3)},
                "version 3 follows version 1"},
        History{"created_twice",
                {TestPut(2, "a", "1", 2, 1), TestPut(3, "a", "2", 3, 1)},
                "it was there"},
        History{
            "other_create", {TestPut(3, "a", "1", 3, 1), TestPut(4, "a", "2", 2, 2)}, "follows"},
        History{"no_predecessor", {TestPut(3, "a", "1", 2, 2)}, "without the one before"},
        History{"deleted_nothing", {TestDelete(2, "a")}, "a deletion of what was not there"},
        History{"deleted_twice",
                {TestPut(2, "a", "1", 2, 1), TestDelete(3, "a"), TestDelete(4, "a")},
                "a deletion of"},
        History{"version_zero", {TestPut(2, "a", "1", 2, 0)}, "version 0"},
        History{"future_create", {TestPut(2, "a", "1", 9, 2)}, "created at revision 9"},
        History{"other_revision",
                {{EncodeRevision({5, 0}), TestRecord("a", "1", 2, 2, 1), false}},
                "made at revision 2"},
        History{"no_message", {{EncodeRevision({5, 0}), "\x0a\xff", false}}, "no KeyValue"},
        History{"short_key", {{"abc", TestRecord("a", "1", 2, 2, 1), false}}, "no revision"},
        History{"negative",
                {{std::string(8, '\xff') + "_" + std::string(8, '\0'), "", false}},
                "63 bits"}),
    [](const auto& test) { return std::string(test.param.what); });

TEST(Verify, GoodHistories) {
  TestDatabase test = TestDatabase::Store(0);
  test.buckets["key"] = {TestPut(2, "a", "1", 2, 1),
                         TestDelete(3, "a"),
                         TestPut(4, "a", "2", 4, 1),
                         TestPut(5, "a", "3", 4, 2),
                         {EncodeRevision({1000, 0}), "", false}};  // the mark of a bump
  EXPECT_THAT(Check(test.BuildSnapshot()).problems, IsEmpty());
  // What was compacted may begin anywhere.
  test.buckets["key"] = {TestPut(3, "a", "1", 2, 2), TestDelete(4, "b"),
                         TestPut(6, "a", "2", 2, 3)};
  test.buckets["meta"] = {{"finishedCompactRev", EncodeRevision({5, 0}), false}};
  EXPECT_THAT(Check(test.BuildSnapshot()).problems, IsEmpty());
}

TEST(Verify, SmallBuckets) {
  TestDatabase test = TestDatabase::Store(1);
  std::string id;
  AppendBe64(id, 7);
  std::string lease;
  AppendNumber(lease, 1, 8);
  test.buckets["lease"] = {{id, lease, false}};
  test.buckets["members"] = {{"8e9e05c52164694d", R"({"id":1,"peerURLs":[]})", false}};
  test.buckets["authUsers"] = {{"root", "\x0a\x03roo", false}};
  test.buckets["meta"] = {{"confState", "{", false}, {"consistent_index", "x", false}};
  VerifyReport report = Check(test.BuildSnapshot());
  EXPECT_THAT(report.problems, Contains(HasSubstr("lease 7 says that it is 8")));
  EXPECT_THAT(report.problems,
              Contains(HasSubstr("member 8e9e05c52164694d says that its id is 1")));
  EXPECT_THAT(report.problems, Contains(HasSubstr("user \"root\"")));
  EXPECT_THAT(report.problems, Contains(HasSubstr("confState is no JSON")));
  EXPECT_THAT(report.problems, Contains(HasSubstr("consistent_index has 1 bytes")));
  EXPECT_EQ(report.restorable, Restorable::kYes) << "the tree and the records are sound";
}

TEST(Verify, AlarmsAreTold) {
  TestDatabase test = TestDatabase::Store(1);
  std::string alarm;
  AppendNumber(alarm, 1, 0xabc);
  AppendNumber(alarm, 2, 1);
  test.buckets["alarm"] = {{alarm, "", false}};
  VerifyReport report = Check(test.BuildSnapshot());
  EXPECT_TRUE(report.ok());
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("alarm NOSPACE of member abc")));
}

TEST(Verify, FreelistAgainstReachedPages) {
  TestDatabase test = TestDatabase::Store(10);
  test.store_freelist = true;
  std::string file = test.Build();
  auto database = Open(file);
  size_t freelist = database->meta().freelist * test.page_size;
  struct {
    uint64_t entry;
    const char* says;
  } cases[] = {{3, "free and in use"}, {1'000'000, "no page"}, {0, "not greater"}};
  for (const auto& one : cases) {
    std::string changed = file;
    StoreLe(changed.data() + freelist + 16, one.entry);
    EXPECT_THAT(Check(changed).problems, Contains(HasSubstr(one.says)));
  }
  std::string none = file;
  StoreLe<uint16_t>(none.data() + freelist + 10, 0);
  EXPECT_THAT(Check(none).problems, Contains(HasSubstr("1 pages are neither in use nor free")));
  std::string many = file;
  StoreLe<uint16_t>(many.data() + freelist + 10, 0xffff);
  StoreLe<uint64_t>(many.data() + freelist + 16, UINT64_MAX);
  EXPECT_THAT(Check(many).problems, Contains(HasSubstr("do not fit")));
}

}  // namespace
}  // namespace holdfast::etcd
