#include <filesystem>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/etcd_common.h"
#include "cli/output.h"
#include "etcd/client/save.h"
#include "storage/local_store.h"

namespace holdfast::cli {
namespace {

struct SaveArgs {
  etcd::ClientOptions client;
  std::string password_file;
  std::string file;
  etcd::Compression compression = etcd::Compression::kNone;
  bool no_compare = false;
  Format format = Format::kText;
};

Result<SecretBytes> ReadPassword(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::getline(file, text);
  if (file.bad() || (!file && text.empty()))
    return Fail(ErrorKind::kInvalid, "--password-file " + path + " has no password");
  return SecretBytes::Take(std::move(text));
}

void PrintText(Session& session, const etcd::SaveReport& report, const std::string& where) {
  session.out << fmt::format("{} in {}: revision {}, {} keys, {}", report.name, where,
                             report.verified.last_revision, report.verified.keys,
                             HumanBytes(report.size));
  if (report.stored_size != report.size)
    session.out << fmt::format(" ({} compressed)", HumanBytes(report.stored_size));
  session.out << fmt::format(", from {} (etcd {}); checksum, pages and records proved\n",
                             report.endpoint, report.server.version);
}

Status RunSave(Session& session, SaveArgs& args) {
  HF_ASSIGN(Logger log, session.MakeLogger());
  if (!args.password_file.empty()) {
    HF_ASSIGN(args.client.password, ReadPassword(args.password_file));
  }
  std::filesystem::path path(args.file);
  storage::LocalStore store(path.has_parent_path() ? path.parent_path() : ".");
  HF_ASSIGN(auto client, etcd::Client::Create(std::move(args.client)));
  etcd::SaveOptions options{.name = path.filename(),
                            .compression = args.compression,
                            .compare_members = !args.no_compare,
                            .stop = session.stop};
  HF_ASSIGN_CONTEXT(auto report, etcd::Save(*client, store, options, log), "saving etcd");
  for (const std::string& warning : report.warnings) session.err << "warning: " << warning << "\n";
  if (args.format == Format::kText)
    PrintText(session, report, store.Describe());
  else
    PrintDocument(session.out, args.format, report.ToJson(args.compression));
  return {};
}

}  // namespace

void AddEtcdSaveCommand(CLI::App& etcd, Session& session) {
  auto args = std::make_shared<SaveArgs>();
  args->client.endpoints = {"http://127.0.0.1:2379"};
  CLI::App* command = etcd.add_subcommand("save", "Take a snapshot of a running cluster");
  command->footer(
      "A healthy member is chosen, a follower if there is one; when it fails the next one is "
      "asked.\n"
      "The snapshot gets its name only after checksum, pages and records were proved.\n"
      "Example:\n"
      "  holdfast etcd save /srv/etcd/today.db --endpoints "
      "https://10.0.0.1:2379,https://10.0.0.2:2379 \\\n"
      "    --cacert ca.pem --cert client.pem --key client-key.pem");
  command->add_option("file", args->file, "file to make; must not exist")
      ->required()
      ->option_text("FILE");
  command->add_option("--endpoints", args->client.endpoints, "of the members")
      ->delimiter(',')
      ->option_text("URL,... [http://127.0.0.1:2379]")
      ->group("Cluster");
  command->add_option("--cacert", args->client.ca_file, "PEM")
      ->option_text("FILE")
      ->group("Cluster");
  command->add_option("--cert", args->client.cert_file, "PEM")
      ->option_text("FILE")
      ->group("Cluster");
  command->add_option("--key", args->client.key_file, "PEM")->option_text("FILE")->group("Cluster");
  command->add_option("--user", args->client.user, "etcd's user, with the role root")
      ->option_text("NAME")
      ->group("Cluster");
  command->add_option("--password-file", args->password_file, "file with the user's password")
      ->option_text("FILE")
      ->group("Cluster");
  std::map<std::string, etcd::Compression> names = {{"none", etcd::Compression::kNone},
                                                    {"gzip", etcd::Compression::kGzip},
                                                    {"zstd", etcd::Compression::kZstd}};
  command->add_option("--compress", args->compression, "form of the file")
      ->option_text("none|gzip|zstd")
      ->transform(CLI::CheckedTransformer(names, CLI::ignore_case).description(""));
  command->add_flag("--no-compare", args->no_compare,
                    "do not ask the members whether they have the same keys (each reads them all)");
  AddOutputOption(*command, args->format);
  command->callback(
      [args, &session] { session.action = [args](Session& s) { return RunSave(s, *args); }; });
}

}  // namespace holdfast::cli
