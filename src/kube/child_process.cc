#include "kube/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <map>

#include "base/secret.h"

namespace holdfast::kube {
namespace {

constexpr int kPollMilliseconds = 20;

std::vector<std::string> Environment(const std::vector<std::pair<std::string, std::string>>& over) {
  std::map<std::string, std::string> merged;
  for (char** at = environ; *at != nullptr; ++at) {
    std::string_view line(*at);
    size_t equals = line.find('=');
    if (equals != std::string_view::npos)
      merged[std::string(line.substr(0, equals))] = std::string(line.substr(equals + 1));
  }
  for (const auto& [name, value] : over) merged[name] = value;
  std::vector<std::string> lines;
  for (const auto& [name, value] : merged) lines.push_back(name + "=" + value);
  return lines;
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Kills the group unless it has ended; reaps it.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    kill(-pid_, SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  // True when it has ended; then `exit_code` is set.
  bool Ended(int& exit_code) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
    exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    pid_ = -1;
    return true;
  }

 private:
  pid_t pid_;
};

Result<pid_t> Spawn(const ChildRequest& request, int output) {
  std::vector<std::string> env = Environment(request.env);
  std::vector<char*> argv = Pointers(request.argv);
  std::vector<char*> envp = Pointers(env);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output, 1);
  posix_spawn_file_actions_addclosefrom_np(&files, 3);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  pid_t pid = -1;
  int rc = posix_spawnp(&pid, argv[0], &files, &attributes, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (rc != 0) return Fail(ErrnoError("running " + request.argv[0], rc));
  return pid;
}

}  // namespace

Result<ChildResult> RunChild(const ChildRequest& request, Clock& clock, const Call& call) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Fail(ErrnoError("making a pipe", errno));
  Result<pid_t> pid = Spawn(request, ends[1]);
  close(ends[1]);
  if (!pid) {
    close(ends[0]);
    return Fail(std::move(pid).error());
  }
  Child child(*pid);
  ChildResult result;
  Status status;
  bool open = true;
  while (open || !child.Ended(result.exit_code)) {
    if (call.stop.stop_requested() || call.deadline.Passed(clock)) {
      status =
          Fail(ErrorKind::kCancelled,
               request.argv[0] + (call.stop.stop_requested() ? ": stopped" : ": took too long"));
      break;
    }
    pollfd poll_fd{ends[0], POLLIN, 0};
    if (poll(&poll_fd, open ? 1 : 0, kPollMilliseconds) <= 0) continue;
    char buffer[4096];
    ssize_t n = read(ends[0], buffer, sizeof buffer);
    if (n > 0) result.output.append(buffer, static_cast<size_t>(n));
    if (n == 0 || (n < 0 && errno != EINTR)) open = false;
    Wipe(buffer, sizeof buffer);
    if (result.output.size() > request.max_output) {
      status = Fail(ErrorKind::kInvalid, request.argv[0] + " prints more than " +
                                             std::to_string(request.max_output) + " bytes");
      break;
    }
  }
  close(ends[0]);
  if (!status) {
    Wipe(result.output);
    return Fail(std::move(status).error());
  }
  return result;
}

}  // namespace holdfast::kube
