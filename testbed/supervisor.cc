#include "testbed/supervisor.h"

#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>
#include <utility>

#include "testbed/reaper_protocol.h"

extern char** environ;

namespace holdfast::testbed {
namespace {

// The program lies beside ours in an installed tree, else where the build put it.
std::filesystem::path ReaperProgram() {
  std::error_code ignored;
  auto beside =
      std::filesystem::read_symlink("/proc/self/exe", ignored).replace_filename("testbed-reaper");
  return std::filesystem::exists(beside, ignored) ? beside : HOLDFAST_TESTBED_REAPER;
}

std::string Field(std::string_view text) {
  std::string field(text);
  field += '\0';
  return field;
}

}  // namespace

Result<std::unique_ptr<Supervisor>> Supervisor::Start(const std::filesystem::path& folder) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return Fail(ErrnoError("making a socket pair", errno));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  std::string program = ReaperProgram();
  std::string path = folder;
  char* argv[] = {program.data(), path.data(), nullptr};
  pid_t pid = -1;
  int error = posix_spawn(&pid, program.c_str(), &actions, &attributes, argv, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return Fail(ErrnoError("starting " + program, error).Hint("build the target testbed-reaper"));
  }
  return std::unique_ptr<Supervisor>(new Supervisor(ends[0], pid));
}

Supervisor::~Supervisor() { (void)Stop(); }

Result<std::string> Supervisor::Ask(std::string_view message) {
  std::lock_guard lock(mutex_);
  if (socket_ < 0) return Fail(ErrorKind::kInvalid, "the test bed's programs have been stopped");
  if (message.size() > kMaxMessage) return Fail(ErrorKind::kInvalid, "arguments are too long");
  ssize_t count;
  do {
    count = send(socket_, message.data(), message.size(), MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return Fail(ErrnoError("writing to testbed-reaper", errno));
  std::string answer(4096, '\0');
  do {
    count = recv(socket_, answer.data(), answer.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return Fail(ErrnoError("reading from testbed-reaper", errno));
  if (count == 0) return Fail(ErrorKind::kUnavailable, "testbed-reaper has ended");
  answer.resize(static_cast<size_t>(count));
  return answer;
}

Result<pid_t> Supervisor::Spawn(const std::vector<std::string>& argv,
                                const std::filesystem::path& log) {
  if (argv.empty()) return Fail(ErrorKind::kInvalid, "no program named");
  if (access(argv[0].c_str(), X_OK) != 0) return Fail(ErrnoError("starting " + argv[0], errno));
  std::string message = kSpawn + Field(log.string());
  for (const std::string& argument : argv) message += Field(argument);
  HF_ASSIGN_CONTEXT(std::string answer, Ask(message), "starting " + argv[0]);
  if (answer[0] != kStarted) {
    return Fail(ErrorKind::kInternal, "starting " + argv[0] + ": " + answer.substr(1));
  }
  return static_cast<pid_t>(std::stol(answer.substr(1)));
}

Result<std::optional<std::string>> Supervisor::Ended(pid_t pid) {
  HF_ASSIGN(std::string answer, Ask(kWait + Field(std::to_string(pid))));
  if (answer[0] == kRunning) return std::optional<std::string>();
  return std::optional<std::string>(answer.substr(1));
}

Status Supervisor::Signal(pid_t pid, int signal) {
  HF_TRY(Ask(kSignal + Field(std::to_string(pid)) + Field(std::to_string(signal))));
  return {};
}

Status Supervisor::Terminate(pid_t pid, int signal, Deadline deadline) {
  HF_TRY(Signal(pid, signal));
  Clock& clock = Clock::Real();
  for (bool killed = false;;) {
    HF_ASSIGN(std::optional<std::string> ended, Ended(pid));
    if (ended) return {};
    if (!killed && deadline.Passed(clock)) {
      HF_TRY(Signal(pid, SIGKILL));
      killed = true;
    }
    clock.Sleep(std::chrono::milliseconds(5), {});
  }
}

Status Supervisor::Stop() {
  auto answer = Ask(std::string(1, kQuit));
  std::lock_guard lock(mutex_);
  if (socket_ < 0) return {};
  close(std::exchange(socket_, -1));
  while (waitpid(reaper_, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!answer) return Fail(std::move(answer).error().With("stopping the test bed's programs"));
  return {};
}

}  // namespace holdfast::testbed
