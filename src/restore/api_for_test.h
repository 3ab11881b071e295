// A cluster in memory that takes writes and misbehaves on demand, and a clock that does not wait.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "restore/api.h"
#include "restore/archive_for_test.h"

namespace holdfast::restore {

// Time passes only in Sleep(), at once.
class SleepyClock : public Clock {
 public:
  Wall Now() const override { return Wall{} + passed(); }
  Steady SteadyNow() const override { return Steady{} + std::chrono::hours(1) + passed(); }
  bool Sleep(std::chrono::nanoseconds time, std::stop_token stop) override {
    std::function<void()> then;
    {
      std::lock_guard lock(mutex_);
      passed_ += time;
      then = on_sleep;
    }
    if (then) then();
    return !stop.stop_requested();
  }
  std::chrono::nanoseconds passed() const {
    std::lock_guard lock(mutex_);
    return passed_;
  }
  std::function<void()> on_sleep;

 private:
  mutable std::mutex mutex_;
  std::chrono::nanoseconds passed_{0};
};

// Semantics of the API server as far as restore leans on them: versions, uids, finalizers, status.
class FakeApi : public Api {
 public:
  explicit FakeApi(FakeCluster& cluster) : cluster_(cluster) {}

  // Called before every request with "VERB path" (GET POST DRY-POST PUT STATUS PATCH DELETE
  // LIST); an error
  // is the answer. May change the cluster.
  std::function<std::optional<Error>(const std::string& request, std::string_view body)> before;
  std::vector<std::string> requests;  // in order
  std::vector<std::string> writes() const {
    std::vector<std::string> out;
    for (const std::string& request : requests) {
      if (!request.starts_with("GET") && !request.starts_with("LIST") &&
          !request.starts_with("DRY-"))
        out.push_back(request);
    }
    return out;
  }

  Result<std::string> Get(const kube::ResourceType& type, std::string_view ns,
                          std::string_view name) override {
    return Ask("GET", type, ns, name, "", [&](const std::string& path) -> Result<std::string> {
      auto it = cluster_.objects.find(path);
      if (it == cluster_.objects.end()) return NotFound();
      return it->second.text;
    });
  }
  Result<std::string> Create(const kube::ResourceType& type, std::string_view ns,
                             std::string_view object,
                             const kube::WriteOptions& options = {}) override {
    std::string name = json::FindString(object, {"metadata", "name"}).value_or("");
    return Ask(
        options.dry_run ? "DRY-POST" : "POST", type, ns, name, object,
        [&](const std::string& path) -> Result<std::string> {
          if (cluster_.objects.count(path) != 0) {
            return Fail(
                Error(ErrorKind::kConflict, "already exists").Code(409).Reason("AlreadyExists"));
          }
          if (options.dry_run) return std::string(object);
          std::string text(object);
          if (type.has_status) text = json::RemoveKeys(text, {"status"});
          cluster_.Put(path, std::move(text));
          return cluster_.objects[path].text;
        });
  }
  Result<std::string> Update(const kube::ResourceType& type, std::string_view ns,
                             std::string_view name, std::string_view object,
                             const kube::WriteOptions& = {}) override {
    return Ask("PUT", type, ns, name, object, [&](const std::string& path) {
      return Replace(path, std::string(object), [&](std::string text, const std::string& old) {
        if (!type.has_status) return text;
        auto status = json::Find(old, {"status"});
        return status ? json::SetKey(text, "status", *status) : json::RemoveKeys(text, {"status"});
      });
    });
  }
  Result<std::string> UpdateStatus(const kube::ResourceType& type, std::string_view ns,
                                   std::string_view name, std::string_view object,
                                   const kube::WriteOptions& = {}) override {
    return Ask("STATUS", type, ns, name, object, [&](const std::string& path) {
      return Replace(
          path, std::string(object), [](const std::string& text, const std::string& old) {
            return json::SetKey(old, "status", json::Find(text, {"status"}).value_or("null"));
          });
    });
  }
  Result<std::string> MergePatch(const kube::ResourceType& type, std::string_view ns,
                                 std::string_view name, std::string_view patch,
                                 const kube::WriteOptions& = {}) override {
    return Ask("PATCH", type, ns, name, patch, [&](const std::string& path) -> Result<std::string> {
      auto it = cluster_.objects.find(path);
      if (it == cluster_.objects.end()) return NotFound();
      auto object = nlohmann::json::parse(it->second.text);
      std::string version = object["metadata"]["resourceVersion"];
      object.merge_patch(nlohmann::json::parse(patch));
      if (object["metadata"]["resourceVersion"] != version) return Conflict();
      return Store(path, object.dump());
    });
  }
  Status Delete(const kube::ResourceType& type, std::string_view ns, std::string_view name,
                const kube::DeleteOptions& options) override {
    auto done =
        Ask("DELETE", type, ns, name, "", [&](const std::string& path) -> Result<std::string> {
          auto it = cluster_.objects.find(path);
          if (it == cluster_.objects.end()) return NotFound();
          if (!options.uid.empty() &&
              json::FindString(it->second.text, {"metadata", "uid"}) != options.uid) {
            return Conflict();
          }
          return Store(path, json::SetPath(it->second.text, {"metadata", "deletionTimestamp"},
                                           "\"2026-01-01T00:00:00Z\""));
        });
    if (!done) return Fail(std::move(done).error());
    return {};
  }
  Result<kube::ListEnd> ListPage(const kube::ListRequest& request,
                                 const kube::ObjectSink& sink) override {
    std::vector<std::string> texts;
    auto asked = Ask("LIST", *request.type, request.ns, request.label_selector, "",
                     [&](const std::string&) -> Result<std::string> {
                       for (const auto& [path, stored] : cluster_.objects) {
                         if (stored.type.plural == request.type->plural)
                           texts.push_back(stored.text);
                       }
                       return std::string();
                     });
    if (!asked) return Fail(std::move(asked).error());
    for (const std::string& text : texts) HF_TRY(sink(text));
    return kube::ListEnd{};
  }

 private:
  static tl::unexpected<Error> NotFound() {
    return Fail(Error(ErrorKind::kNotFound, "not found").Code(404).Reason("NotFound"));
  }
  static tl::unexpected<Error> Conflict() {
    return Fail(
        Error(ErrorKind::kConflict, "the object has been modified").Code(409).Reason("Conflict"));
  }

  template <typename Answer>
  Result<std::string> Ask(const std::string& verb, const kube::ResourceType& type,
                          std::string_view ns, std::string_view name, std::string_view body,
                          Answer answer) {
    archive::EntryName entry{type.plural, type.gv.group, type.gv.version, std::string(ns),
                             std::string(name)};
    std::lock_guard lock(mutex_);
    requests.push_back(verb + " " + entry.ToPath());
    if (before) {
      if (auto error = before(requests.back(), body)) return Fail(std::move(*error));
    }
    return answer(entry.ToPath());
  }

  template <typename Merge>
  Result<std::string> Replace(const std::string& path, std::string text, Merge merge) {
    auto it = cluster_.objects.find(path);
    if (it == cluster_.objects.end()) return NotFound();
    std::string version = json::FindString(text, {"metadata", "resourceVersion"}).value_or("");
    std::string old = it->second.text;
    if (version != json::FindString(old, {"metadata", "resourceVersion"})) return Conflict();
    text = json::SetPath(text, {"metadata", "uid"}, *json::Find(old, {"metadata", "uid"}));
    return Store(path, merge(std::move(text), old));
  }

  // A deleted object goes with its last finalizer.
  Result<std::string> Store(const std::string& path, std::string text) {
    auto finalizers = json::Find(text, {"metadata", "finalizers"});
    bool held = finalizers && json::ArrayReader(*finalizers).Next().has_value();
    cluster_.Put(path, text);
    text = cluster_.objects[path].text;
    if (json::Find(text, {"metadata", "deletionTimestamp"}) && !held) cluster_.objects.erase(path);
    return text;
  }

  FakeCluster& cluster_;
  std::mutex mutex_;
};

}  // namespace holdfast::restore
