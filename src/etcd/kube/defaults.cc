#include "etcd/kube/defaults.h"

#include "base/json_edit.h"
#include "base/json_scan.h"

namespace holdfast::etcd {
namespace {

// The array at `path` with every element changed by `change`.
template <typename Change>
void ForEachAt(std::string& json, std::initializer_list<std::string_view> path, Change&& change) {
  auto array = json::Find(json, path);
  if (!array || json::TypeOf(*array) != json::Type::kArray) return;
  std::string out = "[";
  for (json::ArrayReader list(*array); auto element = list.Next();) {
    if (out.size() > 1) out += ',';
    out += change(std::string(*element));
  }
  json = json::SetPath(json, path, out + "]");
}

std::string ColumnInV1(std::string column) {
  auto path = json::Find(column, {"JSONPath"});
  if (!path) return column;
  std::string value(*path);
  return json::SetKey(json::RemoveKeys(column, {"JSONPath"}), "jsonPath", value);
}

}  // namespace

void FillInDefaults(std::string_view kind, std::string& json) {
  if (kind == "Job") {
    // A Job without labels has its template's, which gets some of its own when the Job is made.
    auto labels = json::Find(json, {"spec", "template", "metadata", "labels"});
    if (labels && !json::Find(json, {"metadata", "labels"}))
      json = json::SetPath(json, {"metadata", "labels"}, std::string(*labels));
  } else if (kind == "PersistentVolumeClaim") {
    if (!json::Find(json, {"status", "phase"}))
      json = json::SetPath(json, {"status", "phase"}, "\"Pending\"");
  } else if (kind == "StatefulSet") {
    ForEachAt(json, {"spec", "volumeClaimTemplates"}, [](std::string claim) {
      for (auto [key, value] :
           {std::pair("apiVersion", "\"v1\""), std::pair("kind", "\"PersistentVolumeClaim\"")})
        if (!json::Find(claim, {key})) claim = json::SetKey(claim, key, value);
      return claim;
    });
  }
}

std::string CrdInV1(std::string json) {
  if (json::FindString(json, {"apiVersion"}) != "apiextensions.k8s.io/v1beta1" ||
      json::FindString(json, {"kind"}) != "CustomResourceDefinition")
    return json;
  json = json::SetKey(json, "apiVersion", "\"apiextensions.k8s.io/v1\"");
  if (auto version = json::Find(json, {"spec", "version"});
      version && !json::Find(json, {"spec", "versions"})) {
    json = json::SetPath(
        json, {"spec", "versions"},
        "[{\"name\":" + std::string(*version) + ",\"served\":true,\"storage\":true}]");
  }
  // What all versions have alike stands once, beside them.
  for (auto [old, now] :
       {std::pair("validation", "schema"), std::pair("subresources", "subresources"),
        std::pair("additionalPrinterColumns", "additionalPrinterColumns"),
        std::pair("selectableFields", "selectableFields")}) {
    const char* key = now;  // clang does not let a lambda use the binding
    auto shared = json::Find(json, {"spec", old});
    if (!shared) continue;
    std::string value(*shared);
    ForEachAt(json, {"spec", "versions"}, [&](std::string version) {
      return json::Find(version, {key}) ? version : json::SetKey(version, key, value);
    });
    json = json::RemovePath(json, {"spec", old});
  }
  ForEachAt(json, {"spec", "versions"}, [](std::string version) {
    ForEachAt(version, {"additionalPrinterColumns"}, ColumnInV1);
    return version;
  });
  json = json::RemovePath(json, {"spec", "version"});
  if (json::Find(json, {"spec", "preserveUnknownFields"}) == "false")
    json = json::RemovePath(json, {"spec", "preserveUnknownFields"});
  for (auto [old, key] : {std::pair("webhookClientConfig", "clientConfig"),
                          std::pair("conversionReviewVersions", "conversionReviewVersions")}) {
    auto found = json::Find(json, {"spec", "conversion", old});
    if (!found) continue;
    std::string value(*found);
    json = json::RemovePath(json, {"spec", "conversion", old});
    json = json::SetPath(json, {"spec", "conversion", "webhook", key}, value);
  }
  return json;
}

}  // namespace holdfast::etcd
