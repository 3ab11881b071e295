// What goes wrong while a snapshot is taken: a member that dies in the middle, members that
// disagree, alarms, a full disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "testbed/http.h"
#include "tests/etcd_rig.h"
#include "tests/program.h"
#include "tests/stalling_proxy.h"

namespace holdfast::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using ::testing::HasSubstr;

class EtcdFault : public ::testing::Test {
 protected:
  void SetUp() override {
    auto rig = EtcdRig::Start();
    ASSERT_TRUE(rig) << rig.error().ToString();
    rig_ = std::move(*rig);
    store_ = rig_->dir() / "store";
    fs::create_directory(store_);
  }
  void StartOne(const fs::path& dir) {
    ASSERT_TRUE(rig_->StartMember("", 0, 1, dir));
    ASSERT_TRUE(rig_->WaitReady("", 1));
  }
  // A value too large to be under way at once.
  void PutMuch() {
    std::ofstream(rig_->dir() / "big") << std::string(1'000'000, 'x');
    for (int i = 0; i < 8; ++i)
      ASSERT_EQ(
          rig_->Ctl("", fmt::format("put big{} < {}", i, (rig_->dir() / "big").string())).code, 0);
  }
  uint16_t ClientPort() const {
    std::string url = rig_->ClientUrl(0);
    return static_cast<uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  }
  std::string RaiseAlarm(const char* alarm) {
    Ran ran = rig_->Ctl("", "endpoint status -w json 2>/dev/null");
    Json status = Json::parse(ran.out.substr(ran.out.find('[')), nullptr, false);
    uint64_t member = status[0]["Status"]["header"]["member_id"];
    auto answer = testbed::Http(
        {.method = "POST",
         .url = rig_->ClientUrl(0) + "/v3/maintenance/alarm",
         .body = fmt::format(R"({{"action":"ACTIVATE","memberID":"{}","alarm":"{}"}})", member,
                             alarm)});
    EXPECT_TRUE(answer && answer->code == 200)
        << (answer ? answer->body : answer.error().ToString());
    return fmt::format("{:x}", member);
  }
  Ran Save(const std::string& endpoints, const std::string& flags = "") {
    return Holdfast(fmt::format("etcd save {} --endpoints {} {}", (store_ / "s.db").string(),
                                endpoints, flags));
  }

  std::unique_ptr<EtcdRig> rig_;
  fs::path store_;
};

TEST_F(EtcdFault, AnEndpointThatBreaksOffLeavesNothing) {
  StartOne(rig_->dir() / "source");
  PutMuch();
  for (const char* how : {"none", "zstd"}) {
    {
      auto broken = std::make_unique<StallingProxy>(ClientPort(), 2'000'000);
      Program save({HOLDFAST_PROGRAM, "etcd", "save", (store_ / "s.db").string(), "--compress", how,
                    "--endpoints", "http" + broken->url().substr(5)});
      broken->AwaitStall();
      broken.reset();
      Outcome outcome = save.Wait();
      EXPECT_EQ(outcome.code, 1) << ToText(outcome);
      EXPECT_THAT(outcome.err, HasSubstr("taking a snapshot of etcd at http://127.0.0.1"));
      EXPECT_TRUE(fs::is_empty(store_));
    }
    // The next endpoint is asked.
    auto broken = std::make_unique<StallingProxy>(ClientPort(), 2'000'000);
    std::string first = "http" + broken->url().substr(5);
    Program save({HOLDFAST_PROGRAM, "etcd", "save", (store_ / "s.db").string(), "--compress", how,
                  "--endpoints", first + "," + rig_->ClientUrl(0)});
    broken->AwaitStall();
    broken.reset();
    Outcome outcome = save.Wait();
    EXPECT_EQ(outcome.code, 0) << ToText(outcome);
    EXPECT_THAT(outcome.err, HasSubstr(first));
    EXPECT_EQ(Holdfast("etcd verify " + (store_ / "s.db").string()).code, 0);
    fs::remove_all(store_);
    fs::create_directory(store_);
  }
}

TEST_F(EtcdFault, MembersThatDisagreeAreToldOf) {
  auto make = [&](const char* name, const char* value) {
    fs::path dir = rig_->dir() / (std::string("source-") + name);
    StartOne(dir);
    EXPECT_EQ(rig_->Ctl("", "put a 1").code, 0);
    EXPECT_EQ(rig_->Ctl("", std::string("put b ") + value).code, 0);
    EXPECT_TRUE(rig_->Save("", rig_->dir() / name));
    rig_->StopAll();
  };
  make("right.db", "2");
  make("wrong.db", "3");
  for (size_t i = 0; i < 3; ++i) {
    fs::path dir = rig_->dir() / fmt::format("m{}", i);
    Ran ran =
        Holdfast(fmt::format("etcd restore {} --data-dir {} --name n{} --initial-cluster {} "
                             "--initial-advertise-peer-urls {}",
                             (rig_->dir() / (i == 2 ? "wrong.db" : "right.db")).string(),
                             dir.string(), i, rig_->InitialCluster(3), rig_->PeerUrl(i)));
    ASSERT_EQ(ran.code, 0) << ran.out;
    ASSERT_TRUE(rig_->StartMember("", i, 3, dir));
  }
  ASSERT_TRUE(rig_->WaitReady("", 3));
  std::string all = rig_->ClientUrl(0) + "," + rig_->ClientUrl(1) + "," + rig_->ClientUrl(2);
  Ran ran = Save(all);
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("have different keys at revision"));
  fs::remove(store_ / "s.db");
  fs::remove(store_ / "s.db.meta");
  ran = Save(rig_->ClientUrl(0) + "," + rig_->ClientUrl(1));
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_THAT(ran.out, ::testing::Not(HasSubstr("different keys")));
}

TEST_F(EtcdFault, AlarmsAreToldOfAndCorruptMembersRefused) {
  StartOne(rig_->dir() / "source");
  RaiseAlarm("NOSPACE");
  Ran ran = Save(rig_->ClientUrl(0));
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_THAT(ran.out, HasSubstr("NOSPACE"));
  EXPECT_THAT(ran.out, HasSubstr("--clear-alarms"));
  fs::remove(store_ / "s.db");
  fs::remove(store_ / "s.db.meta");
  RaiseAlarm("CORRUPT");
  ran = Save(rig_->ClientUrl(0));
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("CORRUPT"));
  EXPECT_TRUE(fs::is_empty(store_));
}

// The disk is full (as far as this process is concerned) in the middle.
TEST_F(EtcdFault, AFullDiskLeavesNothing) {
  StartOne(rig_->dir() / "source");
  PutMuch();
  for (const char* how : {"none", "gzip", "zstd"}) {
    Ran ran = RunCommand(fmt::format(
        "bash -c 'trap \"\" XFSZ; ulimit -f 4000; {} etcd save {} --compress {} --endpoints {}'",
        HOLDFAST_PROGRAM, (store_ / "s.db").string(), how, rig_->ClientUrl(0)));
    EXPECT_EQ(ran.code, 1) << how << ran.out;
    EXPECT_THAT(ran.out, HasSubstr("File too large"));
    EXPECT_TRUE(fs::is_empty(store_)) << how;
  }
}

}  // namespace
}  // namespace holdfast::tests
