// Snapshots in stores: saved there in every form, listed, read by name, copied, pruned; and the
// service that takes them at an interval.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "testbed/http.h"
#include "tests/etcd_rig.h"
#include "tests/program.h"

namespace holdfast::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string FileContent(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

class EtcdStore : public ::testing::Test {
 protected:
  void SetUp() override {
    auto rig = EtcdRig::Start();
    ASSERT_TRUE(rig) << rig.error().ToString();
    rig_ = std::move(*rig);
    ASSERT_TRUE(rig_->StartMember("", 0, 1, rig_->dir() / "source"));
    ASSERT_TRUE(rig_->WaitReady("", 1));
    ASSERT_TRUE(rig_->Fill(""));
    store_ = rig_->dir() / "store";
    keys_ = (rig_->dir() / "keys.yaml").string();
    std::ofstream(keys_)
        << "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n"
           "resources:\n- resources: [secrets]\n  providers:\n  - aesgcm:\n"
           "      keys: [{name: one, secret: "
           "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=}]\n";
  }
  std::string Store() const { return " --store " + store_.string(); }
  std::string Endpoint() const { return " --endpoints " + rig_->ClientUrl(0); }
  Json List(const fs::path& store) {
    Ran ran = Holdfast("etcd list -o json --store " + store.string());
    EXPECT_EQ(ran.code, 0) << ran.out;
    return Json::parse(ran.out, nullptr, false)["snapshots"];
  }

  std::unique_ptr<EtcdRig> rig_;
  fs::path store_;
  std::string keys_;
};

TEST_F(EtcdStore, EveryFormIsReadByName) {
  ASSERT_EQ(Holdfast("etcd save --name plain" + Store() + Endpoint()).code, 0);
  std::string expected = Holdfast("etcd ls plain" + Store()).out;
  EXPECT_THAT(expected, HasSubstr("key0001"));
  for (const char* how : {"none", "gzip", "zstd", "zip"}) {
    for (bool encrypted : {false, true}) {
      std::string name = std::string(how) + (encrypted ? "-enc" : "");
      std::string key = encrypted ? " --encryption-config " + keys_ : "";
      Ran saved = Holdfast("etcd save --compress " + std::string(how) + " --name " + name + key +
                           Store() + Endpoint());
      ASSERT_EQ(saved.code, 0) << saved.out;
      Ran verified = Holdfast("etcd verify " + name + key + Store());
      EXPECT_EQ(verified.code, 0) << verified.out;
      EXPECT_EQ(Holdfast("etcd ls " + name + key + Store()).out, expected);
      EXPECT_EQ(Holdfast("etcd get " + name + " key0001" + key + Store()).out, "second1");
      EXPECT_EQ(Holdfast("etcd diff plain " + name + key + Store()).out, "");
      fs::path dir = rig_->dir() / ("restored-" + name);
      Ran restored =
          Holdfast("etcd restore " + name + key + Store() + " --data-dir " + dir.string());
      EXPECT_EQ(restored.code, 0) << restored.out;
      EXPECT_EQ(FileContent(store_ / name).find("key0001") == std::string::npos,
                encrypted || how[0] != 'n')
          << name;
      if (!encrypted) continue;
      Ran locked = Holdfast("etcd verify " + name + Store());
      EXPECT_EQ(locked.code, 1);
      EXPECT_THAT(locked.out, HasSubstr("--encryption-config"));
    }
  }
  // unzip, gzip and zstd give what the other tools take.
  if (std::string unzip = "python3 -c \"import zipfile;zipfile.ZipFile('" +
                          (store_ / "zip").string() + "').extractall('" + rig_->dir().string() +
                          "')\"";
      RunCommand("command -v python3").code == 0) {
    Ran ran = RunCommand(unzip);
    EXPECT_EQ(ran.code, 0) << ran.out;
    EXPECT_EQ(
        RunCommand(rig_->Tool("etcdutl", "") + " snapshot status " + (rig_->dir() / "zip").string())
            .code,
        0);
  }
  Json all = List(store_);
  ASSERT_EQ(all.size(), 9u);
  for (const Json& one : all) {
    EXPECT_EQ(one["revision"], all[0]["revision"]);
    EXPECT_EQ(one["etcdVersion"].get<std::string>().substr(0, 3), "3.6");
    EXPECT_EQ(one["encryption"].get<std::string>().empty(),
              !one["name"].get<std::string>().ends_with("-enc"));
    EXPECT_EQ(one["storedSize"], fs::file_size(store_ / one["name"].get<std::string>()));
  }
  EXPECT_EQ(Holdfast("etcd verify nothing" + Store()).code, 1);
  EXPECT_EQ(Holdfast("etcd verify ../keys.yaml" + Store()).code, 1);
}

TEST_F(EtcdStore, CopyAndPrune) {
  for (const char* time : {"2026-01-01T00-00-00Z", "2026-01-02T00-00-00Z", "2026-01-03T00-00-00Z"})
    ASSERT_EQ(
        Holdfast("etcd save --name etcd-" + std::string(time) + ".db" + Store() + Endpoint()).code,
        0);
  ASSERT_EQ(Holdfast("etcd save --name by-hand.db" + Store() + Endpoint()).code, 0);
  fs::path other = rig_->dir() / "other";
  std::string first = "etcd-2026-01-01T00-00-00Z.db",
              copy =
                  "etcd copy " + first + " --from " + store_.string() + " --to " + other.string();
  Ran ran = Holdfast(copy);
  ASSERT_EQ(ran.code, 0) << ran.out;
  EXPECT_EQ(List(other).size(), 1u);
  EXPECT_EQ(FileContent(other / first), FileContent(store_ / first));
  EXPECT_THAT(Holdfast(copy).out, HasSubstr("was there already"));
  // A damaged one is not copied, and takes nobody's place in what is kept.
  std::string newest = "etcd-2026-01-03T00-00-00Z.db";
  fs::resize_file(store_ / newest, 4096);
  ran = Holdfast("etcd copy " + newest + " --from " + store_.string() + " --to " + other.string());
  EXPECT_EQ(ran.code, 1);
  EXPECT_FALSE(fs::exists(other / newest));
  ran = Holdfast("etcd prune --keep 1 --plan" + Store());
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("1 of 3 would be deleted"));
  EXPECT_EQ(List(store_).size(), 4u);
  ran = Holdfast("etcd prune --keep 1" + Store());
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_FALSE(fs::exists(store_ / first));
  EXPECT_FALSE(fs::exists(store_ / (first + ".meta")));
  EXPECT_TRUE(fs::exists(store_ / "etcd-2026-01-02T00-00-00Z.db"));
  EXPECT_TRUE(fs::exists(store_ / newest)) << "damaged: a person should look at it";
  EXPECT_TRUE(fs::exists(store_ / "by-hand.db"));
  EXPECT_EQ(Holdfast("etcd prune" + Store()).code, 2) << "no rule";
}

// A store that others use too, and a machine whose clock was wrong for a night.
TEST_F(EtcdStore, PruneTouchesNothingOfOthers) {
  std::string old = "etcd-2026-01-01T00-00-00Z.db", kept = "etcd-2026-01-02T00-00-00Z.db",
              gone = "etcd-2026-01-03T00-00-00Z.db", future = "etcd-2130-01-01T00-00-00Z.db";
  for (const std::string& name : {old, kept, gone, future})
    ASSERT_EQ(Holdfast("etcd save --name " + name + Store() + Endpoint()).code, 0);
  fs::remove(store_ / gone);
  std::set<std::string> foreign = {"photos.meta", "y.tar.gz", "z.db.meta",
                                   "other-2026-01-01T00-00-00Z.db.meta",
                                   "etcd-2026-01-04T00-00-00Z.db.meta"};
  for (const std::string& name : foreign) std::ofstream(store_ / name) << "{}";
  Ran plan = Holdfast("etcd prune --keep 1 --plan" + Store());
  EXPECT_EQ(plan.code, 0) << plan.out;
  EXPECT_THAT(plan.out, HasSubstr(gone + ".meta"));
  EXPECT_THAT(plan.out, HasSubstr("1 of 3 would be deleted, and 1 description(s)"));
  EXPECT_THAT(plan.out, HasSubstr(future + ": not counted and not deleted"));
  EXPECT_TRUE(fs::exists(store_ / old) && fs::exists(store_ / (gone + ".meta")));
  Ran json = Holdfast("etcd prune --keep 1 --plan -o json 2>/dev/null" + Store());
  EXPECT_EQ(Json::parse(json.out)["orphans"], Json::array({gone + ".meta"}));
  Ran ran = Holdfast("etcd prune --keep 1" + Store());
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr(gone + ".meta"));
  std::set<std::string> left, expected = foreign;
  for (const std::string& name : {kept, future}) expected.insert({name, name + ".meta"});
  for (const auto& entry : fs::directory_iterator(store_)) left.insert(entry.path().filename());
  EXPECT_EQ(left, expected);
}

// What etcdctl has made and somebody has copied in.
TEST_F(EtcdStore, AForeignSnapshotIsAdopted) {
  std::string own = "etcd-2026-01-02T00-00-00Z.db";
  ASSERT_EQ(Holdfast("etcd save --name " + own + Store() + Endpoint()).code, 0);
  ASSERT_TRUE(rig_->Save("", store_ / "mine.db"));
  EXPECT_THAT(Holdfast("etcd list" + Store()).out, HasSubstr("(NAME.meta): mine.db"));
  Ran adopted = Holdfast("etcd adopt mine.db --series etcd --time 2026-01-01T00:00:00Z" + Store());
  ASSERT_EQ(adopted.code, 0) << adopted.out;
  std::string name = "etcd-2026-01-01T00-00-00Z.db";
  EXPECT_THAT(adopted.out, HasSubstr(name));
  Json all = List(store_);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["cluster"], all[1]["cluster"]);
  EXPECT_FALSE(fs::exists(store_ / "mine.db"));
  EXPECT_EQ(Holdfast("etcd verify " + name + Store()).code, 0);
  // From now on retention counts it.
  Ran pruned = Holdfast("etcd prune --keep 1" + Store());
  EXPECT_EQ(pruned.code, 0) << pruned.out;
  EXPECT_THAT(pruned.out, HasSubstr("1 of 2 deleted"));
  std::ofstream(store_ / "notes.txt") << "no snapshot";
  EXPECT_EQ(Holdfast("etcd adopt notes.txt" + Store()).code, 1);
  EXPECT_TRUE(fs::exists(store_ / "notes.txt"));
}

TEST_F(EtcdStore, AnRkeZipGivesSnapshotAndState) {
  if (RunCommand("command -v python3").code != 0) GTEST_SKIP() << "no python3 to make the zip";
  fs::create_directory(store_);
  ASSERT_TRUE(rig_->Save("", store_ / "snap"));
  std::ofstream(rig_->dir() / "zip.py")
      << "import sys, zipfile\nd = sys.argv[1]\n"
         "z = zipfile.ZipFile(d + '/rke.zip', 'w', zipfile.ZIP_DEFLATED)\n"
         "z.writestr('/etc/kubernetes/snap.rkestate', '{\"desiredState\":{}}')\n"
         "z.write(d + '/snap', '/backup/snap')\nz.close()\n";
  ASSERT_EQ(RunCommand("python3 " + (rig_->dir() / "zip.py").string() + " " + store_.string()).code,
            0);
  EXPECT_EQ(Holdfast("etcd verify rke.zip" + Store()).code, 0);
  EXPECT_EQ(Holdfast("etcd extract-state rke.zip" + Store()).out, R"({"desiredState":{}})");
  fs::path file = rig_->dir() / "cluster.rkestate";
  std::string to_file = "etcd extract-state rke.zip --output " + file.string() + Store();
  EXPECT_EQ(Holdfast(to_file).code, 0);
  EXPECT_EQ(Content(file), R"({"desiredState":{}})");
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(Holdfast(to_file).code, 1) << "nothing is overwritten";
  Ran none = Holdfast("etcd extract-state snap" + Store());
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.out, HasSubstr("no zip"));
}

// Until `done` of the page, a minute at most.
template <typename Done>
std::string AwaitPage(const std::string& url, Done done) {
  auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (true) {
    auto answer = testbed::Http({.url = url});
    if (answer && done(*answer)) return answer->body;
    if (std::chrono::steady_clock::now() > end) {
      ADD_FAILURE() << url << ": " << (answer ? answer->body : answer.error().ToString());
      return "";
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // polls another process
  }
}
double Metric(const std::string& page, const std::string& name) {
  size_t at = page.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(page.substr(at + name.size() + 2));
}

TEST_F(EtcdStore, TheServiceKeepsTakingThem) {
  auto port = testbed::PortReservation::Take();
  ASSERT_TRUE(port);
  std::string url = fmt::format("http://127.0.0.1:{}", port->port());
  Program service({HOLDFAST_PROGRAM, "etcd", "run", "--interval", "1s", "--keep", "2", "--store",
                   store_.string(), "--compress", "zstd", "--endpoints", rig_->ClientUrl(0),
                   "--metrics-address", url.substr(7)});
  auto count = [](const char* result, double least) {
    return [=](const testbed::HttpAnswer& answer) {
      return Metric(answer.body,
                    fmt::format("holdfast_etcd_snapshots_total{{result=\"{}\"}}", result)) >= least;
    };
  };
  std::string page = AwaitPage(url + "/metrics", count("success", 4));
  EXPECT_EQ(Metric(page, "holdfast_etcd_stored_snapshots"), 2);
  EXPECT_EQ(Metric(page, "holdfast_etcd_failures_in_a_row"), 0);
  EXPECT_GT(Metric(page, "holdfast_etcd_store_free_bytes"), 0);
  EXPECT_GT(Metric(page, "holdfast_etcd_deleted_snapshots_total"), 0);
  EXPECT_EQ(testbed::Http({.url = url + "/readyz"})->code, 200);
  // etcd goes down: nothing of what is there goes.
  rig_->StopAll();
  page = AwaitPage(url + "/metrics", count("failure", 3));
  Json kept = List(store_);
  EXPECT_EQ(kept.size(), 2u);
  AwaitPage(url + "/readyz", [](const auto& answer) { return answer.code == 503; });
  AwaitPage(url + "/metrics", count("failure", 4));
  EXPECT_EQ(List(store_), kept);
  // And comes again.
  ASSERT_TRUE(rig_->StartMember("", 0, 1, rig_->dir() / "source"));
  AwaitPage(url + "/readyz", [](const auto& answer) { return answer.code == 200; });
  service.Signal(SIGTERM);
  Outcome outcome = service.Wait();
  EXPECT_EQ(outcome.code, 0) << ToText(outcome);
  for (const Json& one : List(store_))
    EXPECT_EQ(Holdfast("etcd verify " + one["name"].get<std::string>() + Store()).code, 0);
}

}  // namespace
}  // namespace holdfast::tests
