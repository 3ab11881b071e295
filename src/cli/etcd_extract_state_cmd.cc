#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "cli/etcd_common.h"

namespace holdfast::cli {
namespace {

struct ExtractStateArgs {
  SnapshotArgs snapshot;
  std::string output;  // empty: standard output
};

// A new file that only its owner reads: the state file holds the cluster's certificates and keys.
Status WriteSecretFile(const std::string& path, std::string_view bytes) {
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) {
    Error error = ErrnoError("making " + path, errno);
    if (errno == EEXIST) error = std::move(error).Hint("nothing is overwritten: name another file");
    return Fail(std::move(error));
  }
  int failed = 0;
  while (failed == 0 && !bytes.empty()) {
    ssize_t wrote = write(fd, bytes.data(), bytes.size());
    if (wrote >= 0)
      bytes.remove_prefix(static_cast<size_t>(wrote));
    else if (errno != EINTR)
      failed = errno;
  }
  if (failed == 0 && fsync(fd) != 0) failed = errno;
  if (close(fd) != 0 && failed == 0) failed = errno;
  if (failed == 0) return {};
  unlink(path.c_str());
  return Fail(ErrnoError("writing " + path, failed));
}

Status RunExtractState(Session& session, const ExtractStateArgs& args) {
  HF_ASSIGN(crypto::Transformers keys, LoadKeys(args.snapshot.encryption_config));
  etcd::OpenOptions options{.scratch = std::filesystem::temp_directory_path(), .keys = &keys};
  HF_ASSIGN(auto file, OpenSnapshotBytes(session, args.snapshot, options));
  HF_ASSIGN(auto state, etcd::ReadStateBeside(std::move(file), options));
  if (args.output.empty()) {
    session.out << state.content.view();
    return {};
  }
  HF_TRY(WriteSecretFile(args.output, state.content.view()));
  session.out << args.output << ": " << state.name << ", " << state.content.size() << " bytes\n";
  return {};
}

}  // namespace

void AddEtcdExtractStateCommand(Command etcd, Session& session) {
  auto args = std::make_shared<ExtractStateArgs>();
  Command command = etcd.AddCommand("extract-state",
                                    "Print the cluster's state file out of a snapshot's zip (RKE)");
  command.Footer(
      "RKE from 1.2.3 on packs NAME.rkestate beside the snapshot. It holds the cluster's "
      "certificates\n"
      "and keys: --output makes a new file that only its owner can read.\n"
      "Example:\n"
      "  holdfast etcd extract-state 2020-12-11T01:17:11Z_etcd.zip --output cluster.rkestate");
  AddSnapshotArgument(command, args->snapshot);
  command.AddOption("-o,--output", args->output, "file to make (mode 0600); must not exist")
      .Text("FILE [standard output]");
  command.OnChosen([args, &session] {
    session.action = [args](Session& s) { return RunExtractState(s, *args); };
  });
}

}  // namespace holdfast::cli
