// Snapshots saved by each version of etcd, restored by holdfast, compared with what etcdutl makes
// of them, and started by each version that can read them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tests/etcd_rig.h"

namespace holdfast::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::HasSubstr;

std::string Content(const fs::path& path, size_t limit = SIZE_MAX) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(std::min<size_t>(limit, fs::file_size(path)), '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

// The v2 store's JSON inside a .snap file, without what etcdutl orders at random.
Json SnapOf(const fs::path& file) {
  std::string bytes = Content(file);
  size_t begin = bytes.find('{');
  std::string text = bytes.substr(begin, bytes.rfind("\"CurrentVersion\":2}") + 19 - begin);
  Json store = Json::parse(text, nullptr, false);
  EXPECT_FALSE(store.is_discarded());
  store.erase("WatcherHub");
  store.erase("Stats");
  return store;
}
// Members are numbered in the order in which they were added, which etcdutl leaves to chance.
void DropIndices(Json& node) {
  if (node.is_object()) {
    node.erase("CreatedIndex");
    node.erase("ModifiedIndex");
  }
  for (auto& child : node)
    if (child.is_structured()) DropIndices(child);
}

struct Source {
  std::unique_ptr<EtcdRig> rig;
  fs::path snapshot;
  std::string keys;  // as JSON
  int64_t revision = 0;
};

std::string KeysOf(const EtcdRig& rig, const std::string& suffix, size_t member = 0) {
  Ran ran = rig.Ctl(suffix, "get '' --prefix -w json 2>/dev/null", member);
  EXPECT_EQ(ran.code, 0) << ran.out;
  Json answer = Json::parse(ran.out.substr(ran.out.find('{')), nullptr, false);
  EXPECT_FALSE(answer.is_discarded()) << ran.out.substr(0, 300);
  return answer.is_object() && answer.contains("kvs") ? answer["kvs"].dump() : "nothing";
}

Source MakeSource(const std::string& suffix) {
  Source source;
  auto rig = EtcdRig::Start();
  EXPECT_TRUE(rig) << rig.error().ToString();
  source.rig = std::move(*rig);
  source.snapshot = source.rig->dir() / "snap.db";
  auto ok = [](const Status& status) { EXPECT_TRUE(status) << status.error().ToString(); };
  ok(source.rig->StartMember(suffix, 0, 1, source.rig->dir() / "source"));
  ok(source.rig->WaitReady(suffix, 1));
  ok(source.rig->Fill(suffix));
  source.keys = KeysOf(*source.rig, suffix);
  ok(source.rig->Save(suffix, source.snapshot));
  source.rig->StopAll();
  source.revision = SnapshotStatus(source.snapshot).value("revision", int64_t{0});
  return source;
}

std::string Flags(const EtcdRig& rig, size_t i, size_t members, const fs::path& data_dir) {
  return rig.RestoreFlags(rig.dir() / "snap.db", i, members, data_dir);
}

class EtcdVersions : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Saved, EtcdVersions, ::testing::Values("", "-3.5", "-3.4"),
                         [](const auto& test) { return VersionName(test.param); });

TEST_P(EtcdVersions, StatusAndVerifyAgreeWithEtcdutl) {
  Source source = MakeSource(GetParam());
  Json ours = SnapshotStatus(source.snapshot);
  Ran theirs = RunCommand(source.rig->Tool("etcdutl", "") + " snapshot status -w json " +
                          source.snapshot.string() + " 2>/dev/null");
  Json expected = Json::parse(theirs.out, nullptr, false);
  ASSERT_FALSE(expected.is_discarded()) << theirs.out;
  for (const auto& [key, value] : expected.items()) EXPECT_EQ(ours[key], value) << key;
  Ran older = RunCommand(source.rig->Tool("etcdutl", "-3.5") + " snapshot status -w json " +
                         source.snapshot.string() + " 2>/dev/null");
  EXPECT_EQ(Json::parse(older.out, nullptr, false)["totalKey"], ours["rows"]);

  Ran verify = Holdfast("etcd verify -o json " + source.snapshot.string());
  EXPECT_EQ(verify.code, 0) << verify.out;
  Json report = Json::parse(verify.out, nullptr, false);
  EXPECT_EQ(report["ok"], true);
  EXPECT_EQ(report["checksum"], "matches");
  EXPECT_EQ(report["warnings"], Json::array());
  EXPECT_EQ(report["restorable"], "yes");
  EXPECT_EQ(report["keys"], ours["totalKey"]);
  EXPECT_EQ(report["compactRevision"], 3);
}

TEST_P(EtcdVersions, RestoredAsEtcdutlDoes) {
  Source source = MakeSource(GetParam());
  const EtcdRig& rig = *source.rig;
  for (size_t members : {1, 3}) {
    for (const char* bump : {"", " --bump-revision 1000 --mark-compacted"}) {
      fs::path ours = rig.dir() / "ours", theirs = rig.dir() / "theirs";
      Ran holdfast = Holdfast("etcd restore " + Flags(rig, members - 1, members, ours) + bump);
      ASSERT_EQ(holdfast.code, 0) << holdfast.out;
      Ran etcdutl = RunCommand(rig.Tool("etcdutl", "") + " snapshot restore " +
                               Flags(rig, members - 1, members, theirs) + bump);
      ASSERT_EQ(etcdutl.code, 0) << etcdutl.out;
      std::string what = fmt::format("{} members{}", members, bump);
      EXPECT_EQ(SnapshotStatus(ours / "member/snap/db")["hash"],
                SnapshotStatus(theirs / "member/snap/db")["hash"])
          << what;
      // etcdutl's own page checks run on our pages.
      Ran judged = RunCommand(rig.Tool("etcdutl", "") + " snapshot status -w json " +
                              (ours / "member/snap/db").string());
      EXPECT_EQ(judged.code, 0) << judged.out;
      std::string wal = "member/wal/0000000000000000-0000000000000000.wal";
      EXPECT_EQ(Content(ours / wal), Content(theirs / wal)) << what;
      std::string snap = fmt::format("member/snap/{:016x}-{:016x}.snap", 1, members);
      Json a = SnapOf(ours / snap), b = SnapOf(theirs / snap);
      if (members > 1) {
        DropIndices(a);
        DropIndices(b);
      }
      EXPECT_EQ(a, b) << what;
      fs::remove_all(ours);
      fs::remove_all(theirs);
    }
  }
}

struct Start {
  std::string saved, started;
  size_t members;
};
class EtcdMatrix : public ::testing::TestWithParam<Start> {};
INSTANTIATE_TEST_SUITE_P(
    Starts, EtcdMatrix,
    ::testing::Values(Start{"", "", 1}, Start{"", "", 3}, Start{"", "-3.5", 1},
                      Start{"", "-3.5", 3}, Start{"-3.5", "", 1}, Start{"-3.5", "", 3},
                      Start{"-3.5", "-3.5", 1}, Start{"-3.5", "-3.5", 3}, Start{"-3.4", "-3.4", 1},
                      Start{"-3.4", "-3.4", 3}, Start{"-3.4", "-3.5", 1}, Start{"-3.4", "-3.5", 3},
                      Start{"-3.4", "", 1}, Start{"-3.4", "", 3}),
    [](const auto& test) {
      return fmt::format("saved_{}_started_{}_{}", VersionName(test.param.saved),
                         VersionName(test.param.started), test.param.members);
    });

TEST_P(EtcdMatrix, ServesWhatWasSaved) {
  const Start& start = GetParam();
  Source source = MakeSource(start.saved);
  EtcdRig& rig = *source.rig;
  auto must = [](const Status& status) { ASSERT_TRUE(status) << status.error().ToString(); };
  for (size_t i = 0; i < start.members; ++i) {
    fs::path dir = rig.dir() / fmt::format("restored{}", i);
    Ran ran = Holdfast("etcd restore " + Flags(rig, i, start.members, dir));
    ASSERT_EQ(ran.code, 0) << ran.out;
    must(rig.StartMember(start.started, i, start.members, dir));
  }
  must(rig.WaitReady(start.started, start.members));
  for (size_t i = 0; i < start.members; ++i) EXPECT_EQ(KeysOf(rig, start.started, i), source.keys);
  Ran members = rig.Ctl(start.started, "member list");
  for (size_t i = 0; i < start.members; ++i) EXPECT_THAT(members.out, HasSubstr(rig.PeerUrl(i)));
  EXPECT_EQ(std::count(members.out.begin(), members.out.end(), '\n'), long(start.members));
  EXPECT_THAT(rig.Ctl(start.started, "user get root").out, HasSubstr("reader"));
  EXPECT_THAT(rig.Ctl(start.started, "role get reader").out, HasSubstr("key"));
  Ran leases = rig.Ctl(start.started, "lease list");
  EXPECT_THAT(leases.out, HasSubstr("found 1 leases"));
  // "lease 694d... granted with TTL(36000s)": the same one, with its key and its full time.
  std::string granted = Content(rig.dir() / "lease.txt");
  std::string id = granted.substr(6, granted.find(' ', 6) - 6);
  Ran lease = rig.Ctl(start.started, "lease timetolive " + id + " --keys");
  EXPECT_THAT(lease.out, HasSubstr("granted with TTL(36000s)"));
  EXPECT_THAT(lease.out, HasSubstr("leased"));

  // A second save and restore, of the cluster that came of the first.
  EXPECT_EQ(rig.Ctl(start.started, "put after restore").code, 0);
  std::string keys = KeysOf(rig, start.started);
  fs::remove(source.snapshot);
  Ran saved = Holdfast(fmt::format("etcd save {} --endpoints {}", source.snapshot.string(),
                                   rig.ClientUrl(start.members - 1)));
  ASSERT_EQ(saved.code, 0) << saved.out;
  rig.StopAll();
  EXPECT_EQ(Holdfast("etcd verify " + source.snapshot.string()).code, 0);
  for (size_t i = 0; i < start.members; ++i) {
    fs::path dir = rig.dir() / fmt::format("second{}", i);
    Ran again = Holdfast("etcd restore " + Flags(rig, i, start.members, dir));
    ASSERT_EQ(again.code, 0) << again.out;
    must(rig.StartMember(start.started, i, start.members, dir));
  }
  must(rig.WaitReady(start.started, start.members));
  for (size_t i = 0; i < start.members; ++i) EXPECT_EQ(KeysOf(rig, start.started, i), keys);
}

TEST(EtcdRestore, BumpedRevisionsRefuseOldWatches) {
  Source source = MakeSource("");
  EtcdRig& rig = *source.rig;
  Ran ran = Holdfast("etcd restore " + Flags(rig, 0, 1, rig.dir() / "bumped") +
                     " --bump-revision 1000000");
  ASSERT_EQ(ran.code, 0) << ran.out;
  ASSERT_TRUE(rig.StartMember("", 0, 1, rig.dir() / "bumped"));
  ASSERT_TRUE(rig.WaitReady("", 1));
  EXPECT_EQ(KeysOf(rig, ""), source.keys);
  Ran old = rig.Ctl("", fmt::format("get last --rev={}", source.revision));
  EXPECT_NE(old.code, 0);
  EXPECT_THAT(old.out, HasSubstr("compacted"));
  Ran now = rig.Ctl("", "put last two -w json");
  EXPECT_THAT(now.out, HasSubstr(fmt::format("\"revision\":{}", source.revision + 1'000'001)));
}

// The disk is full (as far as this process is concerned) in the middle of the copy.
TEST(EtcdRestore, FullDiskLeavesNothing) {
  Source source = MakeSource("");
  fs::path dir = source.rig->dir() / "full";
  Ran ran = RunCommand("bash -c 'trap \"\" XFSZ; ulimit -f 40; " + std::string(HOLDFAST_PROGRAM) +
                       " etcd restore " + Flags(*source.rig, 0, 1, dir) + "'");
  EXPECT_EQ(ran.code, 1) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("File too large"));
  EXPECT_FALSE(fs::exists(dir));
}

}  // namespace
}  // namespace holdfast::tests
