// What to send to the API server so that it knows us, kept fresh.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "base/secret.h"
#include "kube/client.h"
#include "kube/config_data.h"

namespace holdfast::kube {

// A client certificate that an exec plugin gave.
struct ClientIdentity {
  std::string cert_pem;
  SecretBytes key_pem;
};

struct Credential {
  std::shared_ptr<const SecretBytes> authorization;  // header value; null: none
  std::shared_ptr<const ClientIdentity> identity;    // null: the one of the configuration
  uint64_t generation = 0;                           // which reading of file or plugin this is
};

// May be used by any number of threads.
class Credentials {
 public:
  // `exec_info_cluster`: JSON for the plugin's spec.cluster; empty: none. The others must outlive
  // it.
  Credentials(AuthInfo auth, std::string exec_info_cluster, const Logger& log, Clock& clock);

  // Reads the token file (again every minute) or runs the plugin (again when its credential has
  // expired); blocks while it runs. Errors: kUnauthorized where no credential can be had.
  Result<Credential> Current(const Call& call);

  // The server refused the credential of that generation (401). True when a fresh one may be had:
  // the next Current() then reads or runs again. At most once a generation.
  bool Refused(uint64_t generation);

  // For errors: `user "admin" in /root/.kube/config`.
  const std::string& origin() const { return auth_.origin; }
  const std::vector<net::HttpHeader>& impersonate() const { return auth_.impersonate; }

 private:
  Status ReadTokenFile();
  Status RunPlugin(const Call& call);

  const AuthInfo auth_;
  const std::string exec_info_cluster_;
  const Logger& log_;
  Clock& clock_;

  std::mutex mutex_;
  Credential current_;
  bool fresh_ = false;                       // current_ may be given out until ...
  std::optional<Clock::Steady> read_again_;  // ... this time (token file)
  std::optional<Clock::Wall> expires_;       // ... this time (plugin)
};

}  // namespace holdfast::kube
