#include "restore/run_state.h"

#include <nlohmann/json.hpp>

#include "base/json_scan.h"

namespace holdfast::restore {
namespace {

constexpr int kFormat = 1;

kube::ResourceType CoreType(std::string plural, std::string kind, bool namespaced) {
  kube::ResourceType type;
  type.gv = {"", "v1"};
  type.plural = std::move(plural);
  type.kind = std::move(kind);
  type.namespaced = namespaced;
  type.verbs = ~0u;
  return type;
}

std::string Where(const std::string& ns) {
  return "config map " + ns + "/" + std::string(kStateName);
}

Error Garbled(const std::string& ns, const std::string& why) {
  return Error(ErrorKind::kCorrupt, Where(ns) + ", the state of an unfinished restore, " + why)
      .Hint("look at it with kubectl, scale the controllers that it names up by hand, delete it");
}

}  // namespace

const kube::ResourceType& ConfigMapType() {
  static const kube::ResourceType type = CoreType("configmaps", "ConfigMap", true);
  return type;
}
const kube::ResourceType& NamespaceType() {
  static const kube::ResourceType type = CoreType("namespaces", "Namespace", false);
  return type;
}
const kube::ResourceType& PodType() {
  static const kube::ResourceType type = CoreType("pods", "Pod", true);
  return type;
}

bool ScaledController::SameObject(const ScaledController& other) const {
  return api_version == other.api_version && resource == other.resource && ns == other.ns &&
         name == other.name;
}

std::string ScaledController::ToString() const {
  size_t slash = api_version.find('/');
  std::string text = resource;
  if (slash != std::string::npos) text += "." + api_version.substr(0, slash);
  return text + " " + (ns.empty() ? name : ns + "/" + name);
}

const ScaledController* RunState::Find(const ScaledController& object) const {
  for (const ScaledController& controller : controllers) {
    if (controller.SameObject(object)) return &controller;
  }
  return nullptr;
}

Result<std::optional<RunState>> ReadState(Api& api, const std::string& ns) {
  auto object = api.Get(ConfigMapType(), ns, kStateName);
  if (!object) {
    if (object.error().kind() == ErrorKind::kNotFound) return std::optional<RunState>();
    return Fail(std::move(object).error().With("reading " + Where(ns)));
  }
  auto text = json::FindString(*object, {"data", "state"});
  if (!text) return Fail(Garbled(ns, "has no data.state"));
  nlohmann::json doc = nlohmann::json::parse(*text, nullptr, false);
  if (!doc.is_object() || !doc["controllers"].is_array()) return Fail(Garbled(ns, "is not JSON"));
  if (doc.value("format", nlohmann::json()) != kFormat) {
    return Fail(Garbled(ns, "was written by another version of holdfast"));
  }
  auto string_in = [](const nlohmann::json& in, const char* key) {
    auto found = in.find(key);
    return found != in.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  RunState state;
  state.run = string_in(doc, "run");
  state.archive = string_in(doc, "archive");
  state.resource_version = json::FindString(*object, {"metadata", "resourceVersion"}).value_or("");
  for (const nlohmann::json& item : doc["controllers"]) {
    auto replicas = item.is_object() ? item.find("replicas") : item.end();
    if (!item.is_object() || replicas == item.end() || !replicas->is_number_integer()) {
      return Fail(Garbled(ns, "holds a controller without a replica count"));
    }
    ScaledController controller{string_in(item, "apiVersion"), string_in(item, "resource"),
                                string_in(item, "namespace"), string_in(item, "name"),
                                replicas->get<int64_t>()};
    if (controller.resource.empty() || controller.name.empty()) {
      return Fail(Garbled(ns, "holds a controller without a name"));
    }
    state.controllers.push_back(std::move(controller));
  }
  return std::optional<RunState>(std::move(state));
}

Status WriteState(Api& api, const std::string& ns, RunState& state) {
  nlohmann::json doc = {{"format", kFormat}, {"run", state.run}, {"archive", state.archive}};
  doc["controllers"] = nlohmann::json::array();
  for (const ScaledController& controller : state.controllers) {
    doc["controllers"].push_back({{"apiVersion", controller.api_version},
                                  {"resource", controller.resource},
                                  {"namespace", controller.ns},
                                  {"name", controller.name},
                                  {"replicas", controller.replicas}});
  }
  nlohmann::json object = {
      {"apiVersion", "v1"},
      {"kind", "ConfigMap"},
      {"metadata",
       {{"name", kStateName},
        {"namespace", ns},
        {"labels", {{"app.kubernetes.io/managed-by", "holdfast"}}},
        {"annotations",
         {{"holdfast.dev/about",
           "Controllers that a running restore scaled to zero, and their replica counts. The "
           "restore "
           "removes it when it has scaled them up again; after a crash the next restore or "
           "`holdfast restore --abort` does."}}}}},
      {"data", {{"state", doc.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)}}}};
  bool stored = !state.resource_version.empty();
  if (stored) object["metadata"]["resourceVersion"] = state.resource_version;
  std::string body = object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  auto written = stored ? api.Update(ConfigMapType(), ns, kStateName, body)
                        : api.Create(ConfigMapType(), ns, body);
  if (!written) return Fail(std::move(written).error().With("writing " + Where(ns)));
  state.resource_version = json::FindString(*written, {"metadata", "resourceVersion"}).value_or("");
  return {};
}

Status RemoveState(Api& api, const std::string& ns) {
  Status removed = api.Delete(ConfigMapType(), ns, kStateName, {});
  if (removed || removed.error().kind() == ErrorKind::kNotFound) return {};
  return Fail(std::move(removed).error().With("removing " + Where(ns)));
}

}  // namespace holdfast::restore
