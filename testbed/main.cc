// testbed: a control plane for people. `testbed up` starts one until it is told to stop, `testbed
// load` fills one.
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "testbed/control_plane.h"
#include "testbed/jsonl.h"
#include "testbed/kubeconfig.h"
#include "testbed/loader.h"
#include "testbed/objects.h"
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
  bool kine = false;
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
  if (flags.kine) options.datastore = Datastore::kKine;
  options.parent = flags.dir;
  std::vector<std::string> names = {flags.kine ? "kine" : "etcd", "kube-apiserver"};
  if (flags.controller_manager) names.push_back("kube-controller-manager");
  if (flags.kubectl) names.push_back("kubectl");
  auto tools = FindTools(names);
  if (!tools) return Report(tools.error());
  options.tools = *tools;
  auto begun = std::chrono::steady_clock::now();
  auto plane = ControlPlane::Start(std::move(options));
  if (!plane) return Report(plane.error());
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::fprintf(stderr, "A control plane is up after %.1f s: %s, etcd at %s, logs in %s\n",
               took.count(), (*plane)->server_url().c_str(), (*plane)->etcd_endpoint().c_str(),
               ((*plane)->dir() / "logs").c_str());
  std::fprintf(stderr, "Use it:  export KUBECONFIG=%s\n", (*plane)->kubeconfig().c_str());
  if (flags.kubectl)
    std::fprintf(stderr, "         %s get namespaces\n", (*tools / "kubectl").c_str());
  std::fprintf(stderr, "Ctrl-C stops it and removes everything.\n");
  std::printf("%s\n", (*plane)->kubeconfig().c_str());
  std::fflush(stdout);
  WaitForTheEnd(signals, flags.until_stdin_closes);
  Status stopped = (*plane)->Stop();
  return stopped ? 0 : Report(stopped.error());
}

struct LoadFlags {
  std::string kubeconfig;
  std::string resource_set_file;
  std::vector<std::string> files;
  std::string deletes;
  ObjectSetOptions objects;
  LoadOptions load;
};

int LoadCluster(LoadFlags& flags) {
  Logger log(LogLevel::kWarn);
  auto config = kube::ClientConfig::Load({flags.kubeconfig, ""});
  if (!config) return Report(config.error());
  auto client = kube::Client::Create(std::move(*config), {}, log);
  if (!client) return Report(client.error());
  flags.load.progress = [](size_t done, size_t total) {
    if (done % 2000 == 0 || done == total)
      std::fprintf(stderr, "%zu of %zu objects\n", done, total);
  };
  Result<LoadReport> report;
  if (!flags.files.empty()) {
    Status installed = InstallOperatorDefinitions(**client);
    if (!installed) return Report(installed.error());
    report = LoadJsonl(**client, {flags.files.begin(), flags.files.end()}, flags.load);
  } else {
    report = Load(**client, ObjectSet(flags.objects), flags.load);
  }
  if (!report) return Report(report.error());
  if (!flags.deletes.empty()) {
    Status deleted = DeleteJsonl(**client, flags.deletes);
    if (!deleted) return Report(deleted.error());
  }
  if (!flags.resource_set_file.empty()) {
    Status written = WriteFile(flags.resource_set_file, RancherResourceSet("rancher-resource-set"));
    if (!written) return Report(written.error());
  }
  std::printf(
      "%zu objects created, %zu were there, %zu status writes, %.1f MB, %.1f s, %.0f objects/s\n",
      report->created, report->existed, report->status_writes,
      static_cast<double>(report->bytes) / 1e6, std::chrono::duration<double>(report->took).count(),
      report->PerSecond());
  return 0;
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
  CLI::App* up = app.add_subcommand("up",
                                    "start etcd and kube-apiserver, print the kubeconfig's path, "
                                    "wait for SIGINT or SIGTERM");
  up->add_flag("--controller-manager", up_flags.controller_manager,
               "start kube-controller-manager too");
  up->add_flag("--audit", up_flags.audit, "write an audit log of every request");
  up->add_flag("--kine", up_flags.kine, "kine (on SQLite) in the place of etcd");
  up->add_flag("--kubectl", up_flags.kubectl, "have kubectl built, too, and print its path");
  up->add_flag("--until-stdin-closes", up_flags.until_stdin_closes,
               "stop, too, when standard input comes to its end");
  up->add_option("--dir", up_flags.dir, "folder in which the control plane's own is made")
      ->check(CLI::ExistingDirectory);
  LoadFlags load_flags;
  CLI::App* load = app.add_subcommand("load",
                                      "fill a cluster with Rancher-shaped objects, the same for "
                                      "the same seed; run again, it goes on where it ended");
  load->add_option("--kubeconfig", load_flags.kubeconfig, "the cluster")->required();
  load->add_option("--objects", load_flags.objects.objects,
                   "how many, CRDs and namespaces included")
      ->capture_default_str();
  load->add_option("--seed", load_flags.objects.seed, "draws all names and contents")
      ->capture_default_str();
  load->add_option("--large-secrets", load_flags.objects.large_secrets,
                   "so many secrets of 1 MB more");
  load->add_option("--workers", load_flags.load.workers, "requests at a time")
      ->capture_default_str();
  load->add_option("--resource-set", load_flags.resource_set_file,
                   "write the ResourceSet that selects all of them into this file");
  load->add_option("--jsonl", load_flags.files,
                   "load the objects of these files (JSON lines, also gzip) instead")
      ->check(CLI::ExistingFile);
  load->add_option("--deletes", load_flags.deletes,
                   "afterwards delete what this file (JSON lines) names")
      ->check(CLI::ExistingFile);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (load->parsed()) {
    sigprocmask(SIG_UNBLOCK, &stops, nullptr);
    return LoadCluster(load_flags);
  }
  return Up(up_flags, signals);
}

}  // namespace
}  // namespace holdfast::testbed

int main(int argc, char** argv) { return holdfast::testbed::Main(argc, argv); }
