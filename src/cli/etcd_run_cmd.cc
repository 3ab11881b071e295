#include <sys/statvfs.h>

#include <fstream>
#include <set>

#include <fmt/format.h>

#include "base/go_duration.h"
#include "base/json_text.h"
#include "cli/etcd_client_option.h"
#include "cli/etcd_common.h"
#include "cli/etcd_rules_option.h"
#include "cli/etcd_run_metrics.h"
#include "cli/output.h"
#include "etcd/client/members.h"
#include "etcd/client/save.h"
#include "etcd/recurring.h"
#include "net/http_server.h"
#include "observe/endpoint.h"
#include "observe/heartbeat.h"
#include "storage/swap_store.h"

namespace holdfast::cli {
namespace {

struct RunArgs {
  EtcdClientArgs client;
  EtcdFormArgs form;
  EtcdRulesArgs rules;
  StoreArgs store;
  std::string series = "etcd";
  std::string interval = "5m";
  std::string metrics_address;  // empty: none
  std::string heartbeat_file;
};

Result<std::chrono::seconds> ParseInterval(const std::string& text) {
  auto interval = ParseGoDuration(text);
  if (!interval || *interval < std::chrono::seconds(1)) {
    return Fail(
        Error(ErrorKind::kInvalid, "--interval \"" + text + "\" is no time of a second or more")
            .Hint("write 5m, 1h or 90s"));
  }
  return std::chrono::duration_cast<std::chrono::seconds>(*interval);
}

// A secret: it is in a file or in the environment, never among the arguments.
Result<std::string> ReadHeartbeatUrl(const std::string& path) {
  std::string url;
  if (path.empty()) {
    const char* given = std::getenv("HOLDFAST_HEARTBEAT_URL");
    return std::string(given == nullptr ? "" : given);
  }
  std::ifstream file(path);
  std::getline(file, url);
  if (url.empty()) return Fail(ErrorKind::kInvalid, "--heartbeat-url-file " + path + " has no URL");
  return url;
}

std::function<std::optional<uint64_t>()> FreeBytes(const storage::StoreConfig& config) {
  if (config.kind != storage::StoreConfig::Kind::kFolder)
    return []() -> std::optional<uint64_t> { return std::nullopt; };
  return [folder = config.folder]() -> std::optional<uint64_t> {
    struct statvfs disk;
    if (statvfs(folder.c_str(), &disk) != 0) return std::nullopt;
    return uint64_t{disk.f_bavail} * disk.f_frsize;
  };
}

// Metrics, health and heartbeats of the service.
class Watch {
 public:
  Watch(std::function<std::optional<uint64_t>()> free_bytes, std::string heartbeat_url,
        const Logger& log, std::stop_token stop)
      : log_(log), stop_(std::move(stop)), metrics_(registry_, std::move(free_bytes)) {
    observe::AddProcessMetrics(registry_);
    readiness_.NotReady("snapshot", "none was taken yet");
    heartbeat_.url = std::move(heartbeat_url);
  }

  Status Listen(const std::string& address) {
    if (address.empty()) return {};
    size_t colon = address.rfind(':');
    net::HttpServerOptions options;
    char* end = nullptr;
    unsigned long port =
        colon == std::string::npos ? 65'536 : std::strtoul(address.c_str() + colon + 1, &end, 10);
    if (port > 65'535 || end == nullptr || *end != '\0') {
      return Fail(Error(ErrorKind::kInvalid, "--metrics-address \"" + address + "\" is no address")
                      .Hint("write 127.0.0.1:9479, or :9479 for all addresses"));
    }
    options.port = static_cast<uint16_t>(port);
    if (colon > 0) options.address = address.substr(0, colon);
    HF_ASSIGN(server_, net::HttpServer::Start(options, observe::Pages(readiness_, &registry_)));
    log_.Info("listening",
              {{"address", options.address}, {"port", std::to_string(server_->port())}});
    return {};
  }

  void Note(const etcd::Round& round) {
    metrics_.Note(round);
    for (const std::string& name : round.pruned.deleted) log_.Info("deleted", {{"snapshot", name}});
    for (const std::string& name : round.pruned.deleted_orphans)
      log_.Info("deleted: the snapshot that it describes is gone", {{"description", name}});
    // What is locked, or dated in the future, stays so for long: it is reported once.
    std::set<std::string> kept;
    for (const std::string& failed : round.pruned.FailedTexts())
      if (kept.insert("not deleted: " + failed); !kept_.contains("not deleted: " + failed))
        log_.Warn("not deleted: " + failed);
    for (const auto& verdict : round.not_counted) {
      std::string text = verdict.name + ": " + verdict.reason;
      if (kept.insert(text); !kept_.contains(text)) log_.Warn(text);
    }
    for (const std::string& name : round.not_described) {
      std::string text = name +
                         ": nothing describes it, and retention leaves it alone; `holdfast "
                         "etcd adopt` takes it into the catalogue";
      if (kept.insert(text); !kept_.contains(text)) log_.Warn(text);
    }
    if (round.meta) kept_ = std::move(kept);
    if (round.prune_error) log_.Warn("retention: " + round.prune_error->ToString());
    if (round.error) {
      log_.Err("no snapshot: " + round.error->ToString(),
               {{"failures", std::to_string(round.failures_in_a_row)},
                {"next", fmt::format("{}s", round.wait / std::chrono::seconds(1))}});
      // A single failure is made up for by the next try.
      if (round.failures_in_a_row >= 3) readiness_.NotReady("snapshot", round.error->ToString());
    } else {
      log_.Info("snapshot", {{"name", round.name},
                             {"revision", std::to_string(round.meta->revision)},
                             {"bytes", std::to_string(round.meta->stored_size)},
                             {"endpoint", round.meta->endpoint},
                             {"kept", std::to_string(round.kept)}});
      readiness_.Ready("snapshot");
    }
    Beat(round);
  }

 private:
  void Beat(const etcd::Round& round) {
    if (heartbeat_.url.empty()) return;
    heartbeat_.body = fmt::format(R"({{"job":"etcd","result":"{}","name":{},"error":{}}})",
                                  round.error ? "failure" : "success", json::Quote(round.name),
                                  json::Quote(round.error ? round.error->ToString() : ""));
    Status sent = observe::SendHeartbeat(http_, heartbeat_, {}, {.stop = stop_});
    if (!sent) log_.Warn("heartbeat: " + sent.error().ToString());
  }

  const Logger& log_;
  std::stop_token stop_;
  observe::Registry registry_;
  observe::Readiness readiness_;
  EtcdRunMetrics metrics_;
  net::HttpClient http_{net::HttpClientOptions{}};
  observe::Heartbeat heartbeat_;
  std::set<std::string> kept_;               // reported after the last round with a snapshot
  std::unique_ptr<net::HttpServer> server_;  // last: ends first
};

// The store and the encryption keys, read again for each round: a service outlives the credentials
// that it was started with.
class Inputs {
 public:
  Inputs(const Session& session, const RunArgs& args, const Logger& log,
         storage::StoreConfig::Kind kind)
      : session_(session), args_(args), log_(log), kind_(kind) {}

  Status Open() {
    HF_ASSIGN(keys_, LoadKeys(args_.form.encryption_config));
    HF_ASSIGN(auto opened, OpenAgain());
    store_ = std::make_unique<storage::SwapStore>(std::move(opened));
    return {};
  }
  // What cannot be read just now stays as it was: a snapshot with what worked last is worth a try.
  void Refresh() {
    if (kind_ == storage::StoreConfig::Kind::kS3) {
      auto opened = OpenAgain();
      if (opened)
        store_->Swap(std::move(*opened));
      else if (!session_.stop.stop_requested())
        Keep("the store's description and credentials", opened.error());
    }
    if (args_.form.encryption_config.empty()) return;
    auto keys = LoadKeys(args_.form.encryption_config);
    if (keys)
      keys_ = std::move(*keys);
    else
      Keep("--encryption-config", keys.error());
  }
  storage::Store& store() { return *store_; }
  const crypto::Transformers& keys() const { return keys_; }

 private:
  // Holds the handle for as long as the store is used.
  Result<std::shared_ptr<storage::Store>> OpenAgain() const {
    HF_ASSIGN(auto opened, OpenStore(session_, args_.store));
    auto handle = std::make_shared<StoreHandle>(std::move(opened));
    return std::shared_ptr<storage::Store>(handle, &**handle);
  }
  void Keep(const std::string& what, const Error& error) const {
    log_.Warn(what + " could not be read again; those read before are used",
              {{"error", error.ToString()}});
  }

  const Session& session_;
  const RunArgs& args_;
  const Logger& log_;
  storage::StoreConfig::Kind kind_;
  crypto::Transformers keys_ = crypto::Transformers::None();
  std::unique_ptr<storage::SwapStore> store_;
};

Status RunService(Session& session, RunArgs& args) {
  HF_ASSIGN(Logger log, session.MakeLogger());
  HF_ASSIGN(auto interval, ParseInterval(args.interval));
  HF_ASSIGN(auto rules, args.rules.Rules());
  bool encrypt = !args.form.encryption_config.empty();
  HF_ASSIGN(auto config, LoadStoreConfig(args.store));
  Inputs inputs(session, args, log, config.kind);
  HF_TRY(inputs.Open());
  HF_ASSIGN(auto client, MakeEtcdClient(args.client));
  HF_ASSIGN(std::string heartbeat, ReadHeartbeatUrl(args.heartbeat_file));
  auto free_bytes = FreeBytes(config);
  Watch watch(free_bytes, std::move(heartbeat), log, session.stop);
  HF_TRY(watch.Listen(args.metrics_address));
  etcd::RecurringOptions options{.series = args.series,
                                 .interval = interval,
                                 .rules = rules,
                                 .compression = CompressionName(args.form.compression),
                                 .encrypted = encrypt,
                                 .free_bytes = free_bytes};
  options.begin = [&] { inputs.Refresh(); };
  options.take = [&](const std::string& name) -> Result<etcd::SnapshotMeta> {
    etcd::SaveOptions save{.name = name,
                           .compression = args.form.compression,
                           .encryption = encrypt ? &inputs.keys() : nullptr,
                           .compare_members = !args.form.no_compare,
                           .stop = session.stop};
    HF_ASSIGN(auto report, etcd::Save(*client, inputs.store(), save, log));
    for (const std::string& warning : report.warnings) log.Warn(warning);
    return std::move(report.meta);
  };
  options.cluster = [&] { return etcd::ClusterId(*client, session.stop); };
  options.report = [&](const etcd::Round& round) { watch.Note(round); };
  return etcd::RunRecurring(inputs.store(), options, session.stop);
}

}  // namespace

void AddEtcdRunCommand(Command etcd, Session& session) {
  auto args = std::make_shared<RunArgs>();
  Command command = etcd.AddCommand("run", "Take snapshots at an interval, as a service");
  command.Footer(
      "Runs until it is stopped by SIGTERM. Retention deletes after a good snapshot only, and "
      "never "
      "the\n"
      "last good one. With --metrics-address it serves /metrics, /healthz and /readyz. After every "
      "try\n"
      "the URL in --heartbeat-url-file (or $HOLDFAST_HEARTBEAT_URL) is told the result.\n"
      "Example:\n"
      "  holdfast etcd run --interval 5m --retention 24h --keep-daily 7 --store /var/backups/etcd "
      "\\\n"
      "    --endpoints https://127.0.0.1:2379 --cacert ca.pem --cert client.pem --key "
      "client-key.pem");
  command.AddOption("--interval", args->interval, "from the start of one to the start of the next")
      .Text("DURATION [5m]");
  command.AddOption("--name", args->series, "snapshots are called NAME-TIME.db")
      .Text("NAME [etcd]");
  command
      .AddOption("--metrics-address", args->metrics_address,
                 "serve metrics and health here (HOST:PORT)")
      .Text("ADDRESS");
  command
      .AddOption("--heartbeat-url-file", args->heartbeat_file,
                 "file with a URL that is sent the result of every try")
      .Text("FILE");
  AddEtcdRulesOptions(command, args->rules);
  AddStoreOption(command, args->store);
  AddEtcdClientOptions(command, args->client);
  AddEtcdFormOptions(command, args->form);
  AddClusterOptions(command, session.common);
  command.OnChosen([args, &session] {
    if (auto rules = args->rules.Rules(); !rules) WrongUsage(rules.error().ToString());
    if (auto interval = ParseInterval(args->interval); !interval)
      WrongUsage(interval.error().ToString());
    session.action = [args](Session& s) { return RunService(s, *args); };
  });
}

}  // namespace holdfast::cli
