#include "restore/going.h"

#include <chrono>
#include <utility>

#include "base/json_scan.h"
#include "restore/crds.h"
#include "restore/live.h"
#include "restore/live_object.h"
#include "restore/run_state.h"
#include "restore/session.h"

namespace holdfast::restore {
namespace {

constexpr std::chrono::milliseconds kGoingPoll{250};
constexpr size_t kMostNames = 10;

// What the conditions of a Namespace or CRD say of what is left in it.
std::string WhatHolds(std::string_view object) {
  std::string why;
  auto add = [&](const std::string& text) {
    if (text.empty()) return;
    why += (why.empty() ? "" : "; ") + text;
  };
  if (auto conditions = json::Find(object, {"status", "conditions"})) {
    for (json::ArrayReader reader(*conditions); auto condition = reader.Next();) {
      if (json::FindString(*condition, {"status"}) != "True") continue;
      std::string type = json::FindString(*condition, {"type"}).value_or("");
      if (type.starts_with("Namespace") || type == "Terminating")
        add(json::FindString(*condition, {"message"}).value_or(""));
    }
  }
  for (auto path : {std::pair{"metadata", "finalizers"}, std::pair{"spec", "finalizers"}}) {
    auto finalizers = json::Find(object, {path.first, path.second});
    if (finalizers && json::ArrayReader(*finalizers).Next())
      add("its " + std::string(path.first) + ".finalizers are " + std::string(*finalizers));
  }
  return why;
}

// Drops those that have gone; takes what the server says of the others.
Status LookAtGoing(const Session& session, const kube::ResourceType& type,
                   std::map<std::string, std::string>& going) {
  for (auto it = going.begin(); it != going.end();) {
    auto object = session.api.Get(type, "", it->first);
    if (!object && object.error().kind() == ErrorKind::kCancelled)
      return Fail(std::move(object).error());
    bool gone = !object ? object.error().kind() == ErrorKind::kNotFound
                        : !json::Find(*object, {"metadata", "deletionTimestamp"}).has_value();
    if (gone) {
      it = going.erase(it);
      continue;
    }
    it->second = object ? WhatHolds(*object) : object.error().ToString();
    ++it;
  }
  return {};
}

}  // namespace

std::string Going::Names() const {
  std::string text;
  size_t count = 0;
  auto add = [&](const std::string& name) {
    if (++count <= kMostNames) text += (text.empty() ? "" : ", ") + name;
  };
  for (const auto& [name, why] : namespaces) add("namespace " + name);
  for (const auto& [name, why] : crds) add("CustomResourceDefinition " + name);
  if (count > kMostNames) text += " and " + std::to_string(count - kMostNames) + " more";
  return text;
}

Result<Going> FindGoing(const Index& index, ObjectLister& lister,
                        const std::map<std::string, std::string>& crds) {
  Going going;
  for (std::string& name : index.Namespaces())
    if (index.FindAnyVersion("", "namespaces", "", name) == kNoId)
      going.absent_namespaces.insert(std::move(name));
  Status listed = lister.List(NamespaceType(), "", /*metadata_only=*/true,
                              [&](std::string_view object) -> Status {
                                LiveMetadata metadata = ReadLiveMetadata(object);
                                if (metadata.terminating)
                                  going.namespaces[metadata.name];
                                else
                                  going.absent_namespaces.erase(metadata.name);
                                return {};
                              });
  HF_TRY_CONTEXT(std::move(listed), "listing namespaces");
  for (auto it = going.namespaces.begin(); it != going.namespaces.end();) {
    ObjectId id = index.FindAnyVersion("", "namespaces", "", it->first);
    bool before = false;
    if (id != kNoId) {
      HF_ASSIGN(std::string body, index.Body(id));
      before = IsTerminating(Special::kNamespace, body);
    }
    it = before ? going.namespaces.erase(it) : std::next(it);
  }
  for (const auto& [name, why] : crds) {
    ObjectId id =
        index.FindAnyVersion("apiextensions.k8s.io", "customresourcedefinitions", "", name);
    if (id != kNoId) {
      HF_ASSIGN(std::string body, index.Body(id));
      if (IsTerminating(Special::kCrd, body)) continue;
    }
    going.crds.emplace(name, why);
  }
  return going;
}

bool Concerns(const Index& index, const Going& going) {
  for (const auto& [name, why] : going.namespaces) {
    if (index.HasObjectsIn(name) || index.FindAnyVersion("", "namespaces", "", name) != kNoId)
      return true;
  }
  for (const auto& [name, why] : going.crds) {
    size_t dot = name.find('.');
    if (dot == std::string::npos) continue;
    if (index.HasAnyVersion(name.substr(dot + 1), name.substr(0, dot))) return true;
    if (index.FindAnyVersion("apiextensions.k8s.io", "customresourcedefinitions", "", name) !=
        kNoId)
      return true;
  }
  return false;
}

Result<Going> WaitUntilGone(const Session& session, Going going) {
  session.progress.Phase("waiting for what is being deleted: " + going.Names());
  Deadline deadline = Deadline::After(session.clock, session.options.going_timeout);
  const size_t total = going.namespaces.size() + going.crds.size();
  for (;;) {
    HF_TRY(LookAtGoing(session, NamespaceType(), going.namespaces));
    HF_TRY(LookAtGoing(session, CrdType(), going.crds));
    session.progress.Done(total - going.namespaces.size() - going.crds.size(), total);
    if (going.empty() || deadline.Passed(session.clock)) return going;
    if (!session.clock.Sleep(kGoingPoll, session.stop))
      return Fail(ErrorKind::kCancelled, "stopped while waiting for " + going.Names() + " to go");
  }
}

}  // namespace holdfast::restore
