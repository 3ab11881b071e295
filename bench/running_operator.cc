#include "bench/running_operator.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <sstream>
#include <thread>
#include <vector>

#include "bench/process.h"
#include "testbed/http.h"
#include "testbed/kubeconfig.h"

namespace holdfast::bench {
namespace {

using Time = std::chrono::steady_clock;

}  // namespace

Result<std::unique_ptr<RunningOperator>> RunningOperator::Start(const OperatorPlaces& places) {
  std::unique_ptr<RunningOperator> running(new RunningOperator);
  HF_ASSIGN(running->port_, testbed::PortReservation::Take());
  std::filesystem::remove(places.log);
  auto begin = Time::now();
  HF_TRY(running->Spawn(places));
  HF_TRY(running->AwaitReady(places));
  running->seconds_to_ready_ = SecondsSince(begin);
  return running;
}

Status RunningOperator::Spawn(const OperatorPlaces& places) {
  std::vector<std::string> argv = {"setpriv",
                                   "--pdeathsig",
                                   "KILL",
                                   "env",
                                   std::string("CHART_NAMESPACE=") + kOperatorNamespace,
                                   "DEFAULT_PERSISTENCE_ENABLED=yes",
                                   "HOLDFAST_PERSISTENCE_DIR=" + places.store.string(),
                                   "HOLDFAST_LISTEN=127.0.0.1:" + std::to_string(port_.port()),
                                   "METRICS_SERVER=true",
                                   places.holdfast,
                                   "operator",
                                   "--kubeconfig",
                                   places.kubeconfig.string()};
  std::vector<char*> words;
  for (std::string& word : argv) words.push_back(word.data());
  words.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&files, 2, places.log.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                   0600);
  int error = posix_spawnp(&pid_, words[0], &files, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error == 0) return {};
  pid_ = 0;
  return Fail(ErrnoError("starting the operator", error));
}

Status RunningOperator::AwaitReady(const OperatorPlaces& places) {
  testbed::HttpCall call;
  call.url = "http://127.0.0.1:" + std::to_string(port_.port()) + "/readyz";
  auto begin = Time::now();
  while (SecondsSince(begin) < 60) {
    auto log = testbed::ReadFile(places.log);
    if (log && log->find(" leading ") != std::string::npos) {
      auto answer = testbed::Http(call);
      if (answer && answer->code == 200) return {};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return Fail(ErrorKind::kUnavailable,
              "the operator is not ready:\n" + testbed::ReadFile(places.log).value_or(""));
}

RunningOperator::~RunningOperator() {
  if (pid_ == 0) return;
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

Result<double> RunningOperator::RssMib() const {
  HF_ASSIGN(std::string text, testbed::ReadFile("/proc/" + std::to_string(pid_) + "/status"));
  std::istringstream status(text);
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
  return Fail(ErrorKind::kInternal, "the operator has ended");
}

Result<double> RunningOperator::CpuSeconds() const {
  clockid_t clock = 0;
  timespec time{};
  if (int error = clock_getcpuclockid(pid_, &clock); error != 0)
    return Fail(ErrnoError("the operator's CPU clock", error));
  if (clock_gettime(clock, &time) != 0) return Fail(ErrnoError("the operator's CPU clock", errno));
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace holdfast::bench
