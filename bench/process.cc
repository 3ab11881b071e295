#include "bench/process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>

namespace holdfast::bench {
namespace {

std::string Tail(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  return text.size() > 2000 ? text.substr(text.size() - 2000) : text;
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

Result<Run> RunProgram(const std::vector<std::string>& argv, const std::filesystem::path& log) {
  std::vector<char*> args;
  for (const std::string& arg : argv) args.push_back(const_cast<char*>(arg.c_str()));
  args.push_back(nullptr);
  int out[2];
  if (pipe2(out, O_CLOEXEC) != 0) return Fail(ErrnoError("pipe", errno));
  auto begin = std::chrono::steady_clock::now();
  pid_t child = fork();
  if (child < 0) return Fail(ErrnoError("fork", errno));
  if (child == 0) {
    int err = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(out[1], 1);
    dup2(err, 2);
    execvp(args[0], args.data());
    _exit(127);
  }
  close(out[1]);
  Run run;
  char buffer[65536];
  for (ssize_t n; (n = read(out[0], buffer, sizeof buffer)) != 0;) {
    if (n > 0)
      run.out.append(buffer, static_cast<size_t>(n));
    else if (errno != EINTR)
      break;
  }
  close(out[0]);
  int status = 0;
  rusage usage{};
  while (wait4(child, &status, 0, &usage) < 0) {
    if (errno != EINTR) return Fail(ErrnoError("wait4", errno));
  }
  run.cost.wall_seconds = SecondsSince(begin);
  run.cost.cpu_seconds = Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
  run.cost.peak_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (run.exit_code == 127) return Fail(ErrorKind::kInternal, argv[0] + ": cannot be started");
  return run;
}

Result<Run> MustRun(const std::vector<std::string>& argv, const std::filesystem::path& log) {
  HF_ASSIGN(Run run, RunProgram(argv, log));
  if (run.exit_code != 0) {
    std::string command;
    for (const std::string& arg : argv) command += arg + " ";
    return Fail(ErrorKind::kInternal,
                command + "ended with " + std::to_string(run.exit_code) + "\n" + Tail(log));
  }
  return run;
}

}  // namespace holdfast::bench
