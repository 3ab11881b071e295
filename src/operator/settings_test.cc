#include "operator/settings.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::op {
namespace {

using ::testing::ElementsAre;

Result<Settings> Read(std::map<std::string, std::string> variables) {
  return ReadSettings([&](const char* name) -> std::optional<std::string> {
    auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

TEST(Settings, TheNamespaceIsNeeded) {
  EXPECT_EQ(Read({}).error().message(), "chart namespace is required");
  EXPECT_EQ(Read({{"CHART_NAMESPACE", "ns"}}).value().ns, "ns");
}

TEST(Settings, OneDefaultStore) {
  Settings none = Read({{"CHART_NAMESPACE", "ns"}}).value();
  EXPECT_EQ(none.default_folder + none.default_s3_secret, "");
  EXPECT_EQ(Read({{"CHART_NAMESPACE", "ns"}, {"DEFAULT_PERSISTENCE_ENABLED", "false"}})
                .value()
                .default_folder,
            "/var/lib/backups");
  EXPECT_EQ(Read({{"CHART_NAMESPACE", "ns"}, {"DEFAULT_S3_BACKUP_STORAGE_LOCATION", "s"}})
                .value()
                .default_s3_secret,
            "s");
  EXPECT_EQ(Read({{"CHART_NAMESPACE", "ns"},
                  {"DEFAULT_PERSISTENCE_ENABLED", "x"},
                  {"DEFAULT_S3_BACKUP_STORAGE_LOCATION", "s"}})
                .error()
                .message(),
            "cannot configure PVC and S3 both as default backup storage locations");
}

TEST(Settings, BucketsAndTimes) {
  auto with = [](std::string name, std::string value) {
    return Read({{"CHART_NAMESPACE", "ns"}, {std::move(name), std::move(value)}});
  };
  EXPECT_THAT(with("BACKUP_DURATION_BUCKETS", " 1, 2.5 ,10").value().duration_buckets,
              ElementsAre(1, 2.5, 10));
  Settings bad = with("BACKUP_DURATION_BUCKETS", "1,x").value();
  EXPECT_EQ(bad.bad_buckets, "x");
  EXPECT_THAT(bad.duration_buckets, ElementsAre(0.5, 1, 2.5, 5, 7.5, 10, 30, 60, 120));
  EXPECT_EQ(with("BACKUP_DURATION_BUCKETS", "2,1").value().bad_buckets, "1");
  EXPECT_EQ(with("CATTLE_RESYNC_DEFAULT", "5").value().resync, std::chrono::minutes(5));
  EXPECT_FALSE(with("CATTLE_RESYNC_DEFAULT", "5m"));
  EXPECT_EQ(with("HOLDFAST_METRICS_INTERVAL", "1s").value().metrics_interval.count(), 1000);
  EXPECT_FALSE(with("HOLDFAST_METRICS_INTERVAL", "0"));
  EXPECT_EQ(with("HOLDFAST_LISTEN", "127.0.0.1:0").value().listen_address, "127.0.0.1");
  EXPECT_EQ(with("HOLDFAST_LISTEN", ":9").value().listen_port, 9);
  EXPECT_FALSE(with("HOLDFAST_LISTEN", "9"));
}

}  // namespace
}  // namespace holdfast::op
