#include <fmt/format.h>

#include "cli/etcd_common.h"
#include "cli/output.h"
#include "etcd/verify.h"

namespace holdfast::cli {
namespace {

struct VerifyArgs {
  SnapshotArgs snapshot;
  Format format = Format::kText;
};

std::string DigestText(etcd::DigestState digest) {
  switch (digest) {
    case etcd::DigestState::kMatches: return "matches";
    case etcd::DigestState::kDiffers: return "differs";
    case etcd::DigestState::kMissing: return "missing";
  }
  return "";
}

std::string RestorableText(etcd::Restorable restorable) {
  switch (restorable) {
    case etcd::Restorable::kYes: return "yes";
    case etcd::Restorable::kOnlyWithoutDigest: return "only with --skip-hash-check";
    case etcd::Restorable::kNo: return "no";
  }
  return "";
}

std::string ToJson(const std::string& file, const etcd::VerifyReport& report) {
  JsonObject json;
  json.Text("file", file).Bool("ok", report.ok()).Text("checksum", DigestText(report.digest));
  json.Number("size", report.size).Number("pages", report.pages);
  json.Number("pagesInUse", report.reached).Number("pagesFree", report.free);
  json.Number("subtreesLost", report.lost_pages).Number("rows", report.rows);
  json.Number("records", report.records).Number("keys", report.keys);
  json.Raw("firstRevision", std::to_string(report.first_revision));
  json.Raw("lastRevision", std::to_string(report.last_revision));
  json.Raw("compactRevision", std::to_string(report.facts.finished_compaction));
  json.Text("storageVersion", report.facts.storage_version);
  std::vector<std::string> alarms;
  for (const etcd::AlarmRow& alarm : report.facts.alarms) {
    JsonObject one;
    one.Text("member", fmt::format("{:x}", alarm.member)).Text("alarm", AlarmName(alarm.alarm));
    alarms.push_back(one.Done());
  }
  json.Raw("alarms", JsonArray(alarms)).Bool("auth", report.facts.auth_enabled);
  json.Text("restorable", RestorableText(report.restorable)).Text("reason", report.reason);
  json.Texts("warnings", report.warnings).Number("problemCount", report.problem_count);
  json.Texts("problems", report.problems);
  return json.Done();
}

void PrintText(std::ostream& out, const std::string& file, const etcd::VerifyReport& report) {
  out << file << ": " << (report.ok() ? "good" : "NOT good") << "\n";
  out << fmt::format("  {} of database, {} pages: {} in use, {} free\n", HumanBytes(report.size),
                     report.pages, report.reached, report.free);
  out << fmt::format("  {} records of revisions {} to {}; {} keys live\n", report.records,
                     report.first_revision, report.last_revision, report.keys);
  out << "  checksum: " << DigestText(report.digest) << "\n";
  if (report.lost_pages > 0) {
    out << fmt::format(
        "  {} pages, and whatever lies below them, cannot be read; the counts are of "
        "what can\n",
        report.lost_pages);
  }
  out << "  can be restored: " << RestorableText(report.restorable);
  if (!report.reason.empty()) out << " (" << report.reason << ")";
  out << "\n";
  for (const std::string& warning : report.warnings) out << "  warning: " << warning << "\n";
  for (const std::string& problem : report.problems) out << "  problem: " << problem << "\n";
  if (report.problem_count > report.problems.size())
    out << "  and " << report.problem_count - report.problems.size() << " problems more\n";
}

Status RunVerify(Session& session, const VerifyArgs& args) {
  HF_ASSIGN(auto database, OpenSnapshot(session, args.snapshot));
  HF_ASSIGN_CONTEXT(auto report, etcd::Verify(database, {.stop = session.stop}),
                    args.snapshot.file);
  if (args.format == Format::kText)
    PrintText(session.out, args.snapshot.file, report);
  else
    PrintDocument(session.out, args.format, ToJson(args.snapshot.file, report));
  if (!report.ok()) return Fail(ErrorKind::kCorrupt, std::string(kAlreadyReported));
  return {};
}

}  // namespace

void AddEtcdVerifyCommand(Command etcd, Session& session) {
  auto args = std::make_shared<VerifyArgs>();
  Command command =
      etcd.AddCommand("verify", "Prove that a snapshot is whole, or say what is damaged");
  command.Footer(
      "Checks the SHA-256 at the end, every page (each reached once, in bounds, keys in order),\n"
      "the freelist, every record and its place in its key's history, leases, users and members.\n"
      "Exit code 0 only when nothing is wrong.");
  AddSnapshotArgument(command, args->snapshot);
  AddOutputOption(command, args->format);
  command.OnChosen(
      [args, &session] { session.action = [args](Session& s) { return RunVerify(s, *args); }; });
}

}  // namespace holdfast::cli
