#include "operator/settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string_view>

#include "base/go_duration.h"

namespace holdfast::op {
namespace {

constexpr const char* kBackupFolder = "/var/lib/backups";

// "0.5, 1, 2.5"; none, with the item in `bad`, when one is no number.
std::optional<std::vector<double>> ParseBuckets(std::string_view text, std::string& bad) {
  std::vector<double> buckets;
  while (true) {
    size_t comma = text.find(',');
    std::string item(text.substr(0, comma));
    size_t begin = item.find_first_not_of(" \t");
    size_t last = item.find_last_not_of(" \t");
    item = begin == item.npos ? "" : item.substr(begin, last - begin + 1);
    double value = 0;
    auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), value);
    if (error != std::errc() || end != item.data() + item.size() || item.empty() ||
        (!buckets.empty() && value <= buckets.back())) {
      bad = item;
      return std::nullopt;
    }
    buckets.push_back(value);
    if (comma == text.npos) return buckets;
    text.remove_prefix(comma + 1);
  }
}

Status ReadListen(const std::string& text, Settings& settings) {
  size_t colon = text.rfind(':');
  int port = -1;
  if (colon != text.npos) std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  if (port < 0 || port > 65535)
    return Fail(ErrorKind::kInvalid, "HOLDFAST_LISTEN must be ADDRESS:PORT, not \"" + text + "\"");
  settings.listen_port = static_cast<uint16_t>(port);
  if (colon > 0) settings.listen_address = text.substr(0, colon);
  return {};
}

std::string Identity(const std::optional<std::string>& pod) {
  char host[256] = "holdfast";
  gethostname(host, sizeof host - 1);
  std::random_device random;
  // No two pods of a namespace have the same name, and of a container started anew the one before
  // is dead: it may take its own Lease over at once.
  if (pod && !pod->empty()) return *pod;
  return fmt::format("{}_{:08x}", host, random());
}

}  // namespace

Result<Settings> ReadSettings(const Environment& environment) {
  Settings settings;
  auto text = [&](const char* name) { return environment(name).value_or(""); };
  settings.ns = text("CHART_NAMESPACE");
  if (settings.ns.empty())
    return Fail(Error(ErrorKind::kInvalid, "chart namespace is required")
                    .Hint("set CHART_NAMESPACE to the namespace of the operator's Secrets"));
  bool persistence = !text("DEFAULT_PERSISTENCE_ENABLED").empty();
  settings.plain_http = !text("CATTLE_DEV_MODE").empty();
  settings.default_s3_secret = text("DEFAULT_S3_BACKUP_STORAGE_LOCATION");
  if (persistence && !settings.default_s3_secret.empty())
    return Fail(ErrorKind::kInvalid,
                "cannot configure PVC and S3 both as default backup storage locations");
  if (persistence) {
    std::string folder = text("HOLDFAST_PERSISTENCE_DIR");
    settings.default_folder = folder.empty() ? kBackupFolder : folder;
  } else if (settings.plain_http) {
    std::error_code error;
    settings.default_folder = (std::filesystem::current_path(error) / "backups").string();
    settings.default_s3_secret.clear();
  }
  settings.metrics = !text("METRICS_SERVER").empty();
  settings.duration_buckets = {0.5, 1, 2.5, 5, 7.5, 10, 30, 60, 120};
  if (std::string given = text("BACKUP_DURATION_BUCKETS"); !given.empty())
    if (auto buckets = ParseBuckets(given, settings.bad_buckets))
      settings.duration_buckets = std::move(*buckets);
  if (std::string given = text("HOLDFAST_METRICS_INTERVAL"); !given.empty()) {
    auto interval = ParseGoDuration(given);
    if (!interval || *interval < std::chrono::milliseconds(100))
      return Fail(
          ErrorKind::kInvalid,
          "HOLDFAST_METRICS_INTERVAL must be a duration such as 60s, not \"" + given + "\"");
    settings.metrics_interval = std::chrono::duration_cast<std::chrono::milliseconds>(*interval);
  }
  if (std::string given = text("CATTLE_RESYNC_DEFAULT"); !given.empty()) {
    int64_t minutes = 0;
    auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), minutes);
    if (error != std::errc() || end != given.data() + given.size() || minutes < 1 ||
        minutes > 1'000'000)
      return Fail(ErrorKind::kInvalid,
                  "CATTLE_RESYNC_DEFAULT must be a number of minutes, not \"" + given + "\"");
    settings.resync = std::chrono::minutes(minutes);
  }
  if (std::string given = text("HOLDFAST_LISTEN"); !given.empty())
    HF_TRY(ReadListen(given, settings));
  settings.notifications = ParseNotifications(text("HOLDFAST_NOTIFICATIONS"));
  settings.identity = Identity(environment("POD_NAME"));
  return settings;
}

Environment ProcessEnvironment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* value = getenv(name);
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

}  // namespace holdfast::op
