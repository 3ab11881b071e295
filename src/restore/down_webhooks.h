// Webhooks that do not answer, learned as a whole while objects are written, so that not every
// object waits for a time-out of its own.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kube/webhook_error.h"
#include "restore/api.h"
#include "restore/index.h"
#include "restore/plan.h"
#include "restore/types.h"

namespace holdfast::restore {

// A webhook that has failed kEnough times is down. Which objects it would be called for is read
// from its configurations (rules, selectors of namespaces and objects); matchConditions count as
// fulfilled. Where they cannot be read, and for conversion webhooks, it is all objects of the types
// that it failed for. Any number of threads.
class DownWebhooks {
 public:
  static constexpr int kEnough = 2;

  // All outlive this.
  DownWebhooks(const Index& index, const Types& types, Api& api)
      : index_(index), types_(types), api_(api) {}

  // The webhook failed for the object. `text`: the server's answer. May block, for reading the
  // webhook's configurations.
  void Failed(ObjectId id, const kube::WebhookFailure& webhook, const std::string& text);

  // A webhook that is down and would be called for writing the object. May block, for reading the
  // labels of the object's namespace.
  std::optional<kube::WebhookFailure> Holding(ObjectId id, ActionKind action);

  // Those that are down.
  std::vector<kube::WebhookFailure> Down() const;
  // Takes it for one that answers again; one failure more, and it is down as before.
  void Probe(const kube::WebhookFailure& webhook);

  // For each webhook that is down one sentence, with its configurations and what the reader can do.
  std::vector<std::string> Notes() const;

 private:
  struct Rule {
    std::vector<std::string> groups, versions, resources, operations;
    std::string scope;
  };
  struct Configured {
    kube::ConfiguredWebhook webhook;
    std::vector<Rule> rules;
    bool exact = false;  // matchPolicy: Exact
  };
  struct State {
    int failures = 0;
    std::string text;
    std::set<TypeId> types;  // that it failed for
    bool looked_up = false;
    std::vector<Configured> configured;
    bool down() const { return failures >= kEnough; }
  };

  void LookUp(const kube::WebhookFailure& webhook);
  bool Covers(const State& state, ObjectId id, ActionKind action);
  bool Covers(const Configured& configured, ObjectId id, ActionKind action);
  bool SelectsNamespace(std::string_view selector, ObjectId id);

  const Index& index_;
  const Types& types_;
  Api& api_;
  std::atomic<bool> any_down_{false};
  mutable std::mutex mutex_;  // of what follows
  std::map<kube::WebhookFailure, State> webhooks_;
  std::map<std::string, std::string, std::less<>> namespace_labels_;
};

}  // namespace holdfast::restore
