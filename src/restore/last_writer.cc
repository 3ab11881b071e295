#include "restore/last_writer.h"

#include <algorithm>
#include <array>

#include "base/json_scan.h"

namespace holdfast::restore {
namespace {

constexpr std::array<std::string_view, 5> kComponents = {
    "kube-controller-manager", "kube-scheduler", "kubelet", "kube-apiserver",
    "cloud-controller-manager"};

}  // namespace

std::string LastControlPlaneWriter(std::string_view object) {
  auto fields = json::Find(object, {"metadata", "managedFields"});
  if (!fields || json::TypeOf(*fields) != json::Type::kArray) return {};
  std::string latest, writer;  // RFC 3339 in UTC: sorts as text
  for (json::ArrayReader reader(*fields); auto entry = reader.Next();) {
    std::string time = json::FindString(*entry, {"time"}).value_or("");
    std::string manager = json::FindString(*entry, {"manager"}).value_or("");
    bool component =
        std::find(kComponents.begin(), kComponents.end(), manager) != kComponents.end();
    if (time < latest || (time == latest && !component)) continue;
    latest = std::move(time);
    writer = component ? std::move(manager) : std::string();
  }
  return writer;
}

}  // namespace holdfast::restore
