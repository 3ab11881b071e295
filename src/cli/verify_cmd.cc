#include "archive/verify.h"
#include "cli/commands.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/store_option.h"

namespace holdfast::cli {
namespace {

struct VerifyArgs {
  std::string archive;
  StoreArgs store;
  std::string encryption_config;
  Format format = Format::kText;
};

std::string ToJson(const std::string& archive, const archive::VerifyReport& report) {
  JsonObject keys;
  for (const auto& [key, count] : report.keys_needed) keys.Number(key, count);
  JsonObject json;
  json.Text("archive", archive)
      .Bool("ok", report.ok())
      .Bool("manifest", report.manifest.has_value());
  json.Number("objects", report.entries).Number("plain", report.plain);
  json.Number("encrypted", report.encrypted).Number("checked", report.checked);
  json.Number("unchecked", report.unchecked).Number("bytes", report.bytes);
  json.Raw("keysNeeded", keys.Done()).Number("problemCount", report.problem_count);
  json.Texts("problems", report.problems);
  return json.Done();
}

void PrintText(std::ostream& out, const std::string& archive, const archive::VerifyReport& report) {
  out << archive << ": " << (report.ok() ? "good" : "NOT good") << "\n";
  out << "  " << report.entries << " objects of " << report.kinds.size() << " kinds, "
      << HumanBytes(report.bytes) << "; " << report.encrypted << " encrypted\n";
  if (report.manifest) {
    out << "  manifest: every entry and the whole stream have the digests that were taken when the "
           "backup was made\n";
  } else {
    out << "  no manifest (not made by holdfast): only the gzip checksum and the structure vouch "
           "for it\n";
  }
  out << "  " << report.checked << " objects are what their names say\n";
  if (report.unchecked > 0) {
    out << "  " << report.unchecked << " encrypted objects were not looked into; they need:\n";
    for (const auto& [key, count] : report.keys_needed)
      out << "    " << key << " (" << count << ")\n";
    out << "  give --encryption-config to check them too\n";
  }
  for (const std::string& problem : report.problems) out << "  problem: " << problem << "\n";
  if (report.problem_count > report.problems.size())
    out << "  and " << report.problem_count - report.problems.size() << " problems more\n";
}

Status RunVerify(Session& session, const VerifyArgs& args) {
  bool has_keys = !args.encryption_config.empty();
  HF_ASSIGN(auto keys, LoadKeys(args.encryption_config));
  HF_ASSIGN(auto file, LocateFile(session, args.archive, args.store));
  HF_ASSIGN(auto source, file.store->Open(file.name, 0, session.StoreWaits()));
  auto report = archive::Verify(*source, has_keys ? &keys : nullptr, {.stop = session.stop});
  if (!report) {
    return Fail(std::move(report)
                    .error()
                    .With(args.archive + " is not good")
                    .Hint(std::string(kDamagedHint)));
  }
  if (args.format == Format::kText)
    PrintText(session.out, args.archive, *report);
  else
    PrintDocument(session.out, args.format, ToJson(args.archive, *report));
  if (!report->ok()) return Fail(ErrorKind::kCorrupt, std::string(kAlreadyReported));
  return {};
}

}  // namespace

void AddVerifyCommand(Command app, Session& session) {
  auto args = std::make_shared<VerifyArgs>();
  Command command = app.AddCommand("verify", "Prove that an archive is whole and readable");
  command.Footer(
      "Checks gzip, tar, manifest and digests; with the keys also that every object decrypts and "
      "is\n"
      "the one its name says. Exit code 0 only when nothing is wrong.");
  command.AddOption("archive", args->archive, "name of the archive in the store, or path of a file")
      .Required()
      .Text("ARCHIVE");
  AddStoreOption(command, args->store);
  AddEncryptionOption(command, args->encryption_config);
  AddOutputOption(command, args->format);
  AddClusterOptions(command, session.common);
  command.OnChosen(
      [args, &session] { session.action = [args](Session& s) { return RunVerify(s, *args); }; });
}

}  // namespace holdfast::cli
