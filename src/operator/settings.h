// What the operator is told by its environment: the chart sets it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "operator/notifications.h"

namespace holdfast::op {

// Value of an environment variable; none when it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;

struct Settings {
  std::string ns;  // CHART_NAMESPACE: Secrets, Leases and ConfigMaps of ours
  // The default store: a folder, or the Secret in `ns` that describes a bucket; both empty: none.
  std::string default_folder;
  std::string default_s3_secret;
  bool plain_http = false;  // CATTLE_DEV_MODE: endpoints without a scheme are http
  bool metrics = false;     // METRICS_SERVER
  std::vector<double> duration_buckets;
  std::string bad_buckets;  // what was wrong with BACKUP_DURATION_BUCKETS; empty: nothing
  std::chrono::milliseconds metrics_interval{60'000};  // HOLDFAST_METRICS_INTERVAL, "1s"
  std::chrono::seconds resync{36'000};                 // CATTLE_RESYNC_DEFAULT, minutes
  std::string listen_address = "0.0.0.0";              // HOLDFAST_LISTEN, ADDRESS:PORT
  uint16_t listen_port = 8080;
  Notifications notifications;  // HOLDFAST_NOTIFICATIONS, JSON: of Backups that name none
  std::string identity;         // POD_NAME, else the host's name with a random part
};

// kInvalid: "chart namespace is required" and the like, fit to be printed behind
// "Error running operator: ". May create <cwd>/backups (CATTLE_DEV_MODE).
Result<Settings> ReadSettings(const Environment& environment);

// The process's own.
Environment ProcessEnvironment();

}  // namespace holdfast::op
