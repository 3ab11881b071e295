// How the commands that talk to etcd are told the cluster and the form of a snapshot.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "cli/command.h"
#include "etcd/client/client.h"
#include "etcd/client/intake.h"

namespace holdfast::cli {

struct EtcdClientArgs {
  etcd::ClientOptions client;
  std::string password_file;
};
// --endpoints, --cacert, --cert, --key, --user, --password-file.
void AddEtcdClientOptions(Command command, EtcdClientArgs& args);
// Reads certificates and password; connects later. Once.
Result<std::unique_ptr<etcd::Client>> MakeEtcdClient(EtcdClientArgs& args);

struct EtcdFormArgs {
  etcd::Compression compression = etcd::Compression::kNone;
  std::string encryption_config;
  bool no_compare = false;
};
// --compress, --encryption-config, --no-compare.
void AddEtcdFormOptions(Command command, EtcdFormArgs& args);

}  // namespace holdfast::cli
