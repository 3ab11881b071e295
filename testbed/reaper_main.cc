// testbed-reaper FOLDER: see supervisor.h. Standard input is the socket to the owner. One thread.
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "testbed/reaper_protocol.h"

namespace holdfast::testbed {
namespace {

std::vector<std::string> SplitFields(std::string_view text) {
  std::vector<std::string> fields;
  while (!text.empty()) {
    size_t end = text.find('\0');
    fields.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return fields;
}

class Reaper {
 public:
  explicit Reaper(std::string folder) : folder_(std::move(folder)) {}

  // Until the owner says so or is gone.
  void Run(int children_fd) {
    std::vector<char> buffer(kMaxMessage + 1);
    for (;;) {
      pollfd fds[2] = {{0, POLLIN, 0}, {children_fd, POLLIN, 0}};
      if (poll(fds, 2, -1) < 0 && errno != EINTR) break;
      if (fds[1].revents != 0) {
        signalfd_siginfo info;
        (void)!read(children_fd, &info, sizeof info);
        ReapEnded();
      }
      if (fds[0].revents == 0) continue;
      ssize_t count = recv(0, buffer.data(), buffer.size(), 0);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) break;
      std::string_view message(buffer.data(), static_cast<size_t>(count));
      if (message[0] == kQuit) {
        TidyUp();
        Answer(std::string(1, kDone));
        return;
      }
      Answer(Handle(message[0], SplitFields(message.substr(1))));
    }
    TidyUp();
  }

 private:
  std::string Handle(char command, const std::vector<std::string>& fields) {
    if (command == kSpawn && fields.size() >= 2) return Spawn(fields);
    auto child = fields.empty() ? children_.end() : children_.find(std::atoi(fields[0].c_str()));
    if (child == children_.end()) return std::string(1, kEnded) + "never started";
    ReapEnded();
    // A pid stays ours until it is reaped, so the signal cannot hit a stranger.
    if (command == kSignal && fields.size() == 2) {
      if (child->second.empty()) kill(child->first, std::atoi(fields[1].c_str()));
      return std::string(1, kDone);
    }
    return child->second.empty() ? std::string(1, kRunning) : kEnded + child->second;
  }

  std::string Spawn(const std::vector<std::string>& fields) {
    std::vector<char*> argv;
    for (size_t i = 1; i < fields.size(); ++i) argv.push_back(const_cast<char*>(fields[i].c_str()));
    argv.push_back(nullptr);
    int log = open(fields[0].c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0) return kFailed + fields[0] + ": " + std::strerror(errno);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != parent) _exit(127);
      sigset_t none;
      sigemptyset(&none);
      sigprocmask(SIG_SETMASK, &none, nullptr);
      for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(signal, SIG_DFL);
      int null = open("/dev/null", O_RDWR | O_CLOEXEC);
      dup2(null, 0);
      dup2(log, 1);
      dup2(log, 2);
      execv(argv[0], argv.data());
      (void)!write(2, "cannot be executed\n", 19);
      _exit(127);
    }
    close(log);
    if (pid < 0) return std::string(1, kFailed) + "fork: " + std::strerror(errno);
    children_[pid] = "";
    return kStarted + std::to_string(pid);
  }

  void ReapEnded() {
    int status = 0;
    while (true) {
      pid_t pid = waitpid(-1, &status, WNOHANG);
      if (pid <= 0) return;
      children_[pid] = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                           : "exit code " + std::to_string(WEXITSTATUS(status));
    }
  }

  void TidyUp() {
    for (const auto& [pid, ended] : children_) {
      if (ended.empty()) kill(pid, SIGKILL);
    }
    while (waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
    }
    children_.clear();
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }

  static void Answer(const std::string& text) {
    (void)!send(0, text.data(), text.size(), MSG_NOSIGNAL);
  }

  const std::string folder_;
  std::map<pid_t, std::string> children_;  // pid: how it ended, empty while it runs
};

}  // namespace
}  // namespace holdfast::testbed

int main(int argc, char** argv) {
  // It ends when its owner does, not by what a terminal or an init sends to all.
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) std::signal(signal, SIG_IGN);
  close_range(3, ~0U, 0);  // whatever the owner had open must not stay open here
  int null = open("/dev/null", O_RDWR);
  if (null < 0) return 1;
  dup2(null, 1);
  close(null);
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  sigprocmask(SIG_BLOCK, &children, nullptr);
  int children_fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (children_fd < 0) return 1;
  holdfast::testbed::Reaper(argc > 1 ? argv[1] : "").Run(children_fd);
  return 0;
}
