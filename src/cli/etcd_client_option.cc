#include "cli/etcd_client_option.h"

#include <fstream>
#include <map>

namespace holdfast::cli {
namespace {

Result<SecretBytes> ReadPassword(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::getline(file, text);
  if (file.bad() || (!file && text.empty()))
    return Fail(ErrorKind::kInvalid, "--password-file " + path + " has no password");
  return SecretBytes::Take(std::move(text));
}

}  // namespace

void AddEtcdClientOptions(Command command, EtcdClientArgs& args) {
  args.client.endpoints = {"http://127.0.0.1:2379"};
  command.AddOption("--endpoints", args.client.endpoints, "of the members")
      .Delimiter(',')
      .Text("URL,... [http://127.0.0.1:2379]")
      .Group("Cluster");
  auto text = [&](const char* name, std::string& value, const char* what, const char* kind) {
    command.AddOption(name, value, what).Text(kind).Group("Cluster");
  };
  text("--cacert", args.client.ca_file, "PEM", "FILE");
  text("--cert", args.client.cert_file, "PEM", "FILE");
  text("--key", args.client.key_file, "PEM", "FILE");
  text("--user", args.client.user, "etcd's user, with the role root", "NAME");
  text("--password-file", args.password_file, "file with the user's password", "FILE");
}

Result<std::unique_ptr<etcd::Client>> MakeEtcdClient(EtcdClientArgs& args) {
  if (!args.password_file.empty()) {
    HF_TRY(ReadPassword(args.password_file));
    args.client.password = [path = args.password_file] { return ReadPassword(path); };
  }
  return etcd::Client::Create(std::move(args.client));
}

void AddEtcdFormOptions(Command command, EtcdFormArgs& args) {
  std::map<std::string, etcd::Compression> names = {{"none", etcd::Compression::kNone},
                                                    {"gzip", etcd::Compression::kGzip},
                                                    {"zstd", etcd::Compression::kZstd},
                                                    {"zip", etcd::Compression::kZip}};
  command.AddChoice("--compress", args.compression, names, "form of the file")
      .Text("none|gzip|zstd|zip");
  command
      .AddOption("--encryption-config", args.encryption_config,
                 "encrypt the snapshot as this EncryptionConfiguration encrypts Secrets")
      .Text("FILE");
  command.AddFlag("--no-compare", args.no_compare,
                  "do not ask the members whether they have the same keys (each reads them all)");
}

}  // namespace holdfast::cli
