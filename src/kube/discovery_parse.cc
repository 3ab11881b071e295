#include "kube/discovery_parse.h"

#include <algorithm>
#include <cstdlib>

#include <nlohmann/json.hpp>

namespace holdfast::kube {
namespace {

using Json = nlohmann::json;

Error Bad(const std::string& what) {
  return Error(ErrorKind::kInternal, "the discovery answer makes no sense: " + what)
      .Hint("is the server's address that of a Kubernetes API server?");
}

std::string Text(const Json& object, const char* key) {
  auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

bool Flag(const Json& object, const char* key) {
  auto it = object.find(key);
  return it != object.end() && it->is_boolean() && it->get<bool>();
}

// The array at the key; an empty one when there is none.
const Json& List(const Json& object, const char* key) {
  static const Json kEmpty = Json::array();
  auto it = object.find(key);
  return it != object.end() && it->is_array() ? *it : kEmpty;
}

const Json& Object(const Json& object, const char* key) {
  static const Json kEmpty = Json::object();
  auto it = object.find(key);
  return it != object.end() && it->is_object() ? *it : kEmpty;
}

uint32_t Verbs(const Json& resource) {
  uint32_t verbs = 0;
  for (const Json& verb : List(resource, "verbs")) {
    if (verb == "get") verbs |= kVerbGet;
    if (verb == "list") verbs |= kVerbList;
    if (verb == "watch") verbs |= kVerbWatch;
    if (verb == "create") verbs |= kVerbCreate;
    if (verb == "update") verbs |= kVerbUpdate;
    if (verb == "patch") verbs |= kVerbPatch;
    if (verb == "delete") verbs |= kVerbDelete;
    if (verb == "deletecollection") verbs |= kVerbDeleteCollection;
  }
  return verbs;
}

DiscoveredVersion AggregatedVersion(const std::string& group, const Json& version) {
  DiscoveredVersion found;
  found.gv = {group, Text(version, "version")};
  found.stale = Text(version, "freshness") == "Stale";
  for (const Json& resource : List(version, "resources")) {
    if (!resource.is_object()) continue;
    ResourceType type;
    type.gv = found.gv;
    type.plural = Text(resource, "resource");
    type.kind = Text(Object(resource, "responseKind"), "kind");
    type.namespaced = Text(resource, "scope") == "Namespaced";
    type.verbs = Verbs(resource);
    for (const Json& sub : List(resource, "subresources"))
      if (sub.is_object() && Text(sub, "subresource") == "status") type.has_status = true;
    // One that has only subresources has neither kind nor verbs of its own.
    if (type.plural.empty() || type.kind.empty() || type.verbs == 0) continue;
    found.resources.push_back(std::move(type));
  }
  return found;
}

Status AddAggregated(const Json& root, DiscoveredGroups& groups) {
  groups.aggregated = true;
  for (const Json& item : List(root, "items")) {
    if (!item.is_object()) return Fail(Bad("a group is not an object"));
    std::string group = Text(Object(item, "metadata"), "name");
    for (const Json& version : List(item, "versions")) {
      if (!version.is_object() || Text(version, "version").empty())
        return Fail(Bad("group \"" + group + "\" has a version without a name"));
      groups.versions.push_back(AggregatedVersion(group, version));
    }
  }
  return {};
}

Status AddGroupList(const Json& root, DiscoveredGroups& groups) {
  for (const Json& group : List(root, "groups")) {
    if (!group.is_object()) return Fail(Bad("a group is not an object"));
    std::string preferred = Text(Object(group, "preferredVersion"), "groupVersion");
    size_t first = groups.versions.size();
    for (const Json& version : List(group, "versions")) {
      if (!version.is_object()) return Fail(Bad("a version is not an object"));
      std::string text = Text(version, "groupVersion");
      HF_ASSIGN(GroupVersion gv, GroupVersion::Parse(text));
      auto at = groups.versions.end();
      if (text == preferred) at = groups.versions.begin() + static_cast<ptrdiff_t>(first);
      groups.versions.insert(at, DiscoveredVersion{std::move(gv), false, {}});
    }
  }
  return {};
}

}  // namespace

Result<DiscoveredGroups> ParseGroups(std::string_view body) {
  Json root = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return Fail(Bad("not a JSON object"));
  DiscoveredGroups groups;
  std::string kind = Text(root, "kind");
  if (kind == "APIGroupDiscoveryList") {
    HF_TRY(AddAggregated(root, groups));
  } else if (kind == "APIGroupList") {
    HF_TRY(AddGroupList(root, groups));
  } else if (kind == "APIVersions") {
    for (const Json& version : List(root, "versions"))
      if (version.is_string() && !version.get_ref<const std::string&>().empty())
        groups.versions.push_back({{"", version.get<std::string>()}, false, {}});
  } else {
    return Fail(Bad("its kind is \"" + kind.substr(0, 100) + "\""));
  }
  return groups;
}

Result<std::vector<ResourceType>> ParseResources(std::string_view body, const GroupVersion& gv) {
  Json root = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object() || Text(root, "kind") != "APIResourceList")
    return Fail(Bad("it is not an APIResourceList"));
  std::vector<ResourceType> types;
  std::vector<std::string> with_status;
  for (const Json& resource : List(root, "resources")) {
    if (!resource.is_object()) return Fail(Bad("a resource is not an object"));
    ResourceType type;
    type.gv = gv;
    type.plural = Text(resource, "name");
    type.kind = Text(resource, "kind");
    type.namespaced = Flag(resource, "namespaced");
    type.verbs = Verbs(resource);
    size_t slash = type.plural.find('/');
    if (slash != std::string::npos) {
      if (type.plural.substr(slash) == "/status")
        with_status.push_back(type.plural.substr(0, slash));
      continue;
    }
    if (!type.plural.empty() && !type.kind.empty()) types.push_back(std::move(type));
  }
  for (ResourceType& type : types)
    type.has_status =
        std::find(with_status.begin(), with_status.end(), type.plural) != with_status.end();
  return types;
}

Result<ServerVersion> ParseVersion(std::string_view body) {
  Json root = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return Fail(Bad("/version is not a JSON object"));
  ServerVersion version;
  // "36+" on some managed clusters.
  version.major = static_cast<int>(std::strtol(Text(root, "major").c_str(), nullptr, 10));
  version.minor = static_cast<int>(std::strtol(Text(root, "minor").c_str(), nullptr, 10));
  version.git_version = Text(root, "gitVersion");
  if (version.major <= 0) return Fail(Bad("/version has no major version"));
  return version;
}

}  // namespace holdfast::kube
