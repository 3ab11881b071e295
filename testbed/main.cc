// testbed: a control plane for people. `testbed up` starts one until it is told to stop.
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>

#include "base/result.h"
#include "testbed/control_plane.h"
#include "testbed/tools.h"

namespace holdfast::testbed {
namespace {

int Report(const Error& error) {
  std::cerr << "testbed: " << error.ToString() << "\n";
  return 1;
}

struct UpFlags {
  bool controller_manager = false;
  bool audit = false;
  bool kubectl = false;
  bool until_stdin_closes = false;
  std::string dir;
};

// SIGINT, SIGTERM or, if asked for, the end of standard input.
void WaitForTheEnd(int signals, bool until_stdin_closes) {
  pollfd fds[2] = {{signals, POLLIN, 0}, {until_stdin_closes ? 0 : -1, POLLIN, 0}};
  while (true) {
    if (poll(fds, 2, -1) < 0) continue;
    if (fds[0].revents != 0) return;
    char ignored[512];
    if (fds[1].revents != 0 && read(0, ignored, sizeof ignored) <= 0) return;
  }
}

int Up(const UpFlags& flags, int signals) {
  ControlPlaneOptions options;
  options.controller_manager = flags.controller_manager;
  options.audit_log = flags.audit;
  options.parent = flags.dir;
  std::vector<std::string> names = {"etcd", "kube-apiserver"};
  if (flags.controller_manager) names.push_back("kube-controller-manager");
  if (flags.kubectl) names.push_back("kubectl");
  auto tools = FindTools(names);
  if (!tools) return Report(tools.error());
  options.tools = *tools;
  auto begun = std::chrono::steady_clock::now();
  auto plane = ControlPlane::Start(std::move(options));
  if (!plane) return Report(plane.error());
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::fprintf(stderr, "A control plane is up after %.1f s: %s, etcd at %s, logs in %s\n", took.count(),
               (*plane)->server_url().c_str(), (*plane)->etcd_endpoint().c_str(),
               ((*plane)->dir() / "logs").c_str());
  std::fprintf(stderr, "Use it:  export KUBECONFIG=%s\n", (*plane)->kubeconfig().c_str());
  if (flags.kubectl) std::fprintf(stderr, "         %s get namespaces\n", (*tools / "kubectl").c_str());
  std::fprintf(stderr, "Ctrl-C stops it and removes everything.\n");
  std::printf("%s\n", (*plane)->kubeconfig().c_str());
  std::fflush(stdout);
  WaitForTheEnd(signals, flags.until_stdin_closes);
  Status stopped = (*plane)->Stop();
  return stopped ? 0 : Report(stopped.error());
}

int Main(int argc, char** argv) {
  // Blocked before any thread exists; taken from the descriptor by WaitForTheEnd.
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGINT);
  sigaddset(&stops, SIGTERM);
  sigprocmask(SIG_BLOCK, &stops, nullptr);
  int signals = signalfd(-1, &stops, SFD_CLOEXEC);

  CLI::App app("Brings up a real Kubernetes control plane on loopback and fills it.");
  app.require_subcommand(1);
  UpFlags up_flags;
  CLI::App* up = app.add_subcommand("up", "start etcd and kube-apiserver, print the kubeconfig's path, "
                                          "wait for SIGINT or SIGTERM");
  up->add_flag("--controller-manager", up_flags.controller_manager, "start kube-controller-manager too");
  up->add_flag("--audit", up_flags.audit, "write an audit log of every request");
  up->add_flag("--kubectl", up_flags.kubectl, "have kubectl built, too, and print its path");
  up->add_flag("--until-stdin-closes", up_flags.until_stdin_closes,
               "stop, too, when standard input comes to its end");
  up->add_option("--dir", up_flags.dir, "folder in which the control plane's own is made")
      ->check(CLI::ExistingDirectory);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return Up(up_flags, signals);
}

}  // namespace
}  // namespace holdfast::testbed

int main(int argc, char** argv) { return holdfast::testbed::Main(argc, argv); }
