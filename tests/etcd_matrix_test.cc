// Clusters with authentication, leases and alarms, saved by each version of etcd: restored by
// holdfast and by etcd's own tool with the same flags, and started by each version that can read
// them, both are the same cluster.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
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

// Bcrypt may take long on a machine that does other work, too.
constexpr char kRoot[] = "--user root:secret --dial-timeout=30s --command-timeout=30s ";
constexpr char kGuest[] = "--user guest:guest --dial-timeout=30s --command-timeout=30s ";
const std::vector<std::string> kCheapPasswords = {"--bcrypt-cost=4"};

void Must(const Status& status) { ASSERT_TRUE(status) << status.error().ToString(); }

std::string Ask(const EtcdRig& rig, const std::string& suffix, const std::string& arguments) {
  Ran ran = rig.Ctl(suffix, arguments);
  EXPECT_EQ(ran.code, 0) << arguments << ": " << ran.out;
  return ran.out;
}
Json AskJson(const EtcdRig& rig, const std::string& suffix, const std::string& arguments) {
  std::string text = Ask(rig, suffix, arguments + " -w json 2>/dev/null");
  Json answer = Json::parse(text.substr(std::min(text.find('{'), text.size())), nullptr, false);
  EXPECT_TRUE(answer.is_object()) << arguments << ": " << text;
  return answer;
}
std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    if (!line.empty()) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

// Everything that a client can learn of a cluster, but for what is made anew at a start: terms,
// and the time that leases have left.
Json Everything(const EtcdRig& rig, const std::string& suffix) {
  auto ask = [&](const std::string& what) { return Ask(rig, suffix, kRoot + what); };
  auto ask_json = [&](const std::string& what) { return AskJson(rig, suffix, kRoot + what); };
  Json all;
  Json keys = ask_json("get '' --prefix");
  all["keys"] = keys["kvs"];
  all["revision"] = keys["header"]["revision"];
  const Json leases = ask_json("lease list"), members = ask_json("member list");
  for (const Json& lease : leases.at("leases")) {
    std::string id = fmt::format("{:x}", lease["id"].get<int64_t>());
    Json one = ask_json("lease timetolive " + id + " --keys");
    std::sort(one["keys"].begin(), one["keys"].end());
    all["leases"][id] = {one["granted-ttl"], one["keys"]};
  }
  for (const std::string& user : Lines(ask("user list")))
    all["users"][user] = Lines(ask("user get " + user));
  for (const std::string& role : Lines(ask("role list")))
    all["roles"][role] = Lines(ask("role get " + role));
  for (const Json& member : members.at("members"))
    all["members"].push_back({member["ID"], member["peerURLs"]});
  all["alarms"] = Lines(ask("alarm list"));
  return all;
}

struct Matrix {
  std::string saved, started;
  size_t members;
  const char* flags;
};
std::string NameOf(const Matrix& matrix) {
  return fmt::format("saved_{}_started_{}_{}", VersionName(matrix.saved),
                     VersionName(matrix.started), matrix.members);
}

class EtcdBesideEtcdutl : public ::testing::TestWithParam<Matrix> {
 protected:
  void SetUp() override {
    auto rig = EtcdRig::Start();
    ASSERT_TRUE(rig) << rig.error().ToString();
    rig_ = std::move(*rig);
  }
  fs::path Snapshot() const { return rig_->dir() / "snap.db"; }

  // A cluster of one with users that must prove who they are, and leases with and without keys.
  void SaveSource() {
    const std::string& suffix = GetParam().saved;
    Must(rig_->StartMember(suffix, 0, 1, rig_->dir() / "source", kCheapPasswords));
    Must(rig_->WaitReady(suffix, 1));
    Must(rig_->Fill(suffix));
    std::string granted = Ask(*rig_, suffix, "lease grant 7200");  // "lease ID granted with ..."
    std::string id = granted.substr(6, granted.find(' ', 6) - 6);
    for (const std::string& command :
         {"put app/a 1 --lease=" + id, "put app/b 2 --lease=" + id, std::string("lease grant 9000"),
          std::string("role add writer"),
          std::string("role grant-permission writer readwrite --prefix app/"),
          std::string("user add guest:guest"), std::string("user grant-role guest writer"),
          std::string("user add certified --no-password"),
          std::string("user grant-role certified reader"), std::string("user grant-role root root"),
          std::string("auth enable")})
      Ask(*rig_, suffix, command);
    Ask(*rig_, suffix, kRoot + ("snapshot save " + Snapshot().string()));
    rig_->StopAll();
  }

  fs::path DataDir(const std::string& who, size_t i) const {
    return rig_->dir() / fmt::format("{}{}", who, i);
  }
  void Restore(const std::string& who, const std::string& command) {
    for (size_t i = 0; i < GetParam().members; ++i) {
      Ran ran = RunCommand(command + " " +
                           rig_->RestoreFlags(Snapshot(), i, GetParam().members, DataDir(who, i)) +
                           GetParam().flags);
      ASSERT_EQ(ran.code, 0) << ran.out;
    }
  }
  void Start(const std::string& who) {
    for (size_t i = 0; i < GetParam().members; ++i)
      Must(rig_->StartMember(GetParam().started, i, GetParam().members, DataDir(who, i),
                             kCheapPasswords));
    Must(rig_->WaitReady(GetParam().started, GetParam().members, kRoot));
  }

  std::unique_ptr<EtcdRig> rig_;
};
INSTANTIATE_TEST_SUITE_P(
    All, EtcdBesideEtcdutl,
    ::testing::Values(Matrix{"", "", 1, " --bump-revision 1000 --mark-compacted"},
                      Matrix{"", "", 3, ""}, Matrix{"", "-3.5", 3, ""},
                      Matrix{"-3.5", "-3.5", 1, " --bump-revision 1000 --mark-compacted"},
                      Matrix{"-3.5", "", 3, ""}, Matrix{"-3.4", "-3.4", 1, ""},
                      Matrix{"-3.4", "", 3, ""}),
    [](const auto& row) { return NameOf(row.param); });

TEST_P(EtcdBesideEtcdutl, IsTheSameCluster) {
  const std::string& started = GetParam().started;
  ASSERT_NO_FATAL_FAILURE(SaveSource());
  // The restorer that belongs to the version which is started.
  std::string theirs = started == "-3.4" ? "ETCDCTL_API=3 " + rig_->Tool("etcdctl", started)
                                         : rig_->Tool("etcdutl", started);
  ASSERT_NO_FATAL_FAILURE(Restore("theirs", theirs + " snapshot restore"));
  ASSERT_NO_FATAL_FAILURE(Start("theirs"));
  Json expected = Everything(*rig_, started);
  rig_->StopAll();

  ASSERT_NO_FATAL_FAILURE(Restore("ours", std::string(HOLDFAST_PROGRAM) + " etcd restore"));
  ASSERT_NO_FATAL_FAILURE(Start("ours"));
  EXPECT_EQ(Everything(*rig_, started), expected);
  EXPECT_GT(expected["keys"].size(), 120u);
  EXPECT_EQ(expected["leases"].size(), 3u);
  EXPECT_EQ(expected["users"].size(), 3u);
  EXPECT_EQ(expected["roles"].size(), 2u) << "writer and reader; root is built in";
  EXPECT_EQ(expected["members"].size(), GetParam().members);

  // Users are held to their roles, and must prove who they are.
  EXPECT_NE(rig_->Ctl(started, "get app/a").code, 0);
  EXPECT_NE(rig_->Ctl(started, "--user guest:wrong get app/a").code, 0);
  EXPECT_EQ(rig_->Ctl(started, kGuest + std::string("put app/c 3")).code, 0);
  EXPECT_NE(rig_->Ctl(started, kGuest + std::string("put key0001 3")).code, 0);

  // What was restored is written on by etcd, and read by it again.
  Json written = Everything(*rig_, started);
  rig_->StopAll();
  ASSERT_NO_FATAL_FAILURE(Start("ours"));
  EXPECT_EQ(Everything(*rig_, started), written);
}

struct Alarm {
  std::string version;
  size_t members;
};
class EtcdAlarms : public ::testing::TestWithParam<Alarm> {};
INSTANTIATE_TEST_SUITE_P(All, EtcdAlarms,
                         ::testing::Values(Alarm{"", 1}, Alarm{"", 3}, Alarm{"-3.5", 1},
                                           Alarm{"-3.4", 1}),
                         [](const auto& row) {
                           return fmt::format("{}_{}", VersionName(row.param.version),
                                              row.param.members);
                         });

TEST_P(EtcdAlarms, AreToldOfAndCleared) {
  const auto& [version, members] = GetParam();
  auto started = EtcdRig::Start();
  ASSERT_TRUE(started) << started.error().ToString();
  EtcdRig& rig = **started;
  ASSERT_TRUE(
      rig.StartMember(version, 0, 1, rig.dir() / "source", {"--quota-backend-bytes=100000"}));
  ASSERT_TRUE(rig.WaitReady(version, 1));
  std::ofstream(rig.dir() / "big") << std::string(60'000, 'x');
  // etcd learns of its size when it commits, some time after a put, and then of the next one's.
  bool raised = false;
  for (int i = 0; i < 200 && !raised; ++i) {
    rig.Ctl(version, fmt::format("put big{} < {}", i, (rig.dir() / "big").string()));
    raised = rig.Ctl(version, "alarm list").out.find("NOSPACE") != std::string::npos;
  }
  ASSERT_TRUE(raised);
  fs::path snapshot = rig.dir() / "snap.db";
  ASSERT_TRUE(rig.Save(version, snapshot));
  rig.StopAll();
  Ran verified = Holdfast("etcd verify -o json " + snapshot.string());
  EXPECT_EQ(verified.code, 0) << verified.out;
  EXPECT_THAT(verified.out, HasSubstr("NOSPACE"));
  for (bool clear : {false, true}) {
    for (size_t i = 0; i < members; ++i) {
      fs::path dir = rig.dir() / fmt::format("{}{}", clear ? "cleared" : "raised", i);
      Ran ran = Holdfast("etcd restore " + rig.RestoreFlags(snapshot, i, members, dir) +
                         (clear ? " --clear-alarms" : ""));
      ASSERT_EQ(ran.code, 0) << ran.out;
      EXPECT_THAT(ran.out, HasSubstr("alarm NOSPACE"));
      ASSERT_TRUE(rig.StartMember(version, i, members, dir));
    }
    ASSERT_TRUE(rig.WaitReady(version, members));
    Ran alarms = rig.Ctl(version, "alarm list");
    EXPECT_EQ(alarms.out.find("NOSPACE") == std::string::npos, clear) << alarms.out;
    EXPECT_EQ(rig.Ctl(version, "put a b").code == 0, clear);
    rig.StopAll();
  }
}

}  // namespace
}  // namespace holdfast::tests
