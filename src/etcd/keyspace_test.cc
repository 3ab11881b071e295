#include "etcd/keyspace.h"

#include <gmock/gmock.h>

#include "etcd/database_for_test.h"
#include "etcd/diff.h"
#include "etcd/top.h"

namespace holdfast::etcd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Database OpenBytes(std::string bytes) {
  auto database = Database::Open(FileOfBytes(std::move(bytes), "f"));
  EXPECT_TRUE(database) << database.error().ToString();
  return std::move(*database);
}

// a: 2, 5 (deleted), 7. b: 3, 6. c: 4 (deleted at 8).
TestDatabase Small() {
  TestDatabase test = TestDatabase::Store(0);
  test.buckets["key"] = {TestPut(2, "a", "a1", 2, 1), TestPut(3, "b", "b1", 3, 1),
                         TestPut(4, "c", "c1", 4, 1), TestDelete(5, "a"),
                         TestPut(6, "b", "b2", 3, 2), TestPut(7, "a", "a2", 7, 1),
                         TestDelete(8, "c"),          {EncodeRevision({100, 0}), "", false}};
  return test;
}

std::vector<std::string> Live(const Database& database, int64_t revision,
                              std::string_view prefix = "") {
  std::vector<std::string> found;
  Status status = VisitLive(database, prefix, revision, {}, [&](const Record& record) {
    found.push_back(std::string(record.kv.key) + "=" + std::string(record.kv.value));
    return true;
  });
  EXPECT_TRUE(status) << status.error().ToString();
  std::sort(found.begin(), found.end());
  return found;
}

TEST(Keyspace, LiveAtEveryRevision) {
  Database database = OpenBytes(Small().BuildSnapshot());
  EXPECT_THAT(Live(database, 0), ElementsAre("a=a2", "b=b2"));
  EXPECT_THAT(Live(database, 1), IsEmpty());
  EXPECT_THAT(Live(database, 2), ElementsAre("a=a1"));
  EXPECT_THAT(Live(database, 4), ElementsAre("a=a1", "b=b1", "c=c1"));
  EXPECT_THAT(Live(database, 5), ElementsAre("b=b1", "c=c1"));
  EXPECT_THAT(Live(database, 7), ElementsAre("a=a2", "b=b2", "c=c1"));
  EXPECT_THAT(Live(database, 0, "b"), ElementsAre("b=b2"));
}

TEST(Keyspace, Get) {
  Database database = OpenBytes(Small().BuildSnapshot());
  EXPECT_EQ(GetKey(database, "b", 0, {})->value, "b2");
  EXPECT_EQ(GetKey(database, "b", 5, {})->value, "b1");
  auto gone = GetKey(database, "c", 0, {});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().kind(), ErrorKind::kNotFound);
  EXPECT_THAT(gone.error().hint(), HasSubstr("deleted at revision 8"));
  EXPECT_EQ(GetKey(database, "x", 0, {}).error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(GetKey(database, "", 0, {}).error().kind(), ErrorKind::kNotFound)
      << "the mark of a bump is no key";
}

TEST(Keyspace, RevisionsThatCannotBeAnswered) {
  TestDatabase test = Small();
  test.buckets["meta"] = {{"finishedCompactRev", EncodeRevision({5, 0}), false}};
  Database database = OpenBytes(test.BuildSnapshot());
  EXPECT_EQ(CheckRevision(database, 4).error().kind(), ErrorKind::kExpired);
  EXPECT_TRUE(CheckRevision(database, 5));
  EXPECT_TRUE(CheckRevision(database, 100));
  EXPECT_EQ(CheckRevision(database, 101).error().kind(), ErrorKind::kInvalid);
}

TEST(Keyspace, DamageEndsItOrIsPassedOver) {
  TestDatabase test = TestDatabase::Store(100);
  std::string file = test.Build();
  file[3 * test.page_size] = 'x';  // the first leaf's page number
  Database database = OpenBytes(file);
  size_t count = 0, damaged = 0;
  auto visit = [&](const Record&) { return ++count > 0; };
  Status status = VisitRecords(database, false, {}, visit);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind(), ErrorKind::kCorrupt);
  count = 0;
  LookOptions options{.tolerate_corruption = true, .damaged = [&](const Error&) { ++damaged; }};
  ASSERT_TRUE(VisitRecords(database, false, options, visit));
  EXPECT_EQ(count, 196u);
  EXPECT_EQ(damaged, 1u);
}

TEST(Top, CountsWhatIsThere) {
  TestDatabase test = TestDatabase::Store(0);
  test.buckets["key"] = {
      TestPut(2, "/registry/pods/default/web", "12345", 2, 1),
      TestPut(3, "/registry/pods/default/web", "1234567", 2, 2),
      TestPut(4, "/registry/pods/kube-system/dns", "1", 4, 1),
      TestPut(5, "/registry/services/specs/default/web", "1", 5, 1),
      TestPut(6, "/registry/cert-manager.io/certificates/default/tls", "1", 6, 1),
      TestPut(7, "/registry/minions/node-1", "1", 7, 1),
      TestDelete(8, "/registry/pods/kube-system/dns")};
  Database database = OpenBytes(test.BuildSnapshot());
  auto report = Top(database, {.keys = 2, .look = {}});
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->all.keys, 4u);
  EXPECT_EQ(report->all.records, 7u);
  EXPECT_EQ(report->resources.at("pods").keys, 1u);
  EXPECT_EQ(report->resources.at("pods").records, 4u);
  EXPECT_EQ(report->resources.at("pods").bytes, 26u + 7);
  EXPECT_EQ(report->resources.at("pods").all_bytes, 26u * 2 + 5 + 7 + 30 * 2 + 1);
  EXPECT_TRUE(report->resources.contains("services/specs"));
  EXPECT_TRUE(report->resources.contains("cert-manager.io/certificates"));
  EXPECT_TRUE(report->resources.contains("minions"));
  EXPECT_EQ(report->namespaces.at("default").keys, 3u);
  EXPECT_EQ(report->namespaces.at("kube-system").keys, 0u);
  ASSERT_EQ(report->largest.size(), 2u);
  EXPECT_EQ(report->largest[0].key, "/registry/pods/default/web");
  EXPECT_EQ(report->largest[0].count, 7u);
  ASSERT_EQ(report->most_revisions.size(), 2u);
  EXPECT_EQ(report->most_revisions[0].count, 2u);
  EXPECT_EQ(report->free_bytes, 1024u) << "page 2";
}

TEST(Diff, WhatDiffers) {
  TestDatabase other = Small();
  auto& rows = other.buckets["key"];
  rows.pop_back();
  rows.push_back(TestPut(9, "b", "b3", 3, 3));
  rows.push_back(TestDelete(10, "a"));
  rows.push_back(TestPut(11, "d", "d1", 11, 1));
  Database left = OpenBytes(Small().BuildSnapshot()), right = OpenBytes(other.BuildSnapshot());
  std::vector<std::string> lists[3];
  auto add = [&](Change change, std::string_view key) {
    lists[static_cast<int>(change)].emplace_back(key);
  };
  ASSERT_TRUE(DiffLive({left, right}, "", {}, add));
  EXPECT_THAT(lists[0], ElementsAre("a"));
  EXPECT_THAT(lists[1], ElementsAre("d"));
  EXPECT_THAT(lists[2], ElementsAre("b"));
  for (auto& list : lists) list.clear();
  ASSERT_TRUE(DiffLive({left, right, 0, 8}, "", {}, add));
  for (auto& list : lists) EXPECT_THAT(list, IsEmpty());
}

}  // namespace
}  // namespace holdfast::etcd
