// The real program (or another one) as a child process.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace holdfast::tests {

struct Outcome {
  int code = -1;   // exit code; -1 when a signal ended it
  int signal = 0;  // which one
  std::string out, err;
};

// For failure messages: everything that is known of the end of a program.
std::string ToText(const Outcome& outcome);

class Program {
 public:
  // argv[0] is looked up in PATH unless it holds a `/`. Throws when it cannot be started.
  explicit Program(std::vector<std::string> argv);
  // Kills it when it still runs.
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal) const;
  // Where its open file descriptors lead: "/tmp/x", "/tmp/x/#12 (deleted)".
  std::vector<std::string> OpenFiles() const;
  // Once. Throws, having killed it, when it takes longer.
  Outcome Wait(std::chrono::seconds limit = std::chrono::seconds(120));

 private:
  pid_t pid_ = 0;
  int out_ = -1, err_ = -1;
};

// holdfast with these arguments, to its end.
Outcome Holdfast(std::vector<std::string> args);

}  // namespace holdfast::tests
