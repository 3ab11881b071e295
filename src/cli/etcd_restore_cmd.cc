#include <fmt/format.h>

#include "cli/etcd_common.h"
#include "cli/output.h"
#include "etcd/restore.h"

namespace holdfast::cli {
namespace {

struct RestoreArgs {
  SnapshotArgs snapshot;
  std::string data_dir;
  etcd::MembershipArgs membership{
      .name = "default", .initial_cluster = "", .token = "etcd-cluster", .advertise_urls = {}};
  int64_t bump = -1;  // not given
  bool mark_compacted = false;
  bool skip_hash_check = false;
  bool clear_alarms = false;
  Format format = Format::kText;
};

std::string ToJson(const std::string& data_dir, const etcd::RestoreReport& report) {
  std::vector<std::string> members;
  for (const etcd::Member& member : report.membership.members) {
    JsonObject one;
    one.Text("name", member.name).Text("id", fmt::format("{:x}", member.id));
    one.Texts("peerURLs", member.peer_urls);
    members.push_back(one.Done());
  }
  std::vector<std::string> alarms;
  for (const etcd::AlarmRow& alarm : report.alarms) alarms.push_back(AlarmName(alarm.alarm));
  JsonObject json;
  json.Text("dataDir", data_dir).Number("size", report.size);
  json.Text("member", fmt::format("{:x}", report.membership.members[report.membership.self].id));
  json.Text("cluster", fmt::format("{:x}", report.membership.cluster_id));
  json.Raw("members", JsonArray(members));
  json.Raw("revision", std::to_string(report.revision)).Raw("bump", std::to_string(report.bump));
  json.Bool("kubernetes", report.kubernetes).Bool("checksumChecked", report.digest_checked);
  json.Text("storageVersion", report.storage_version).Texts("alarms", alarms);
  return json.Done();
}

void PrintText(Session& session, const std::string& data_dir, const RestoreArgs& args,
               const etcd::RestoreReport& report) {
  const etcd::Member& self = report.membership.members[report.membership.self];
  session.out << fmt::format("{}: member {} ({:x}) of cluster {:x}, {} of database\n", data_dir,
                             self.name, self.id, report.membership.cluster_id,
                             HumanBytes(report.size));
  session.out << fmt::format("  revision {}", report.revision);
  if (report.bump > 0) {
    session.out << fmt::format(
        ", raised by {} to {} and marked compacted{}: watches and cached lists of before are "
        "refused",
        report.bump, report.revision + report.bump,
        args.bump < 0 ? " (it is a store of Kubernetes; --bump-revision 0 leaves it)" : "");
  }
  session.out << "\n";
  if (!report.digest_checked) session.out << "  the checksum was NOT checked\n";
  for (const etcd::AlarmRow& alarm : report.alarms) {
    session.out << fmt::format("  alarm {} was raised{}\n", AlarmName(alarm.alarm),
                               args.clear_alarms
                                   ? "; removed"
                                   : " and still is: after the start run `etcdctl alarm "
                                     "disarm`, or restore with --clear-alarms");
  }
  if (report.membership.members.size() > 1) {
    session.out << "  restore the same file, with the same --initial-cluster and token, for:";
    for (const etcd::Member& member : report.membership.members)
      if (&member != &self) session.out << " " << member.name;
    session.out << "\n";
  }
}

Status RunRestore(Session& session, RestoreArgs args) {
  etcd::MembershipArgs& membership = args.membership;
  if (membership.initial_cluster.empty())
    membership.initial_cluster = membership.name + "=http://localhost:2380";
  if (membership.advertise_urls.empty()) membership.advertise_urls = {"http://localhost:2380"};
  if (args.data_dir.empty()) args.data_dir = membership.name + ".etcd";
  if (args.mark_compacted && args.bump == 0) {
    return Fail(Error(ErrorKind::kInvalid, "--mark-compacted with --bump-revision 0")
                    .Hint("only revisions that nobody has seen can be marked: raise it"));
  }
  HF_ASSIGN(auto database, OpenSnapshot(session, args.snapshot));
  etcd::RestoreOptions options{.data_dir = args.data_dir,
                               .membership = membership,
                               .skip_hash_check = args.skip_hash_check,
                               .clear_alarms = args.clear_alarms,
                               .stop = session.stop};
  if (args.bump >= 0) options.bump_revision = args.bump;
  if (args.mark_compacted && args.bump < 0) options.bump_revision = etcd::kKubernetesBump;
  HF_ASSIGN_CONTEXT(auto report, etcd::Restore(database, options),
                    "restoring " + args.snapshot.file);
  if (args.format == Format::kText)
    PrintText(session, args.data_dir, args, report);
  else
    PrintDocument(session.out, args.format, ToJson(args.data_dir, report));
  return {};
}

}  // namespace

void AddEtcdRestoreCommand(Command etcd, Session& session) {
  auto args = std::make_shared<RestoreArgs>();
  Command command = etcd.AddCommand(
      "restore", "Make a data directory out of a snapshot, for a new cluster to start from");
  command.Footer(
      "Stop every member of the old cluster first. Restore the same file once for each member of\n"
      "the new one. The directory appears whole or not at all; etcd 3.4, 3.5 and 3.6 start from "
      "it.\n"
      "Example:\n"
      "  holdfast etcd restore snap.db --data-dir /var/lib/etcd --name node1 \\\n"
      "    --initial-cluster node1=https://10.0.0.1:2380 \\\n"
      "    --initial-advertise-peer-urls https://10.0.0.1:2380");
  AddSnapshotArgument(command, args->snapshot);
  command.AddOption("--data-dir", args->data_dir, "directory to make; must be empty or missing")
      .Text("DIR [NAME.etcd]");
  command.AddOption("--name", args->membership.name, "this member's name").Text("NAME [default]");
  command.AddOption("--initial-cluster", args->membership.initial_cluster, "all members")
      .Text("NAME=URL,... [NAME=http://localhost:2380]");
  command
      .AddOption("--initial-cluster-token", args->membership.token,
                 "keeps clusters with the same URLs apart")
      .Text("TOKEN [etcd-cluster]");
  command
      .AddOption("--initial-advertise-peer-urls", args->membership.advertise_urls,
                 "this member's URLs, as in --initial-cluster")
      .Delimiter(',')
      .Text("URL,... [http://localhost:2380]");
  command
      .AddOption("--bump-revision", args->bump,
                 "raise the revision and mark all before as compacted (default: 1000000000 for a "
                 "store of Kubernetes, else 0)")
      .NotNegative()
      .Text("N");
  command.AddFlag("--mark-compacted", args->mark_compacted,
                  "implied by --bump-revision; alone: raise by 1000000000");
  command.AddFlag("--skip-hash-check", args->skip_hash_check,
                  "take a file without a checksum, or whose checksum does not match");
  command.AddFlag("--clear-alarms", args->clear_alarms,
                  "remove raised alarms (a cluster restored with NOSPACE is read-only)");
  AddOutputOption(command, args->format);
  command.OnChosen(
      [args, &session] { session.action = [args](Session& s) { return RunRestore(s, *args); }; });
}

}  // namespace holdfast::cli
