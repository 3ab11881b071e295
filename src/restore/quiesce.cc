#include "restore/quiesce.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "restore/field_managers.h"

namespace holdfast::restore {
namespace {

constexpr std::chrono::milliseconds kPodPoll{200};
constexpr int kScaleTries = 5;

std::string ReplicasPatch(int64_t replicas, const std::string& resource_version) {
  std::string patch = "{";
  if (!resource_version.empty()) {
    patch += "\"metadata\":{\"resourceVersion\":" + json::Quote(resource_version) + "},";
  }
  return patch + "\"spec\":{\"replicas\":" + std::to_string(replicas) + "}}";
}

std::string GroupOf(const std::string& api_version) {
  size_t slash = api_version.find('/');
  return slash == std::string::npos ? "" : api_version.substr(0, slash);
}

bool HasController(const std::vector<ScaledController>& controllers, const std::string& api_group,
                   const std::string& resource, const std::string& ns, const std::string& name) {
  return std::any_of(controllers.begin(), controllers.end(), [&](const ScaledController& c) {
    return c.name == name && c.ns == ns && c.resource == resource &&
           GroupOf(c.api_version) == api_group;
  });
}

}  // namespace

TypeOf TypeOfDiscovery(const kube::Discovery& discovery) {
  return [&discovery](const std::string& api_version,
                      const std::string& resource) -> const kube::ResourceType* {
    auto gv = kube::GroupVersion::Parse(api_version);
    return gv ? discovery.ByPlural(*gv, resource) : nullptr;
  };
}

std::optional<int64_t> ReplicasOf(std::string_view object) {
  auto text = json::Find(object, {"spec", "replicas"});
  int64_t value = 0;
  if (!text) return std::nullopt;
  auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

std::string SelectorText(std::string_view selector_json) {
  std::string out;
  auto add = [&out](const std::string& term) {
    if (!out.empty()) out += ",";
    out += term;
  };
  if (auto labels = json::Find(selector_json, {"matchLabels"})) {
    for (json::ObjectReader reader(*labels); auto member = reader.Next();) {
      add(json::Unescape(member->key) + "=" + json::StringOf(member->value));
    }
  }
  auto expressions = json::Find(selector_json, {"matchExpressions"});
  if (!expressions) return out;
  for (json::ArrayReader reader(*expressions); auto item = reader.Next();) {
    std::string key = json::FindString(*item, {"key"}).value_or("");
    std::string op = json::FindString(*item, {"operator"}).value_or("");
    std::string values;
    if (auto list = json::Find(*item, {"values"})) {
      for (json::ArrayReader value(*list); auto text = value.Next();) {
        values += (values.empty() ? "" : ",") + json::StringOf(*text);
      }
    }
    if (op == "In") {
      add(key + " in (" + values + ")");
    } else if (op == "NotIn") {
      add(key + " notin (" + values + ")");
    } else if (op == "Exists") {
      add(key);
    } else if (op == "DoesNotExist") {
      add("!" + key);
    } else {
      return "";
    }
  }
  return out;
}

Quiesce::Quiesce(Settings settings, ReportBuilder& report, const Logger& log, Clock& clock)
    : settings_(std::move(settings)), report_(report), log_(log), clock_(clock) {
  state_.run = settings_.run;
  state_.archive = settings_.archive;
}

Status Quiesce::Adopt(Api& api) {
  HF_ASSIGN(auto found, ReadState(api, settings_.ns));
  state_.controllers.clear();
  state_.resource_version.clear();
  adopted_run_.clear();
  if (!found) return {};
  adopted_run_ = found->run.empty() ? "an unnamed run" : found->run;
  state_.controllers = std::move(found->controllers);
  state_.resource_version = std::move(found->resource_version);
  return {};
}

Status Quiesce::Begin(Api& api) {
  RunState begun = state_;
  begun.run = settings_.run;
  begun.archive = settings_.archive;
  HF_TRY_CONTEXT(WriteState(api, settings_.ns, begun), "recording that a restore has begun");
  state_ = std::move(begun);
  return {};
}

Quiesce::Seen Quiesce::Look(Api& api, const kube::ResourceType& type, ScaledController controller) {
  auto object = api.Get(type, controller.ns, controller.name);
  if (!object) {
    if (object.error().kind() == ErrorKind::kNotFound) return {true, std::nullopt};
    report_.Note("controller " + controller.ToString() +
                 " was not scaled down, it cannot be read: " + object.error().ToString());
    return {};
  }
  auto replicas = ReplicasOf(*object);
  if (!replicas) {
    report_.Note("controller " + controller.ToString() +
                 " was not scaled down: its kind has no spec.replicas");
    return {};
  }
  Live live{&type, std::move(controller), "", "", *object};
  live.controller.replicas = *replicas;
  live.resource_version = json::FindString(*object, {"metadata", "resourceVersion"}).value_or("");
  if (auto selector = json::Find(*object, {"spec", "selector"})) {
    live.pod_selector = SelectorText(*selector);
  }
  return {false, std::move(live)};
}

void Quiesce::NoteTakenOver(const ScaledController& controller, const std::optional<Error>& why) {
  if (!why) return;
  report_.Note("controller " + controller.ToString() +
               " was scaled, and the owner of its replicas (metadata.managedFields) is now "
               "holdfast: " +
               why->ToString());
}

// One whose count changes under our hands is stored anew before it is tried again.
Status Quiesce::Scale(Api& api, Live& live) {
  for (int attempt = 1;; ++attempt) {
    std::optional<Error> taken_over;
    auto patched =
        PatchKeepingManagers(api, *live.type, live.controller.ns, live.controller.name,
                             ReplicasPatch(0, live.resource_version), live.text, taken_over);
    NoteTakenOver(live.controller, taken_over);
    if (patched || patched.error().kind() == ErrorKind::kNotFound) return {};
    if (patched.error().kind() != ErrorKind::kConflict || attempt == kScaleTries) {
      return Fail(std::move(patched).error());
    }
    auto again = Look(api, *live.type, live.controller).live;
    if (!again || again->controller.replicas == 0) return {};
    if (again->controller.replicas != live.controller.replicas) {
      for (ScaledController& stored : state_.controllers) {
        if (stored.SameObject(live.controller)) stored.replicas = again->controller.replicas;
      }
      HF_TRY(WriteState(api, settings_.ns, state_));
    }
    live = std::move(*again);
  }
}

Status Quiesce::Down(Api& api, const TypeOf& type_of,
                     const std::vector<resourceset::ControllerReference>& controllers,
                     const std::vector<ScaledController>& to_come, std::stop_token stop) {
  std::vector<Live> to_scale;
  RunState wanted = state_;
  bool store = false;
  auto want = [&](const ScaledController& controller) {
    std::erase_if(wanted.controllers,
                  [&](const ScaledController& c) { return c.SameObject(controller); });
    wanted.controllers.push_back(controller);
    store = true;
  };
  for (const resourceset::ControllerReference& reference : controllers) {
    ScaledController controller{reference.api_version, reference.resource, reference.ns,
                                reference.name, 0};
    auto coming = std::find_if(to_come.begin(), to_come.end(),
                               [&](const ScaledController& c) { return c.SameObject(controller); });
    const kube::ResourceType* type = type_of(reference.api_version, reference.resource);
    if (type == nullptr && coming != to_come.end()) {
      want(*coming);  // its CRD comes too
      continue;
    }
    if (type == nullptr) {
      report_.Note("controller " + controller.ToString() +
                   " was not scaled down: the server has no " + reference.resource + " in " +
                   reference.api_version);
      continue;
    }
    Seen seen = Look(api, *type, std::move(controller));
    if (seen.live && seen.live->controller.replicas > 0) {
      // Somebody who scaled it up since the run that died wanted just that.
      want(seen.live->controller);
      to_scale.push_back(std::move(*seen.live));
    } else if (coming != to_come.end() && seen.absent) {
      want(*coming);
    } else if (coming != to_come.end() && seen.live && state_.Find(*coming) == nullptr) {
      held_.push_back(*coming);
    }
  }
  if (store) {
    wanted.run = settings_.run;
    wanted.archive = settings_.archive;
    HF_TRY_CONTEXT(WriteState(api, settings_.ns, wanted),
                   "storing the replica counts before scaling controllers down");
    state_ = std::move(wanted);
  }
  std::vector<Live> scaled;
  for (Live& live : to_scale) {
    if (stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped while scaling down");
    log_.Info("scaling down", {{"controller", live.controller.ToString()},
                               {"replicas", std::to_string(live.controller.replicas)}});
    Status status = Scale(api, live);
    if (!status) {
      if (status.error().kind() == ErrorKind::kCancelled) return status;
      report_.Note("controller " + live.controller.ToString() +
                   " could not be scaled down, it works on while its objects are restored: " +
                   status.error().ToString());
      // It stays in the state: the request may have arrived although its answer did not.
      continue;
    }
    scaled.push_back(std::move(live));
  }
  return WaitForPods(api, scaled, stop);
}

Status Quiesce::WaitForPods(Api& api, const std::vector<Live>& scaled, std::stop_token stop) {
  Deadline deadline = Deadline::After(clock_, settings_.pods_timeout);
  for (const Live& live : scaled) {
    if (live.pod_selector.empty()) continue;
    kube::ListRequest request;
    request.type = &PodType();
    request.ns = live.controller.ns;
    request.label_selector = live.pod_selector;
    request.limit = 100;
    request.metadata_only = true;
    for (;;) {
      // Pods without an owner are nobody's to end.
      std::string waiting_for;
      auto page = api.ListPage(request, [&](std::string_view pod) -> Status {
        auto owners = json::Find(pod, {"metadata", "ownerReferences"});
        if (owners && json::ArrayReader(*owners).Next()) {
          waiting_for = json::FindString(pod, {"metadata", "name"}).value_or("?");
        }
        return {};
      });
      if (!page) {
        if (page.error().kind() == ErrorKind::kCancelled) return Fail(std::move(page).error());
        report_.Note("pods of controller " + live.controller.ToString() +
                     " were not waited for: " + page.error().ToString());
        break;
      }
      if (waiting_for.empty()) break;
      if (deadline.Passed(clock_)) {
        report_.Note("pods of controller " + live.controller.ToString() + " had not ended after " +
                     std::to_string(settings_.pods_timeout.count()) + " s (pod " + waiting_for +
                     "); the restore went on");
        break;
      }
      if (!clock_.Sleep(kPodPoll, stop)) {
        return Fail(ErrorKind::kCancelled, "stopped while waiting for pods to end");
      }
    }
  }
  return {};
}

bool Quiesce::IsStored(const std::string& api_group, const std::string& resource,
                       const std::string& ns, const std::string& name) const {
  return HasController(state_.controllers, api_group, resource, ns, name);
}

bool Quiesce::IsDown(const std::string& api_group, const std::string& resource,
                     const std::string& ns, const std::string& name) const {
  return HasController(state_.controllers, api_group, resource, ns, name) ||
         HasController(held_, api_group, resource, ns, name);
}

void Quiesce::LeaveAlone(const std::function<bool(const ScaledController&)>& not_written) {
  std::erase_if(held_, not_written);
}

// What is noted in the report is done with; an error is worth another try.
Status Quiesce::ScaleUp(Api& api, const TypeOf& type_of, const ScaledController& controller) {
  const std::string not_scaled = "controller " + controller.ToString() + " was not scaled up: ";
  const kube::ResourceType* type = type_of(controller.api_version, controller.resource);
  if (type == nullptr) {
    report_.Note(not_scaled + "the server does not have its kind");
    return {};
  }
  Result<std::string> object = api.Get(*type, controller.ns, controller.name);
  if (object && ReplicasOf(*object).value_or(0) == 0) {
    log_.Info("scaling up", {{"controller", controller.ToString()},
                             {"replicas", std::to_string(controller.replicas)}});
    std::optional<Error> taken_over;
    object = PatchKeepingManagers(api, *type, controller.ns, controller.name,
                                  ReplicasPatch(controller.replicas, ""), *object, taken_over);
    NoteTakenOver(controller, taken_over);
    if (object) {
      report_.With([&](Report& report) {
        report.scaled.push_back(controller.ToString() + " to " +
                                std::to_string(controller.replicas));
      });
    }
  } else if (object && ReplicasOf(*object) != controller.replicas) {
    report_.Note("controller " + controller.ToString() + " was left at " +
                 std::to_string(*ReplicasOf(*object)) +
                 " replicas: somebody else has scaled it up meanwhile");
  }
  if (object) return {};
  if (object.error().kind() != ErrorKind::kNotFound) return Fail(std::move(object).error());
  report_.Note(not_scaled + "it is not in the cluster");
  return {};
}

Status Quiesce::Up(Api& api, const TypeOf& type_of, Record record) {
  if (!anything() && state_.resource_version.empty()) return {};
  std::optional<Error> first;
  for (std::vector<ScaledController>* list : {&state_.controllers, &held_}) {
    std::vector<ScaledController> left;
    for (const ScaledController& controller : *list) {
      Status up = ScaleUp(api, type_of, controller);
      if (up) continue;
      left.push_back(controller);
      if (!first) first = std::move(up).error();
    }
    list->swap(left);
  }
  if (!state_.resource_version.empty() && record == Record::kKeep) {
    Status kept = WriteState(api, settings_.ns, state_);
    if (!kept && !first) return kept;
  } else if (state_.controllers.empty() && !state_.resource_version.empty()) {
    Status removed = RemoveState(api, settings_.ns);
    if (removed) state_.resource_version.clear();
    if (!removed && !first) return removed;
  }
  if (!first) return {};
  return Fail(NotScaledUp(std::move(*first)));
}

Error Quiesce::NotScaledUp(Error cause) const {
  std::string names;
  for (const auto* list : {&state_.controllers, &held_}) {
    for (const ScaledController& controller : *list) {
      names += (names.empty() ? "" : ", ") + controller.ToString() + " (" +
               std::to_string(controller.replicas) + " replicas)";
    }
  }
  if (names.empty()) return std::move(cause).With("removing the record of this restore");
  return std::move(cause)
      .With("scaling up again " + names)
      .Hint(
          "their counts are stored in the cluster: run `holdfast restore --abort`, or "
          "the restore again");
}

}  // namespace holdfast::restore
