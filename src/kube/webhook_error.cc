#include "kube/webhook_error.h"

#include "base/json_scan.h"

namespace holdfast::kube {
namespace {

// Configurations are small and few; more than this is not read.
constexpr size_t kMostFound = 100;

std::string_view Cut(std::string_view text, std::string_view prefix) {
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  return text;
}

ResourceType Configurations(const char* plural, const char* kind) {
  return {{"admissionregistration.k8s.io", "v1"}, plural, kind, false, kVerbList, false};
}

std::string ServedBy(std::string_view webhook) {
  if (auto url = json::FindString(webhook, {"clientConfig", "url"})) return *url;
  std::string ns = json::FindString(webhook, {"clientConfig", "service", "namespace"}).value_or("");
  std::string name = json::FindString(webhook, {"clientConfig", "service", "name"}).value_or("");
  return "service " + ns + "/" + name;
}

std::string Lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

}  // namespace

std::string WebhookFailure::Describe() const {
  return kind == Kind::kAdmission ? "webhook \"" + name + "\"" : "conversion webhook for " + name;
}

// The texts are those of k8s.io/apiserver: ErrCallingWebhook of pkg/admission/plugin/webhook and
// webhookConverter of k8s.io/apiextensions-apiserver. What a webhook says itself comes after
// `admission webhook "x" denied the request: `, so only the beginning counts.
std::optional<WebhookFailure> FailedWebhook(const Error& error) {
  if (error.code() < 400) return std::nullopt;
  std::string_view text = Cut(error.message(), "Internal error occurred: ");
  constexpr std::string_view kAdmission = "failed calling webhook \"";
  if (text.starts_with(kAdmission)) {
    text.remove_prefix(kAdmission.size());
    size_t end = text.find('"');
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    return WebhookFailure{WebhookFailure::Kind::kAdmission, std::string(text.substr(0, end))};
  }
  size_t at = text.find("conversion webhook for ");
  // A list's error has the request before it, an object's has not; a denial has its webhook.
  if (at == std::string_view::npos || text.starts_with("admission webhook")) return std::nullopt;
  text.remove_prefix(at + std::string_view("conversion webhook for ").size());
  size_t kind = text.find("Kind=");
  if (kind == std::string_view::npos || kind > 600) return std::nullopt;
  size_t end = text.find_first_of(" :,", kind);
  return WebhookFailure{WebhookFailure::Kind::kConversion, std::string(text.substr(0, end))};
}

std::string ConfiguredWebhook::WaysOut() const {
  std::string object = Lower(kind) + " " + name;
  return "start what serves it (" + served_by + "), or delete its configuration (kubectl delete " +
         object + "), or have its failures ignored (kubectl patch " + object +
         " --type=json -p '[{\"op\":\"add\",\"path\":\"/webhooks/" + std::to_string(index) +
         "/failurePolicy\",\"value\":\"Ignore\"}]')";
}

Result<std::vector<ConfiguredWebhook>> FindWebhooks(const ListCall& list, const std::string& name) {
  std::vector<ConfiguredWebhook> found;
  for (const ResourceType& type :
       {Configurations("validatingwebhookconfigurations", "ValidatingWebhookConfiguration"),
        Configurations("mutatingwebhookconfigurations", "MutatingWebhookConfiguration")}) {
    ListRequest request;
    request.type = &type;
    auto end = list(request, [&](std::string_view object) -> Status {
      size_t index = 0;
      auto webhooks = json::Find(object, {"webhooks"}).value_or("");
      for (json::ArrayReader reader(webhooks); auto webhook = reader.Next(); ++index) {
        if (json::FindString(*webhook, {"name"}) != name || found.size() >= kMostFound) continue;
        found.push_back({type.kind, json::FindString(object, {"metadata", "name"}).value_or(""),
                         index, ServedBy(*webhook), std::string(*webhook)});
      }
      return {};
    });
    if (!end) return Fail(std::move(end).error());
  }
  return found;
}

Error ExplainWebhook(Error error, const ListCall& list) {
  auto failed = FailedWebhook(error);
  if (!failed || failed->kind != WebhookFailure::Kind::kAdmission) return error;
  auto found = FindWebhooks(list, failed->name);
  if (!found || found->empty()) return error;
  std::string hint;
  for (const ConfiguredWebhook& webhook : *found) {
    hint += (hint.empty() ? "" : "; ") + failed->Describe() + " of " + webhook.kind + " \"" +
            webhook.name + "\" does not answer: " + webhook.WaysOut();
  }
  return std::move(error).Hint(std::move(hint));
}

}  // namespace holdfast::kube
