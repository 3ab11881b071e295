#include <algorithm>

#include "base/json_scan.h"
#include "kube/client.h"
#include "resourceset/resource_set.h"

namespace holdfast::resourceset {
namespace {

kube::ResourceType ResourceSetType() {
  kube::ResourceType type;
  type.gv = {"resources.cattle.io", "v1"};
  type.plural = "resourcesets";
  type.kind = "ResourceSet";
  type.verbs = kube::kVerbGet | kube::kVerbList;
  return type;
}

// What could be meant instead, for the hint of a "not found".
std::string WhatThereIs(kube::Client& client, const kube::ResourceType& type,
                        const kube::Call& call) {
  constexpr size_t kShown = 20;
  std::vector<std::string> names;
  kube::ListRequest request;
  request.type = &type;
  request.metadata_only = true;
  auto listed = client.List(
      request,
      [&](std::string_view object) -> Status {
        if (auto name = json::FindString(object, {"metadata", "name"}))
          names.push_back(std::move(*name));
        return {};
      },
      call);
  if (!listed) {
    return listed.error().kind() == ErrorKind::kNotFound
               ? "the cluster has no ResourceSets at all: their CRD is not installed; give a file "
                 "instead"
               : "give the name of a ResourceSet in the cluster, or a file";
  }
  if (names.empty()) return "the cluster has no ResourceSet; give a file instead";
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string text = "there are: ";
  for (size_t i = 0; i < names.size() && i < kShown; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kShown) text += ", ...";
  return text;
}

}  // namespace

Result<ResourceSet> FetchResourceSet(kube::Client& client, std::string_view name,
                                     const kube::Call& call) {
  const kube::ResourceType type = ResourceSetType();
  auto object = client.Get(type, "", name, call);
  if (!object) {
    if (object.error().kind() != ErrorKind::kNotFound) {
      return Fail(
          std::move(object).error().With("reading the ResourceSet \"" + std::string(name) + "\""));
    }
    return Fail(Error(ErrorKind::kNotFound,
                      "resourcesets.resources.cattle.io \"" + std::string(name) + "\" not found")
                    .Code(404)
                    .Hint(WhatThereIs(client, type, call)));
  }
  return ParseResourceSet(*object, "ResourceSet \"" + std::string(name) + "\"", ParseMode::kServer);
}

}  // namespace holdfast::resourceset
