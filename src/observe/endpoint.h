// The pages by which others see whether we are well: /metrics, /healthz and /readyz.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "net/http_server.h"
#include "observe/metrics.h"

namespace holdfast::observe {

// What must be so before the program is ready; thread-safe. Each condition has a name and, while it
// does not hold, a reason.
class Readiness {
 public:
  void NotReady(const std::string& what, const std::string& why);
  void Ready(const std::string& what);
  // "name: reason", a line each; empty: ready.
  std::string Reasons() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> reasons_;
};

// Answers /healthz with 200 always, /readyz with 200 or 503 and the reasons, /metrics when
// `registry` is given, all else with 404. What is given must outlive the function.
net::HttpServer::Handler Pages(const Readiness& readiness, const Registry* registry);

}  // namespace holdfast::observe
