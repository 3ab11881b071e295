// A backup that is stopped or killed in the middle, held there by an API server that has stopped in
// the middle of its answer.
#include <signal.h>

#include <chrono>

#include "tests/cli_rig.h"
#include "tests/stalling_proxy.h"

namespace holdfast::tests {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

// In discovery, and in the list of 6 MB.
constexpr uint64_t kEarly = 6'000, kInTheList = 3'000'000;

class CliKillTest : public CliTest {
 protected:
  // Runs to where the server's answers stop.
  std::unique_ptr<Program> BackupInTheMiddle(uint64_t answer_bytes) {
    proxy_ = std::make_unique<StallingProxy>(server_port(), answer_bytes);
    Words argv = BackupArgs(Set("configmaps", "big"), KubeconfigWithServer(proxy_->url()));
    argv.insert(argv.begin(), HOLDFAST_PROGRAM);
    auto program = std::make_unique<Program>(argv);
    proxy_->AwaitStall();
    return program;
  }
  void ExpectNextBackupWorks() {
    Outcome outcome = Backup(Set("configmaps", "big"));
    EXPECT_EQ(outcome.code, 0) << ToText(outcome);
    ASSERT_THAT(StoreFiles(), SizeIs(1));
    EXPECT_EQ(StoreFiles()[0] + "\n", outcome.out);
    outcome.out.pop_back();
    EXPECT_EQ(Holdfast({"verify", outcome.out, "--store", store()}).code, 0);
  }

  std::unique_ptr<StallingProxy> proxy_;
};

TEST_F(CliKillTest, StoppedBySignalItEndsAtOnceAndLeavesNothing) {
  for (int signal : {SIGTERM, SIGINT}) {
    for (uint64_t bytes : {kEarly, kInTheList}) {
      SCOPED_TRACE(std::to_string(signal) + " after " + std::to_string(bytes));
      auto program = BackupInTheMiddle(bytes);
      program->Signal(signal);
      Outcome outcome = program->Wait(std::chrono::seconds(20));
      EXPECT_EQ(outcome.code, 1) << ToText(outcome);
      EXPECT_EQ(outcome.out, "");
      EXPECT_THAT(outcome.err, HasSubstr("stopping"));
      EXPECT_THAT(outcome.err, HasSubstr("backup failed, nothing was stored"));
      EXPECT_THAT(StoreFiles(), IsEmpty());
    }
  }
  ExpectNextBackupWorks();
}

TEST_F(CliKillTest, KilledItLeavesNothing) {
  auto program = BackupInTheMiddle(kInTheList);
  // It has begun its archive, which has no name.
  EXPECT_THAT(program->OpenFiles(), Contains(StartsWith(store() + "/#")));
  EXPECT_THAT(StoreFiles(), IsEmpty());
  program->Signal(SIGKILL);
  Outcome outcome = program->Wait();
  EXPECT_EQ(outcome.signal, SIGKILL) << ToText(outcome);
  EXPECT_THAT(StoreFiles(), IsEmpty());
  ExpectNextBackupWorks();
}

TEST_F(CliKillTest, ASecondSignalEndsItWithoutFurtherAdo) {
  auto program = BackupInTheMiddle(kInTheList);
  // The archive of an earlier backup is not touched by any of this.
  folder().Write("store/earlier.tar.gz", "x");
  program->Signal(SIGTERM);
  program->Signal(SIGINT);
  Outcome outcome = program->Wait(std::chrono::seconds(20));
  EXPECT_NE(outcome.code, 0);
  EXPECT_THAT(StoreFiles(), ::testing::ElementsAre("earlier.tar.gz"));
}

}  // namespace
}  // namespace holdfast::tests
