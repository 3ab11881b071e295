#include "kube/discovery.h"

#include <algorithm>

#include "base/workers.h"
#include "kube/discovery_parse.h"

namespace holdfast::kube {
namespace {

constexpr char kAcceptAggregated[] =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
constexpr size_t kParallel = 8;

Error Broken(const GroupVersion& gv, const std::string& why) {
  return Error(ErrorKind::kUnavailable, "the API " + gv.ToString() + " is not available: " + why)
      .Hint("its aggregated API server does not answer; see \"kubectl get apiservice " +
            gv.version + "." + gv.group + " -o yaml\"");
}

// One request a group-version, for servers without aggregated discovery. A failure is kept with its
// group-version.
Status FetchResources(Client& client, const Call& call, std::vector<DiscoveredVersion>& versions,
                      std::map<GroupVersion, Error>& broken) {
  std::vector<Result<std::vector<ResourceType>>> answers(versions.size());
  HF_TRY(ParallelFor(versions.size(), kParallel, call.stop,
                     [&](size_t i, std::stop_token stop) -> Status {
                       RawRequest request;
                       request.path = versions[i].gv.UrlPath();
                       Result<std::string> body = client.Raw(request, {call.deadline, stop});
                       if (!body && body.error().kind() == ErrorKind::kCancelled)
                         return Fail(std::move(body).error());
                       if (body)
                         answers[i] = ParseResources(*body, versions[i].gv);
                       else
                         answers[i] = Fail(std::move(body).error());
                       return {};
                     }));
  for (size_t i = 0; i < versions.size(); ++i) {
    if (answers[i])
      versions[i].resources = std::move(*answers[i]);
    else
      broken.emplace(versions[i].gv, Broken(versions[i].gv, answers[i].error().ToString()));
  }
  return {};
}

}  // namespace

Result<Discovery> Discovery::Fetch(Client& client, const Call& call) {
  Discovery discovery;
  for (const char* path : {"/api", "/apis"}) {
    RawRequest request;
    request.path = path;
    request.accept = kAcceptAggregated;
    HF_ASSIGN_CONTEXT(std::string body, client.Raw(request, call), "discovering the API");
    HF_ASSIGN_CONTEXT(DiscoveredGroups groups, ParseGroups(body),
                      "discovering the API at " + std::string(path));
    if (!groups.aggregated)
      HF_TRY_CONTEXT(FetchResources(client, call, groups.versions, discovery.broken_),
                     "discovering the API");
    for (DiscoveredVersion& version : groups.versions) {
      if (version.stale)
        discovery.broken_.emplace(version.gv, Broken(version.gv, "discovery calls it stale"));
      if (discovery.broken_.contains(version.gv)) continue;
      if (discovery.types_.emplace(version.gv, std::move(version.resources)).second)
        discovery.order_.push_back(version.gv);
    }
  }
  RawRequest request;
  request.path = "/version";
  HF_ASSIGN_CONTEXT(std::string body, client.Raw(request, call), "asking for the server's version");
  HF_ASSIGN(discovery.version_, ParseVersion(body));
  return discovery;
}

Discovery Discovery::FromTypes(std::vector<ResourceType> types, ServerVersion version) {
  Discovery discovery;
  discovery.version_ = std::move(version);
  for (ResourceType& type : types) {
    auto [it, added] = discovery.types_.try_emplace(type.gv);
    if (added) discovery.order_.push_back(type.gv);
    it->second.push_back(std::move(type));
  }
  return discovery;
}

Result<const std::vector<ResourceType>*> Discovery::Of(const GroupVersion& gv) const {
  if (auto it = types_.find(gv); it != types_.end()) return &it->second;
  if (auto it = broken_.find(gv); it != broken_.end()) return Fail(it->second);
  return Fail(ErrorKind::kNotFound, "the API server does not have " + gv.ToString());
}

const ResourceType* Discovery::ByKind(const GroupVersion& gv, std::string_view kind) const {
  auto it = types_.find(gv);
  if (it == types_.end()) return nullptr;
  auto found = std::find_if(it->second.begin(), it->second.end(),
                            [&](const ResourceType& type) { return type.kind == kind; });
  return found == it->second.end() ? nullptr : &*found;
}

const ResourceType* Discovery::ByPlural(const GroupVersion& gv, std::string_view plural) const {
  auto it = types_.find(gv);
  if (it == types_.end()) return nullptr;
  auto found = std::find_if(it->second.begin(), it->second.end(),
                            [&](const ResourceType& type) { return type.plural == plural; });
  return found == it->second.end() ? nullptr : &*found;
}

const ResourceType* Discovery::ByGroupKind(std::string_view group, std::string_view kind) const {
  for (const GroupVersion& gv : order_)
    if (gv.group == group)
      if (const ResourceType* type = ByKind(gv, kind)) return type;
  return nullptr;
}

const ResourceType* Discovery::ByGroupPlural(std::string_view group,
                                             std::string_view plural) const {
  for (const GroupVersion& gv : order_)
    if (gv.group == group)
      if (const ResourceType* type = ByPlural(gv, plural)) return type;
  return nullptr;
}

}  // namespace holdfast::kube
