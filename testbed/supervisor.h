// Programs that must not outlive their owner.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace holdfast::testbed {

// A helper process, testbed-reaper, of which the programs are children. It holds one end of a
// socket whose other end is ours: when that closes, because of Stop() or because this process died
// in whatever way, it kills and reaps every program, removes the folder and ends. When the reaper
// itself is killed, the kernel kills its children (the reaper has one thread, so PR_SET_PDEATHSIG
// holds). May be used by any number of threads.
class Supervisor {
 public:
  // `folder` is removed with everything in it at the end; empty: nothing is removed.
  static Result<std::unique_ptr<Supervisor>> Start(const std::filesystem::path& folder);
  // Stops, as Stop().
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // Starts argv[0] (a path) with the environment of this process, its output appended to `log`.
  // kNotFound when there is no such program. Does not wait for it to be ready.
  Result<pid_t> Spawn(const std::vector<std::string>& argv, const std::filesystem::path& log);
  // How the program ended ("exit code 1", "signal 9"); nothing while it runs.
  Result<std::optional<std::string>> Ended(pid_t pid);
  // Sends a signal; one that has ended is no error.
  Status Signal(pid_t pid, int signal);
  // Sends `signal` and waits until the program has ended; after the deadline it is killed.
  Status Terminate(pid_t pid, int signal, Deadline deadline);
  // Kills and reaps all programs, removes the folder. Further calls do nothing.
  Status Stop();

 private:
  Supervisor(int socket, pid_t reaper) : socket_(socket), reaper_(reaper) {}
  // One message and its answer.
  Result<std::string> Ask(std::string_view message);

  std::mutex mutex_;
  int socket_;
  pid_t reaper_;
};

}  // namespace holdfast::testbed
