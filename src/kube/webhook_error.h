// Webhooks that do not answer: recognised in the API server's errors, found in its configurations.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "kube/client.h"

namespace holdfast::kube {

struct WebhookFailure {
  enum class Kind {
    kAdmission,   // name: that of the webhook, "pods.x.io"
    kConversion,  // name: of what could not be converted, "x.io/v1, Kind=Plant"
  } kind = Kind::kAdmission;
  std::string name;

  // `webhook "pods.x.io"`, `conversion webhook for x.io/v1, Kind=Plant`.
  std::string Describe() const;
  auto operator<=>(const WebhookFailure&) const = default;
};

// The webhook that the API server could not call, or whose answer it could not use, by its error. A
// webhook that denied the request has answered: none.
std::optional<WebhookFailure> FailedWebhook(const Error& error);

// A webhook of a ValidatingWebhookConfiguration or MutatingWebhookConfiguration.
struct ConfiguredWebhook {
  std::string kind;       // "ValidatingWebhookConfiguration"
  std::string name;       // of the configuration
  size_t index = 0;       // in its `webhooks`
  std::string served_by;  // "service ns/name", "https://host:port/path"
  std::string text;       // JSON of the element of `webhooks`

  // The ways out for the reader: start what serves it, delete the configuration, or have failures
  // of the webhook ignored; with the commands.
  std::string WaysOut() const;
};

// One LIST request, as Client::ListPage.
using ListCall = std::function<Result<ListEnd>(const ListRequest&, const ObjectSink&)>;

// Admission webhooks of that name; several configurations may have one. Blocks.
Result<std::vector<ConfiguredWebhook>> FindWebhooks(const ListCall& list, const std::string& name);

// The error with the configurations of the admission webhook that it names and the ways out as its
// hint; any other error as it is, also when the configurations cannot be read. Blocks.
Error ExplainWebhook(Error error, const ListCall& list);

}  // namespace holdfast::kube
