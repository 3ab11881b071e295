#include <fmt/format.h>

#include "cli/etcd_common.h"
#include "cli/output.h"
#include "etcd/status.h"

namespace holdfast::cli {
namespace {

struct StatusArgs {
  SnapshotArgs snapshot;
  Format format = Format::kText;
};

Status RunStatus(Session& session, const StatusArgs& args) {
  HF_ASSIGN(auto database, OpenSnapshot(session, args.snapshot));
  auto status = etcd::ReadStatus(database, session.stop);
  if (!status) {
    return Fail(std::move(status)
                    .error()
                    .With(args.snapshot.file)
                    .Hint("`holdfast etcd verify` says what is damaged and what is left"));
  }
  if (args.format == Format::kText) {
    PrintTable(session.out, {{"HASH", "REVISION", "TOTAL KEYS", "TOTAL SIZE", "STORAGE VERSION"},
                             {fmt::format("{:x}", status->hash), std::to_string(status->revision),
                              std::to_string(status->keys), HumanBytes(status->size),
                              status->version.empty() ? "-" : status->version}});
    return {};
  }
  JsonObject json;
  json.Number("hash", status->hash).Raw("revision", std::to_string(status->revision));
  json.Number("totalKey", status->keys).Number("totalSize", status->size);
  json.Text("version", status->version);
  json.Number("records", status->records).Number("rows", status->rows);
  PrintDocument(session.out, args.format, json.Done());
  return {};
}

}  // namespace

void AddEtcdStatusCommand(Command etcd, Session& session) {
  auto args = std::make_shared<StatusArgs>();
  Command command = etcd.AddCommand("status", "Print hash, revision, keys and size of a snapshot");
  command.Footer(
      "The numbers are those of `etcdutl snapshot status` (etcd 3.6). The file's checksum is not\n"
      "looked at; `holdfast etcd verify` does.");
  AddSnapshotArgument(command, args->snapshot);
  AddOutputOption(command, args->format);
  command.OnChosen(
      [args, &session] { session.action = [args](Session& s) { return RunStatus(s, *args); }; });
}

}  // namespace holdfast::cli
