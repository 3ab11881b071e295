// `holdfast etcd save` against real clusters: the choice of a member, failover, TLS,
// authentication, compression; and looking into what was saved.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "testbed/certificates.h"
#include "tests/etcd_rig.h"
#include "tests/program.h"

namespace holdfast::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::HasSubstr;

std::unique_ptr<EtcdRig> StartRig() {
  auto rig = EtcdRig::Start();
  EXPECT_TRUE(rig) << rig.error().ToString();
  return std::move(*rig);
}

std::vector<std::string> FilesIn(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

class EtcdSave : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(From, EtcdSave, ::testing::Values("", "-3.5", "-3.4"),
                         [](const auto& test) { return VersionName(test.param); });

TEST_P(EtcdSave, IsWhatEtcdctlSaves) {
  auto rig = StartRig();
  ASSERT_TRUE(rig->StartMember(GetParam(), 0, 1, rig->dir() / "source"));
  ASSERT_TRUE(rig->WaitReady(GetParam(), 1));
  ASSERT_TRUE(rig->Fill(GetParam()));
  ASSERT_TRUE(rig->Save(GetParam(), rig->dir() / "theirs.db"));
  fs::path folder = rig->dir() / "snapshots";
  fs::create_directory(folder);
  for (const char* how : {"none", "gzip", "zstd"}) {
    fs::path file = folder / (std::string("ours.") + how);
    Ran ran = Holdfast(fmt::format("etcd save {} --endpoints {} --compress {} -o json 2>/dev/null",
                                   file.string(), rig->ClientUrl(0), how));
    ASSERT_EQ(ran.code, 0) << ran.out;
    Json report = Json::parse(ran.out, nullptr, false);
    std::string other = (rig->dir() / "theirs.db").string();
    ASSERT_TRUE(rig->Save(GetParam(), rig->dir() / "later.db"));
    Json theirs = SnapshotStatus(other);
    Json ours = SnapshotStatus(file);
    Json later = SnapshotStatus(rig->dir() / "later.db");
    // etcd commits the raft index of the moment into the database, and between two snapshots it
    // goes on: it is hashed too, and the pages that its commits take only ever make the file grow.
    EXPECT_LE(theirs["totalSize"], ours["totalSize"]) << how;
    EXPECT_LE(ours["totalSize"], later["totalSize"]) << how;
    if (std::string(how) == "none") {
      EXPECT_EQ(ours["totalSize"], fs::file_size(file) - 32) << "after the database, its SHA-256";
    }
    for (const char* of_the_moment : {"hash", "totalSize"}) {
      ours.erase(of_the_moment);
      theirs.erase(of_the_moment);
    }
    EXPECT_EQ(ours, theirs) << how;
    EXPECT_EQ(Holdfast("etcd diff " + file.string() + " " + other).out, "") << how;
    EXPECT_EQ(report["revision"], theirs["revision"]);
    EXPECT_EQ(report["storedSize"], fs::file_size(file));
    std::ifstream meta(file.string() + ".meta");
    EXPECT_EQ(Json::parse(meta, nullptr, false), report);
    EXPECT_EQ(Holdfast("etcd verify " + file.string()).code, 0);
    Ran restored = Holdfast(fmt::format("etcd restore {} --data-dir {}", file.string(),
                                        (rig->dir() / ("data-" + std::string(how))).string()));
    EXPECT_EQ(restored.code, 0) << restored.out;
    // Cut off, a compressed file is refused as such.
    if (std::string(how) == "none") continue;
    fs::resize_file(file, fs::file_size(file) - 10);
    Ran cut = Holdfast("etcd verify " + file.string());
    EXPECT_EQ(cut.code, 1);
    EXPECT_THAT(cut.out, HasSubstr("decompressing"));
  }
  Ran again = Holdfast(fmt::format("etcd save {} --endpoints {}", (folder / "ours.none").string(),
                                   rig->ClientUrl(0)));
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.out, HasSubstr("nothing is overwritten"));
  EXPECT_EQ(FilesIn(folder).size(), 6u) << "three snapshots and what describes them";
}

TEST(EtcdSaveCluster, TakesAFollowerAndGoesOnWhenMembersAreDown) {
  auto rig = StartRig();
  for (size_t i = 0; i < 3; ++i)
    ASSERT_TRUE(rig->StartMember("", i, 3, rig->dir() / fmt::format("m{}", i)));
  ASSERT_TRUE(rig->WaitReady("", 3));
  ASSERT_TRUE(rig->Fill(""));
  std::string nobody = "http://127.0.0.1:1";
  std::string all =
      fmt::format("{},{},{},{}", nobody, rig->ClientUrl(0), rig->ClientUrl(1), rig->ClientUrl(2));
  Ran ran =
      Holdfast(fmt::format("etcd save {} --endpoints {} -o json 2>{}",
                           (rig->dir() / "a.db").string(), all, (rig->dir() / "err").string()));
  ASSERT_EQ(ran.code, 0) << ran.out;
  Json report = Json::parse(ran.out, nullptr, false);
  std::ifstream err(rig->dir() / "err");
  std::string warnings((std::istreambuf_iterator<char>(err)), {});
  EXPECT_THAT(warnings, HasSubstr(nobody));
  EXPECT_THAT(warnings, ::testing::Not(HasSubstr("corrupt")));
  Ran status = rig->Ctl("", "endpoint status --cluster -w json 2>/dev/null");
  Json all_status = Json::parse(status.out.substr(status.out.find('[')), nullptr, false);
  ASSERT_TRUE(all_status.is_array()) << status.out;
  size_t seen = 0;
  for (const Json& one : all_status) {
    if (one["Endpoint"] != report["endpoint"]) continue;
    ++seen;
    EXPECT_NE(one["Status"]["leader"], one["Status"]["header"]["member_id"]);
  }
  EXPECT_EQ(seen, 1u);

  Ran none = Holdfast(
      fmt::format("etcd save {} --endpoints {}", (rig->dir() / "none.db").string(), nobody));
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.out, HasSubstr(nobody));
  EXPECT_FALSE(fs::exists(rig->dir() / "none.db"));

  // The quorum is lost: what the survivor has is all there is.
  rig->Kill(1);
  rig->Kill(2);
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::string survivor = rig->ClientUrl(0), leaderless;
  while (std::chrono::steady_clock::now() < end) {
    leaderless = rig->Ctl("", "endpoint status -w json 2>/dev/null").out;
    if (leaderless.find("no leader") != std::string::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // polls another process
  }
  ASSERT_THAT(leaderless, HasSubstr("no leader"));
  for (const auto& [name, endpoints] :
       {std::pair("survivor.db", survivor), std::pair("of-all.db", all)}) {
    Ran saved = Holdfast(
        fmt::format("etcd save {} --endpoints {}", (rig->dir() / name).string(), endpoints));
    EXPECT_EQ(saved.code, 0) << saved.out;
    EXPECT_THAT(saved.out, HasSubstr(survivor + " has no leader"));
    EXPECT_THAT(saved.out, HasSubstr("may lack the last writes"));
    EXPECT_EQ(
        Holdfast("etcd diff " + (rig->dir() / "a.db").string() + " " + (rig->dir() / name).string())
            .out,
        "");
  }
}

// The description cannot be stored: a snapshot without one would belong to nobody.
TEST(EtcdSaveCluster, LeavesNothingWithoutADescription) {
  auto rig = StartRig();
  ASSERT_TRUE(rig->StartMember("", 0, 1, rig->dir() / "source"));
  ASSERT_TRUE(rig->WaitReady("", 1));
  fs::path store = rig->dir() / "store";
  fs::create_directories(store / "a.db.meta");
  Ran ran = Holdfast(fmt::format("etcd save --store {} --name a.db --endpoints {}", store.string(),
                                 rig->ClientUrl(0)));
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("what describes snapshot a.db"));
  EXPECT_THAT(FilesIn(store), ::testing::ElementsAre("a.db.meta"));
}

// A service outlives its certificates, its password and etcd's tokens.
TEST(EtcdSaveCluster, TheServiceReadsItsFilesAgain) {
  auto rig = StartRig();
  auto ca = testbed::CertificateAuthority::Create("etcd-ca");
  auto other = testbed::CertificateAuthority::Create("another");
  ASSERT_TRUE(ca);
  ASSERT_TRUE(other);
  auto write = [&](const std::string& name, const std::string& text) {
    fs::path path = rig->dir() / name;
    std::ofstream(path.string() + ".new") << text;
    fs::rename(path.string() + ".new", path);
    return path.string();
  };
  auto server = ca->Issue({.common_name = "etcd",
                           .dns_names = {"localhost"},
                           .ip_addresses = {"127.0.0.1"},
                           .server = true});
  auto client = ca->Issue({.common_name = "nobody"}), wrong = other->Issue({.common_name = "old"});
  ASSERT_TRUE(server && client && wrong);
  std::string url = "https" + rig->ClientUrl(0).substr(4),
              ca_file = write("ca", ca->certificate_pem());
  ASSERT_TRUE(rig->StartMember(
      "", 0, 1, rig->dir() / "source",
      {"--listen-client-urls=" + url, "--advertise-client-urls=" + url, "--auth-token-ttl=1",
       "--cert-file=" + write("server", server->certificate_pem),
       "--key-file=" + write("server-key", server->key_pem), "--trusted-ca-file=" + ca_file,
       "--client-cert-auth"}));
  std::string tls =
      fmt::format(" --cacert={} --cert={} --key={}", ca_file,
                  write("mine", client->certificate_pem), write("mine-key", client->key_pem));
  Status ready = rig->WaitReady("", 1, tls);
  ASSERT_TRUE(ready) << ready.error().ToString();
  for (const char* command : {"user add root:secret", "user grant-role root root", "auth enable"}) {
    Ran ran = rig->Ctl("", tls + " " + command);
    ASSERT_EQ(ran.code, 0) << ran.out;
  }
  std::string used_ca = write("used-ca", other->certificate_pem()),
              used_cert = write("used-cert", wrong->certificate_pem),
              used_key = write("used-key", wrong->key_pem), password = write("password", "guess\n");
  fs::path store = rig->dir() / "store";
  Program service({HOLDFAST_PROGRAM,
                   "etcd",
                   "run",
                   "--interval",
                   "2s",
                   "--keep",
                   "99",
                   "--store",
                   store.string(),
                   "--endpoints",
                   url,
                   "--cacert",
                   used_ca,
                   "--cert",
                   used_cert,
                   "--key",
                   used_key,
                   "--user",
                   "root",
                   "--password-file",
                   password});
  auto snapshots = [&] {
    std::error_code ignored;
    size_t count = 0;
    for (fs::directory_iterator it(store, ignored), end; !ignored && it != end;
         it.increment(ignored))
      count += it->path().extension() == ".meta";
    return count;
  };
  std::this_thread::sleep_for(std::chrono::seconds(3));  // a round or two, which fail
  EXPECT_EQ(snapshots(), 0u);
  write("used-ca", ca->certificate_pem());
  write("used-cert", client->certificate_pem);
  write("used-key", client->key_pem);
  write("password", "secret\n");
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(40);
  while (snapshots() < 3 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // polls another process
  service.Signal(SIGTERM);
  Outcome outcome = service.Wait();
  EXPECT_GE(snapshots(), 3u) << ToText(outcome);
}

TEST(EtcdSaveCluster, TlsAndUsers) {
  auto rig = StartRig();
  auto ca = testbed::CertificateAuthority::Create("etcd-ca");
  auto other = testbed::CertificateAuthority::Create("another");
  ASSERT_TRUE(ca);
  ASSERT_TRUE(other);
  auto server = ca->Issue({.common_name = "etcd",
                           .dns_names = {"localhost"},
                           .ip_addresses = {"127.0.0.1"},
                           .server = true});
  auto client = ca->Issue({.common_name = "nobody"});
  ASSERT_TRUE(server);
  ASSERT_TRUE(client);
  auto write = [&](const char* name, const std::string& text) {
    std::ofstream(rig->dir() / name) << text;
    return (rig->dir() / name).string();
  };
  std::string ca_file = write("ca.pem", ca->certificate_pem());
  std::string wrong_ca = write("wrong.pem", other->certificate_pem());
  std::string cert = write("server.pem", server->certificate_pem);
  std::string key = write("server-key.pem", server->key_pem);
  std::string client_cert = write("client.pem", client->certificate_pem);
  std::string client_key = write("client-key.pem", client->key_pem);
  std::string password = write("password", "secret\n");
  std::string url = "https" + rig->ClientUrl(0).substr(4);
  ASSERT_TRUE(rig->StartMember(
      "", 0, 1, rig->dir() / "source",
      {"--listen-client-urls=" + url, "--advertise-client-urls=" + url, "--cert-file=" + cert,
       "--key-file=" + key, "--trusted-ca-file=" + ca_file, "--client-cert-auth"}));
  std::string tls =
      fmt::format(" --cacert={} --cert={} --key={}", ca_file, client_cert, client_key);
  Status ready = rig->WaitReady("", 1, tls);
  ASSERT_TRUE(ready) << ready.error().ToString();
  for (const char* command : {"put a b", "user add root:secret", "user grant-role root root",
                              "user add guest:guest", "auth enable"}) {
    Ran ran = rig->Ctl("", tls + " " + command);
    ASSERT_EQ(ran.code, 0) << ran.out;
  }
  std::string file = (rig->dir() / "snap.db").string();
  auto save = [&](const std::string& flags) {
    Ran ran = Holdfast("etcd save " + file + " --endpoints " + url + flags);
    EXPECT_EQ(fs::exists(file), ran.code == 0) << ran.out;
    return ran;
  };
  Ran ran = save(fmt::format(" --cacert {} --cert {} --key {}", wrong_ca, client_cert, client_key));
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("--cacert"));
  ran = save(" --cacert " + ca_file);
  EXPECT_EQ(ran.code, 1) << "no client certificate";
  ran = save(tls);
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("--user"));
  std::string wrong = write("wrong-password", "guess\n");
  ran = save(tls + " --user root --password-file " + wrong);
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("logging in"));
  ran = save(tls + " --user root --password-file " + password);
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_EQ(Holdfast("etcd verify " + file).code, 0);
}

TEST(EtcdLook, AnswersAreEtcds) {
  auto rig = StartRig();
  ASSERT_TRUE(rig->StartMember("", 0, 1, rig->dir() / "source"));
  ASSERT_TRUE(rig->WaitReady("", 1));
  ASSERT_TRUE(rig->Fill(""));
  std::string file = (rig->dir() / "a.db").string(), later = (rig->dir() / "b.db").string();
  ASSERT_TRUE(rig->Save("", file));
  for (std::string prefix : {"", "key00", "nothing"}) {
    Ran ours = Holdfast("etcd ls " + file + " '" + prefix + "'");
    EXPECT_EQ(ours.code, 0) << ours.out;
    Ran theirs = rig->Ctl("", "get '" + prefix + "' --prefix --keys-only | grep .");
    EXPECT_EQ(ours.out, theirs.out) << prefix;
    EXPECT_EQ(Holdfast("etcd ls " + file + " '" + prefix + "' --rev 3").out,
              rig->Ctl("", "get '" + prefix + "' --prefix --keys-only --rev=3 | grep .").out)
        << prefix;
  }
  EXPECT_EQ(Holdfast("etcd get " + file + " key0001").out, "second1");
  EXPECT_EQ(Holdfast("etcd get " + file + " key0001 --rev 3").out, "second1");
  EXPECT_THAT(Holdfast("etcd get " + file + " key0001 --rev 2").out, HasSubstr("compacted"));
  EXPECT_THAT(Holdfast("etcd get " + file + " again").out, HasSubstr("deleted at revision"));
  EXPECT_THAT(Holdfast("etcd history " + file + " again").out, HasSubstr("deleted"));
  Json top = Json::parse(Holdfast("etcd top -o json " + file).out, nullptr, false);
  EXPECT_EQ(top["largest"][0]["key"], "big");
  EXPECT_EQ(top["largest"][0]["bytes"], 20'000);
  ASSERT_EQ(rig->Ctl("", "put key0001 third").code, 0);
  ASSERT_EQ(rig->Ctl("", "put new one").code, 0);
  ASSERT_EQ(rig->Ctl("", "del last").code, 0);
  ASSERT_TRUE(rig->Save("", later));
  EXPECT_EQ(Holdfast("etcd diff " + file + " " + later).out, "~ key0001\n- last\n+ new\n");
  std::string live = " --endpoints " + rig->ClientUrl(0) + " 2>/dev/null";
  EXPECT_EQ(Holdfast("etcd diff " + file + live).out, "~ key0001\n- last\n+ new\n");
  EXPECT_EQ(Holdfast("etcd diff " + file + " key" + live).out, "~ key0001\n");
  EXPECT_EQ(Holdfast("etcd diff " + later + live).out, "");
  EXPECT_EQ(Holdfast("etcd diff " + file).code, 2);
}

}  // namespace
}  // namespace holdfast::tests
