// One program that serves one free loopback port, with a folder of its own: what MinIO, moto and
// toxiproxy have in common. It dies with its owner, as everything that a Supervisor starts.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace holdfast::testbed {

struct ServiceSpec {
  std::string name;              // for messages and the log file
  std::filesystem::path parent;  // the service's folder is made in here; empty: $TMPDIR, else /tmp
  // Called once, before the first start.
  std::function<Status(const std::filesystem::path& dir)> prepare;
  // The command line; argv[0] is a path.
  std::function<std::vector<std::string>(const std::filesystem::path& dir, uint16_t port)> argv;
  std::function<bool(uint16_t port)> is_ready;
  std::chrono::seconds start_timeout{60};
};

// What a program that ran to its end said (both outputs) and how it ended.
struct Ran {
  std::string output;
  std::string ended;  // "exit code 0"
  bool ok() const { return ended == "exit code 0"; }
};

// Used by one thread at a time.
class Service {
 public:
  // Returns when it is ready; tries other ports when a stranger took the one drawn. The error of
  // one that does not start holds the tail of its log.
  static Result<std::unique_ptr<Service>> Start(ServiceSpec spec);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  uint16_t port() const;
  const std::filesystem::path& dir() const;
  std::filesystem::path log() const;
  Result<pid_t> Pid() const;
  // Ends it by `signal` and waits for its end.
  Status Kill(int signal);
  // On the same port and folder, after Kill().
  Status Restart();

  // Runs another program to its end, under the same supervision.
  Result<Ran> RunBeside(const std::vector<std::string>& argv,
                        std::chrono::seconds limit = std::chrono::seconds(60));

 private:
  struct Impl;
  explicit Service(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::testbed
