#include "etcd/restore.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/temp_folder_for_test.h"
#include "etcd/bytes.h"
#include "etcd/data_dir.h"
#include "etcd/database_for_test.h"
#include "etcd/editor.h"
#include "etcd/verify.h"

namespace holdfast::etcd {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RestoreTest : public ::testing::Test {
 protected:
  RestoreTest() { dir_ = TempFolderForTest(); }
  ~RestoreTest() override { fs::remove_all(dir_); }

  fs::path File(const std::string& bytes) {
    fs::path path = dir_ / "snap.db";
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  RestoreOptions Options() {
    return {.data_dir = dir_ / "data",
            .membership = {"n1", "n1=http://h:1,n2=http://h:2", "t", {"http://h:1"}}};
  }
  Result<RestoreReport> Run(const std::string& bytes, const RestoreOptions& options) {
    HF_ASSIGN(auto file, OpenFile(File(bytes)));
    HF_ASSIGN(Database database, Database::Open(std::move(file)));
    return Restore(database, options);
  }
  Result<VerifyReport> VerifyDb() {
    HF_ASSIGN(auto file, OpenFile(dir_ / "data/member/snap/db"));
    HF_ASSIGN(Database database, Database::Open(std::move(file)));
    return Verify(database);
  }
  std::vector<std::string> Files() {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(dir_))
      files.push_back(fs::relative(entry.path(), dir_).string());
    std::sort(files.begin(), files.end());
    return files;
  }

  fs::path dir_;
};

TEST_F(RestoreTest, MakesAWholeDataDirectory) {
  auto report = Run(TestDatabase::Store(100).BuildSnapshot(), Options());
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->revision, 201);
  EXPECT_EQ(report->bump, 0);
  EXPECT_FALSE(report->kubernetes);
  EXPECT_TRUE(report->digest_checked);
  EXPECT_THAT(Files(), ::testing::ElementsAre(
                           "data", "data/member", "data/member/snap",
                           "data/member/snap/0000000000000001-0000000000000002.snap",
                           "data/member/snap/db", "data/member/wal",
                           "data/member/wal/0000000000000000-0000000000000000.wal", "snap.db"));
  for (const char* folder : {"data", "data/member", "data/member/snap", "data/member/wal"})
    EXPECT_EQ(fs::status(dir_ / folder).permissions(), fs::perms::owner_all) << folder;
  EXPECT_EQ(fs::file_size(dir_ / "data/member/wal/0000000000000000-0000000000000000.wal"),
            64'000'000u);
  auto verified = VerifyDb();
  ASSERT_TRUE(verified);
  EXPECT_THAT(verified->problems, IsEmpty());
  EXPECT_EQ(verified->facts.consistent_index, 2u);
  EXPECT_EQ(verified->facts.term, 1u);
  EXPECT_EQ(verified->records, 200u);
}

TEST_F(RestoreTest, BumpIsALastRecordAndACompaction) {
  for (int keys : {0, 1, 100}) {  // no rows, rows in the bucket's description, a deep tree
    RestoreOptions options = Options();
    options.bump_revision = 1000;
    auto report = Run(TestDatabase::Store(keys).BuildSnapshot(), options);
    ASSERT_TRUE(report) << report.error().ToString();
    auto verified = VerifyDb();
    ASSERT_TRUE(verified);
    EXPECT_THAT(verified->problems, IsEmpty());
    EXPECT_EQ(verified->last_revision, report->revision + 1000);
    EXPECT_EQ(verified->facts.scheduled_compaction, report->revision + 1000);
    EXPECT_EQ(verified->records, 2u * static_cast<unsigned>(keys) + 1);
    fs::remove_all(dir_ / "data");
  }
}

TEST_F(RestoreTest, KubernetesIsBumpedUnlessToldOtherwise) {
  TestDatabase test = TestDatabase::Store(0);
  test.buckets["key"] = {TestPut(5, "/registry/namespaces/kube-system", "k8s", 5, 1)};
  std::string snapshot = test.BuildSnapshot();
  auto report = Run(snapshot, Options());
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->kubernetes);
  EXPECT_EQ(report->bump, 1'000'000'000);
  fs::remove_all(dir_ / "data");
  RestoreOptions options = Options();
  options.bump_revision = 0;
  report = Run(snapshot, options);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->bump, 0);
  EXPECT_EQ(VerifyDb()->last_revision, 5);
}

TEST_F(RestoreTest, BumpBeyond63Bits) {
  RestoreOptions options = Options();
  options.bump_revision = INT64_MAX - 100;
  auto report = Run(TestDatabase::Store(100).BuildSnapshot(), options);
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().ToString(), HasSubstr("63 bits"));
}

TEST_F(RestoreTest, AlarmsStayOrAreCleared) {
  TestDatabase test = TestDatabase::Store(1);
  std::string alarm;
  AppendNumber(alarm, 1, 1);
  AppendNumber(alarm, 2, 1);
  test.buckets["alarm"] = {{alarm, "", false}};
  RestoreOptions options = Options();
  for (bool clear : {false, true}) {
    options.clear_alarms = clear;
    auto report = Run(test.BuildSnapshot(), options);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->alarms.size(), 1u);
    EXPECT_EQ(VerifyDb()->facts.alarms.size(), clear ? 0u : 1u);
    fs::remove_all(dir_ / "data");
  }
}

TEST_F(RestoreTest, OtherBucketsAreKept) {
  TestDatabase test = TestDatabase::Store(5);
  test.buckets["test"] = {{"a", "b", false}};
  test.buckets.erase("members");
  test.buckets.erase("cluster");
  ASSERT_TRUE(Run(test.BuildSnapshot(), Options()));
  auto database = Database::Open(*OpenFile(dir_ / "data/member/snap/db"));
  PageSet reached(database->meta().high_water);
  auto buckets = ReadBuckets(*database, reached);
  ASSERT_TRUE(buckets);
  auto rows = ReadSmallBucket(*database, *buckets, "test");
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_NE(FindBucket(*buckets, "cluster"), nullptr);
  EXPECT_EQ(ReadSmallBucket(*database, *buckets, "members")->size(), 2u);
}

TEST_F(RestoreTest, ManyMembersDoNotFitInline) {
  RestoreOptions options = Options();
  options.membership.initial_cluster = "n1=http://h:1";
  for (int i = 2; i < 40; ++i)
    options.membership.initial_cluster +=
        ",n" + std::to_string(i) + "=http://h:" + std::to_string(i);
  auto report = Run(TestDatabase::Store(5).BuildSnapshot(), options);
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_THAT(VerifyDb()->problems, IsEmpty());
}

// Whatever is wrong, nothing is left behind.
TEST_F(RestoreTest, NothingHalfMade) {
  std::string good = TestDatabase::Store(100).BuildSnapshot();
  std::string flipped = good;
  flipped[5000] = static_cast<char>(flipped[5000] ^ 1);
  std::string digest = good;
  digest.back() = static_cast<char>(digest.back() ^ 1);
  struct {
    std::string bytes;
    const char* says;
  } cases[] = {{flipped, ""},
               {digest, "checksum does not match"},
               {good.substr(0, good.size() - 32), "no checksum at the end"},
               {good.substr(0, good.size() / 2), "truncated"},
               {"", "empty"}};
  for (const auto& one : cases) {
    auto report = Run(one.bytes, Options());
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().kind(), ErrorKind::kCorrupt);
    EXPECT_THAT(report.error().ToString(), HasSubstr(one.says));
    EXPECT_THAT(Files(), ::testing::ElementsAre("snap.db"));
  }
}

TEST_F(RestoreTest, SkipHashCheck) {
  std::string good = TestDatabase::Store(100).BuildSnapshot();
  RestoreOptions options = Options();
  options.skip_hash_check = true;
  std::string digest = good;
  digest.back() = static_cast<char>(digest.back() ^ 1);
  std::string live = good.substr(0, good.size() - 32) + std::string(8192, '\0');  // a longer file
  for (const std::string& bytes : {digest, good.substr(0, good.size() - 32), live}) {
    auto report = Run(bytes, options);
    ASSERT_TRUE(report) << report.error().ToString();
    EXPECT_FALSE(report->digest_checked);
    EXPECT_THAT(VerifyDb()->problems, IsEmpty());
    fs::remove_all(dir_ / "data");
  }
}

TEST_F(RestoreTest, RefusesADirectoryThatIsNotEmpty) {
  std::string good = TestDatabase::Store(10).BuildSnapshot();
  fs::create_directory(dir_ / "data");
  ASSERT_TRUE(Run(good, Options())) << "an empty one is taken";
  auto before = Files();
  auto report = Run(good, Options());
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind(), ErrorKind::kConflict);
  EXPECT_THAT(report.error().ToString(), HasSubstr("not empty (it has \"member\")"));
  EXPECT_EQ(Files(), before);
}

// The root of a file system of its own has it from the start.
TEST_F(RestoreTest, AMountPointIsEmpty) {
  std::string good = TestDatabase::Store(10).BuildSnapshot();
  fs::create_directories(dir_ / "data/lost+found/#1234");
  auto report = Run(good, Options());
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_TRUE(fs::exists(dir_ / "data/member/snap/db"));
  EXPECT_TRUE(fs::exists(dir_ / "data/lost+found/#1234"));
  EXPECT_FALSE(Run(good, Options())) << "a member is there";
  fs::remove_all(dir_ / "data");
  fs::create_directory(dir_ / "data");
  std::ofstream(dir_ / "data/lost+found") << "no directory";
  EXPECT_FALSE(Run(good, Options()));
}

TEST_F(RestoreTest, WhatAKilledRestoreLeftIsRemoved) {
  fs::create_directories(dir_ / "data/.holdfast-restore-abcdef/member/snap");
  std::ofstream(dir_ / "data/.holdfast-restore-abcdef/member/snap/db") << "half";
  ASSERT_TRUE(Run(TestDatabase::Store(10).BuildSnapshot(), Options()));
  EXPECT_FALSE(fs::exists(dir_ / "data/.holdfast-restore-abcdef"));
}

TEST_F(RestoreTest, TwoAtOnce) {
  auto first = DataDir::Begin(dir_ / "data");
  ASSERT_TRUE(first);
  auto second = DataDir::Begin(dir_ / "data");
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().ToString(), HasSubstr("another restore"));
}

TEST_F(RestoreTest, Stopped) {
  std::stop_source stop;
  stop.request_stop();
  RestoreOptions options = Options();
  options.stop = stop.get_token();
  auto report = Run(TestDatabase::Store(10).BuildSnapshot(), options);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind(), ErrorKind::kCancelled);
  EXPECT_THAT(Files(), ::testing::ElementsAre("snap.db"));
}

// Until the meta page is written, a reader sees the old state.
TEST_F(RestoreTest, AnEditThatDiesLeavesTheOldState) {
  fs::path path = File(TestDatabase::Store(100).Build());
  int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  auto database = Database::Open(*OpenFile(path));
  uint32_t page_size = database->page_size();
  auto editor = Editor::Open(*database, fd);
  ASSERT_TRUE(editor);
  ASSERT_TRUE(editor->SetRows("members", {{"a", "b", false}}));
  ASSERT_TRUE(editor->AppendRow("key", {EncodeRevision({999, 0}), "", false}));
  auto wrong = editor->AppendRow("key", {EncodeRevision({3, 0}), "", false});
  EXPECT_FALSE(wrong);
  std::string before(page_size * 2, '\0');
  ASSERT_EQ(pread(fd, before.data(), before.size(), 0), ssize_t(before.size()));
  ASSERT_TRUE(editor->Commit());
  std::string after(page_size * 2, '\0');
  ASSERT_EQ(pread(fd, after.data(), after.size(), 0), ssize_t(after.size()));
  EXPECT_EQ(before.substr(0, page_size), after.substr(0, page_size)) << "page 0 had won";
  EXPECT_NE(before, after);
  auto edited = Database::Open(*OpenFile(path));
  EXPECT_EQ(Verify(*edited)->last_revision, 999);
  // As if the last write had not come.
  ASSERT_EQ(pwrite(fd, before.data(), before.size(), 0), ssize_t(before.size()));
  auto old = Database::Open(*OpenFile(path));
  auto report = Verify(*old);
  EXPECT_EQ(report->last_revision, 201);
  EXPECT_THAT(report->problems, IsEmpty());
  close(fd);
}

}  // namespace
}  // namespace holdfast::etcd
