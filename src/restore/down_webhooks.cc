#include "restore/down_webhooks.h"

#include <algorithm>

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "resourceset/label_match.h"

namespace holdfast::restore {
namespace {

std::vector<std::string> Strings(std::optional<std::string_view> array) {
  std::vector<std::string> out;
  for (json::ArrayReader reader(array.value_or("")); auto value = reader.Next();)
    out.push_back(json::StringOf(*value));
  return out;
}

bool Has(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool HasOrAny(const std::vector<std::string>& list, std::string_view value) {
  return Has(list, "*") || Has(list, value);
}

// "pods", "pods/*", "*", "*/*"; with a subresource "pods/status", "*/status".
bool NamesResource(const std::vector<std::string>& list, const std::string& plural,
                   const std::string& subresource) {
  if (Has(list, "*/*")) return true;
  if (subresource.empty()) return HasOrAny(list, plural) || Has(list, plural + "/*");
  return Has(list, plural + "/*") || Has(list, plural + "/" + subresource) ||
         Has(list, "*/" + subresource);
}

// A metav1.LabelSelector; one that Kubernetes would refuse selects everything.
bool Selects(std::string_view selector, std::string_view labels) {
  resourceset::LabelSelector parsed;
  auto match_labels = json::Find(selector, {"matchLabels"}).value_or("");
  for (json::ObjectReader reader(match_labels); auto member = reader.Next();)
    parsed.match_labels[std::string(member->key)] = json::StringOf(member->value);
  auto expressions = json::Find(selector, {"matchExpressions"}).value_or("");
  for (json::ArrayReader reader(expressions); auto expression = reader.Next();)
    parsed.match_expressions.push_back({json::FindString(*expression, {"key"}).value_or(""),
                                        json::FindString(*expression, {"operator"}).value_or(""),
                                        Strings(json::Find(*expression, {"values"}))});
  return parsed.empty() || resourceset::CheckLabels(parsed) ||
         resourceset::LabelsMatch(parsed, labels);
}

bool SelectsAll(std::string_view selector) {
  return !json::ObjectReader(json::Find(selector, {"matchLabels"}).value_or("")).Next() &&
         !json::ArrayReader(json::Find(selector, {"matchExpressions"}).value_or("")).Next();
}

}  // namespace

void DownWebhooks::Failed(ObjectId id, const kube::WebhookFailure& webhook,
                          const std::string& text) {
  std::lock_guard lock(mutex_);
  State& state = webhooks_[webhook];
  ++state.failures;
  state.text = text;
  state.types.insert(index_.TypeOf(id));
  if (!state.down()) return;
  if (!state.looked_up) LookUp(webhook);
  any_down_ = true;
}

void DownWebhooks::LookUp(const kube::WebhookFailure& webhook) {
  State& state = webhooks_[webhook];
  state.looked_up = true;
  if (webhook.kind != kube::WebhookFailure::Kind::kAdmission) return;
  auto found = kube::FindWebhooks(
      [this](const kube::ListRequest& request, const kube::ObjectSink& sink) {
        return api_.ListPage(request, sink);
      },
      webhook.name);
  if (!found) return;
  for (kube::ConfiguredWebhook& each : *found) {
    Configured configured;
    configured.exact = json::FindString(each.text, {"matchPolicy"}) == "Exact";
    auto rules = json::Find(each.text, {"rules"}).value_or("");
    for (json::ArrayReader reader(rules); auto rule = reader.Next();)
      configured.rules.push_back(
          {Strings(json::Find(*rule, {"apiGroups"})), Strings(json::Find(*rule, {"apiVersions"})),
           Strings(json::Find(*rule, {"resources"})), Strings(json::Find(*rule, {"operations"})),
           json::FindString(*rule, {"scope"}).value_or("*")});
    configured.webhook = std::move(each);
    state.configured.push_back(std::move(configured));
  }
}

std::optional<kube::WebhookFailure> DownWebhooks::Holding(ObjectId id, ActionKind action) {
  if (!any_down_) return std::nullopt;
  std::lock_guard lock(mutex_);
  for (const auto& [webhook, state] : webhooks_)
    if (state.down() && Covers(state, id, action)) return webhook;
  return std::nullopt;
}

bool DownWebhooks::Covers(const State& state, ObjectId id, ActionKind action) {
  if (state.configured.empty()) return state.types.contains(index_.TypeOf(id));
  return std::any_of(state.configured.begin(), state.configured.end(),
                     [&](const Configured& one) { return Covers(one, id, action); });
}

bool DownWebhooks::Covers(const Configured& configured, ObjectId id, ActionKind action) {
  const kube::ResourceType& type = types_[index_.TypeOf(id)].type;
  std::string_view ns = index_.Namespace(id);
  std::string subresource = action == ActionKind::kUpdateStatus ? "status" : "";
  std::string operation = action == ActionKind::kCreate ? "CREATE" : "UPDATE";
  bool ruled = std::any_of(configured.rules.begin(), configured.rules.end(), [&](const Rule& rule) {
    if (rule.scope == "Cluster" && !ns.empty()) return false;
    if (rule.scope == "Namespaced" && ns.empty()) return false;
    // With matchPolicy Equivalent other versions of a resource are converted and sent, too.
    return HasOrAny(rule.groups, type.gv.group) &&
           (!configured.exact || HasOrAny(rule.versions, type.gv.version)) &&
           NamesResource(rule.resources, type.plural, subresource) &&
           HasOrAny(rule.operations, operation);
  });
  if (!ruled) return false;
  const std::string& text = configured.webhook.text;
  auto namespaces = json::Find(text, {"namespaceSelector"});
  if (namespaces && !SelectsAll(*namespaces) && !SelectsNamespace(*namespaces, id)) return false;
  auto objects = json::Find(text, {"objectSelector"});
  if (!objects || SelectsAll(*objects)) return true;
  auto body = index_.Body(id);
  return !body || Selects(*objects, json::Find(*body, {"metadata", "labels"}).value_or(""));
}

// Other cluster-scoped objects than Namespaces are not subject to the selector.
bool DownWebhooks::SelectsNamespace(std::string_view selector, ObjectId id) {
  std::string_view ns = index_.Namespace(id);
  if (ns.empty()) {
    if (index_.Type(id).special != Special::kNamespace) return true;
    auto body = index_.Body(id);
    if (!body) return true;
    // The API server labels it with its name before admission.
    std::string labels(json::Find(*body, {"metadata", "labels"}).value_or("{}"));
    return Selects(selector, json::SetKey(labels, "kubernetes.io/metadata.name",
                                          json::Quote(index_.Name(id))));
  }
  static const kube::ResourceType type{{"", "v1"}, "namespaces", "Namespace", false, 0, true};
  auto known = namespace_labels_.find(ns);
  if (known == namespace_labels_.end()) {
    auto object = api_.Get(type, "", ns);
    if (!object) return true;
    std::string labels(json::Find(*object, {"metadata", "labels"}).value_or("{}"));
    known = namespace_labels_.emplace(std::string(ns), std::move(labels)).first;
  }
  return Selects(selector, known->second);
}

std::vector<kube::WebhookFailure> DownWebhooks::Down() const {
  std::lock_guard lock(mutex_);
  std::vector<kube::WebhookFailure> down;
  for (const auto& [webhook, state] : webhooks_)
    if (state.down()) down.push_back(webhook);
  return down;
}

void DownWebhooks::Probe(const kube::WebhookFailure& webhook) {
  std::lock_guard lock(mutex_);
  webhooks_[webhook].failures = kEnough - 1;
}

std::vector<std::string> DownWebhooks::Notes() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> notes;
  for (const auto& [webhook, state] : webhooks_) {
    if (!state.down()) continue;
    std::string note = webhook.Describe();
    const std::string silent = " does not answer (" + state.text + "): ";
    if (state.configured.empty()) {
      notes.push_back(note + silent + "start what serves it, then restore again");
      continue;
    }
    for (const Configured& one : state.configured)
      notes.push_back(note + " of " + one.webhook.kind + " \"" + one.webhook.name + "\"" + silent +
                      one.webhook.WaysOut() +
                      "; then restore again: what is restored already is not written again");
  }
  return notes;
}

}  // namespace holdfast::restore
