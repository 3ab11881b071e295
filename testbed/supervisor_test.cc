#include "testbed/supervisor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "testbed/kubeconfig.h"
#include "testbed/ports.h"

namespace holdfast::testbed {
namespace {

std::filesystem::path NewFolder() {
  std::string path = std::filesystem::temp_directory_path() / "holdfast-supervisor-XXXXXX";
  return mkdtemp(path.data());
}

// Readable when that process has ended. A pidfd, so that a reused pid is not mistaken for it.
class ProcessEnd {
 public:
  explicit ProcessEnd(pid_t pid) : fd_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {}
  ~ProcessEnd() { close(fd_); }
  bool valid() const { return fd_ >= 0; }
  bool Within(std::chrono::milliseconds time) const {
    pollfd fd{fd_, POLLIN, 0};
    return poll(&fd, 1, static_cast<int>(time.count())) == 1;
  }

 private:
  int fd_;
};

constexpr std::chrono::seconds kSoon{20};

TEST(Supervisor, StopKillsTheProgramsAndRemovesTheFolder) {
  auto folder = NewFolder();
  auto supervisor = Supervisor::Start(folder);
  ASSERT_TRUE(supervisor) << supervisor.error().ToString();
  auto pid = (*supervisor)->Spawn({"/bin/sleep", "1000"}, folder / "log");
  ASSERT_TRUE(pid) << pid.error().ToString();
  ProcessEnd end(*pid);
  ASSERT_TRUE(end.valid());
  EXPECT_EQ((*supervisor)->Ended(*pid).value(), std::nullopt);
  EXPECT_TRUE((*supervisor)->Stop());
  EXPECT_TRUE(end.Within(std::chrono::milliseconds(0)));
  EXPECT_FALSE(std::filesystem::exists(folder));
  EXPECT_FALSE((*supervisor)->Spawn({"/bin/true"}, "/dev/null"));
}

TEST(Supervisor, TellsHowAProgramEndedAndKeepsItsOutput) {
  auto folder = NewFolder();
  auto supervisor = Supervisor::Start(folder);
  ASSERT_TRUE(supervisor);
  auto failing =
      (*supervisor)->Spawn({"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}, folder / "log");
  ASSERT_TRUE(failing);
  ProcessEnd end(*failing);
  if (end.valid()) {  // else it has been reaped
    EXPECT_TRUE(end.Within(kSoon));
  }
  Deadline deadline = Deadline::After(Clock::Real(), kSoon);
  EXPECT_TRUE((*supervisor)->Terminate(*failing, 0, deadline));
  EXPECT_EQ((*supervisor)->Ended(*failing).value(), "exit code 3");
  EXPECT_EQ(ReadFile(folder / "log").value(), "out\nerr\n");
  auto missing = (*supervisor)->Spawn({"/no/such/program"}, folder / "log");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind(), ErrorKind::kNotFound);
}

TEST(Supervisor, AProgramThatIgnoresTheSignalIsKilledAfterTheDeadline) {
  auto folder = NewFolder();
  auto supervisor = Supervisor::Start(folder);
  ASSERT_TRUE(supervisor);
  auto deaf =
      (*supervisor)
          ->Spawn({"/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1000; done"},
                  folder / "log");
  ASSERT_TRUE(deaf);
  Deadline deadline = Deadline::After(Clock::Real(), kSoon);
  while (ReadFile(folder / "log").value_or("").empty() && !deadline.Passed(Clock::Real())) {
    Clock::Real().Sleep(std::chrono::milliseconds(5), {});
  }
  EXPECT_TRUE((*supervisor)
                  ->Terminate(*deaf, SIGTERM,
                              Deadline::After(Clock::Real(), std::chrono::milliseconds(50))));
  EXPECT_EQ((*supervisor)->Ended(*deaf).value(), "signal 9");
}

// The owner is a forked process that is killed with SIGKILL: nothing of ours runs at its end.
TEST(Supervisor, EverythingGoesWhenTheOwnerIsKilled) {
  auto folder = NewFolder();
  int out[2];
  ASSERT_EQ(pipe2(out, O_CLOEXEC), 0);
  pid_t owner = fork();
  ASSERT_GE(owner, 0);
  if (owner == 0) {
    auto supervisor = Supervisor::Start(folder);
    auto pid = (*supervisor)->Spawn({"/bin/sleep", "1000"}, folder / "log");
    pid_t child = pid ? *pid : -1;
    (void)!write(out[1], &child, sizeof child);
    pause();
    _exit(0);
  }
  close(out[1]);
  pid_t child = -1;
  ASSERT_EQ(read(out[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
  close(out[0]);
  ASSERT_GT(child, 0);
  ProcessEnd end(child);
  ASSERT_TRUE(end.valid());
  EXPECT_FALSE(end.Within(std::chrono::milliseconds(0)));
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  EXPECT_TRUE(end.Within(kSoon));
  Deadline deadline = Deadline::After(Clock::Real(), kSoon);
  while (std::filesystem::exists(folder) && !deadline.Passed(Clock::Real())) {
    Clock::Real().Sleep(std::chrono::milliseconds(5), {});
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(Ports, AreNotGivenTwice) {
  std::vector<PortReservation> taken;
  std::vector<uint16_t> ports;
  for (int i = 0; i < 50; ++i) {
    auto port = PortReservation::Take();
    ASSERT_TRUE(port);
    ports.push_back(port->port());
    taken.push_back(std::move(*port));
  }
  std::sort(ports.begin(), ports.end());
  EXPECT_EQ(std::unique(ports.begin(), ports.end()), ports.end());
}

}  // namespace
}  // namespace holdfast::testbed
