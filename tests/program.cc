#include "tests/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

namespace holdfast::tests {
namespace {

int NewFile(const char* name) {
  int fd = memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) throw std::runtime_error("memfd_create failed");
  return fd;
}

std::string Contents(int fd) {
  std::string text;
  char buffer[4096];
  ssize_t got;
  while ((got = pread(fd, buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0)
    text.append(buffer, static_cast<size_t>(got));
  return text;
}

bool EndsWithin(pid_t pid, std::chrono::milliseconds limit) {
  int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) throw std::runtime_error("pidfd_open failed");
  pollfd wait{fd, POLLIN, 0};
  int ready = poll(&wait, 1, static_cast<int>(limit.count()));
  close(fd);
  return ready == 1;
}

}  // namespace

std::string ToText(const Outcome& outcome) {
  return "exit code " + std::to_string(outcome.code) + ", signal " +
         std::to_string(outcome.signal) + "\nstdout: " + outcome.out + "\nstderr: " + outcome.err;
}

Program::Program(std::vector<std::string> argv) : out_(NewFile("stdout")), err_(NewFile("stderr")) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out_, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, err_, STDERR_FILENO);
  std::vector<char*> words;
  for (std::string& word : argv) words.push_back(word.data());
  words.push_back(nullptr);
  int error = posix_spawnp(&pid_, words[0], &files, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0) throw std::runtime_error("cannot start " + argv[0]);
}

Program::~Program() {
  if (pid_ != 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(out_);
  close(err_);
}

void Program::Signal(int signal) const { kill(pid_, signal); }

std::vector<std::string> Program::OpenFiles() const {
  std::vector<std::string> files;
  std::error_code ignored;
  std::string folder = "/proc/" + std::to_string(pid_) + "/fd";
  for (std::filesystem::directory_iterator it(folder, ignored), end; it != end;
       it.increment(ignored))
    files.push_back(std::filesystem::read_symlink(it->path(), ignored));
  return files;
}

Outcome Program::Wait(std::chrono::seconds limit) {
  bool ended = EndsWithin(pid_, limit);
  if (!ended) kill(pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = 0;
  Outcome outcome;
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  outcome.out = Contents(out_);
  outcome.err = Contents(err_);
  if (!ended) {
    throw std::runtime_error("it still ran after " + std::to_string(limit.count()) + " s\n" +
                             ToText(outcome));
  }
  return outcome;
}

Outcome Holdfast(std::vector<std::string> args) {
  args.insert(args.begin(), HOLDFAST_PROGRAM);
  return Program(std::move(args)).Wait();
}

}  // namespace holdfast::tests
