#include "testbed/service.h"

#include <csignal>
#include <utility>

#include "testbed/kubeconfig.h"
#include "testbed/ports.h"
#include "testbed/scratch.h"
#include "testbed/supervisor.h"

namespace holdfast::testbed {
namespace {

constexpr int kPortTries = 5;
constexpr std::chrono::milliseconds kProcessPollEvery{10};

}  // namespace

struct Service::Impl {
  ServiceSpec spec;
  std::filesystem::path dir;
  std::unique_ptr<Supervisor> supervisor;
  PortReservation port;
  pid_t pid = -1;  // -1: it does not run
  int runs = 0;

  std::filesystem::path Log() const { return dir / (spec.name + ".log"); }

  Status Spawn() {
    HF_ASSIGN(pid, supervisor->Spawn(spec.argv(dir, port.port()), Log()));
    return {};
  }

  // Polls, because the programs tell nobody when they are ready.
  Status WaitReady() {
    Deadline deadline = Deadline::After(Clock::Real(), spec.start_timeout);
    while (!spec.is_ready(port.port())) {
      HF_ASSIGN(auto ended, supervisor->Ended(pid));
      if (ended) {
        pid = -1;
        return Fail(ErrorKind::kUnavailable, spec.name + " ended (" + *ended +
                                                 ") while starting; its log:\n" + LogTail(Log()));
      }
      if (deadline.Passed(Clock::Real())) {
        return Fail(ErrorKind::kUnavailable, spec.name + " was not ready after " +
                                                 std::to_string(spec.start_timeout.count()) +
                                                 " s; its log:\n" + LogTail(Log()));
      }
      Clock::Real().Sleep(kProcessPollEvery, {});
    }
    return {};
  }
};

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Service::~Service() = default;  // the supervisor's destructor stops everything

Result<std::unique_ptr<Service>> Service::Start(ServiceSpec spec) {
  auto impl = std::make_unique<Impl>();
  HF_ASSIGN(impl->dir, MakeScratchFolder(spec.parent));
  HF_ASSIGN(impl->supervisor, Supervisor::Start(impl->dir));
  impl->spec = std::move(spec);
  if (impl->spec.prepare)
    HF_TRY_CONTEXT(impl->spec.prepare(impl->dir), "preparing " + impl->spec.name);
  for (int attempt = 1;; ++attempt) {
    HF_ASSIGN(impl->port, PortReservation::Take());
    HF_TRY(impl->Spawn());
    Status ready = impl->WaitReady();
    if (ready) return std::unique_ptr<Service>(new Service(std::move(impl)));
    bool taken = ready.error().message().find("already in use") != std::string::npos;
    if (attempt == kPortTries || !taken) {
      return Fail(std::move(ready).error().With("starting " + impl->spec.name));
    }
  }
}

uint16_t Service::port() const { return impl_->port.port(); }
const std::filesystem::path& Service::dir() const { return impl_->dir; }
std::filesystem::path Service::log() const { return impl_->Log(); }

Result<pid_t> Service::Pid() const {
  if (impl_->pid < 0) return Fail(ErrorKind::kNotFound, impl_->spec.name + " does not run");
  return impl_->pid;
}

Status Service::Kill(int signal) {
  if (impl_->pid < 0) return {};
  Deadline deadline = Deadline::After(Clock::Real(), std::chrono::seconds(30));
  HF_TRY(impl_->supervisor->Terminate(impl_->pid, signal, deadline));
  impl_->pid = -1;
  return {};
}

Status Service::Restart() {
  if (impl_->pid >= 0) return Fail(ErrorKind::kConflict, impl_->spec.name + " is running");
  HF_TRY(impl_->Spawn());
  HF_TRY_CONTEXT(impl_->WaitReady(), "restarting " + impl_->spec.name);
  return {};
}

Result<Ran> Service::RunBeside(const std::vector<std::string>& argv, std::chrono::seconds limit) {
  std::filesystem::path log = impl_->dir / ("run-" + std::to_string(++impl_->runs) + ".log");
  HF_ASSIGN(pid_t pid, impl_->supervisor->Spawn(argv, log));
  Deadline deadline = Deadline::After(Clock::Real(), limit);
  while (true) {
    HF_ASSIGN(auto ended, impl_->supervisor->Ended(pid));
    if (ended) {
      HF_ASSIGN(std::string output, ReadFile(log));
      return Ran{std::move(output), *ended};
    }
    if (deadline.Passed(Clock::Real())) {
      HF_TRY(impl_->supervisor->Signal(pid, SIGKILL));
      return Fail(
          ErrorKind::kUnavailable,
          argv[0] + " ran for more than " + std::to_string(limit.count()) + " s: " + LogTail(log));
    }
    Clock::Real().Sleep(kProcessPollEvery, {});
  }
}

}  // namespace holdfast::testbed
