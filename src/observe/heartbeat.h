// Telling a monitoring service that a job began, went well or failed (OneUptime, healthchecks.io
// and others): a request to a secret URL.
#pragma once

#include <string>

#include "base/result.h"
#include "base/retry.h"
#include "net/http_client.h"

namespace holdfast::observe {

struct Heartbeat {
  std::string url;  // http or https; a secret: it never shows in errors
  std::string method = "POST";
  std::string body;  // JSON; not sent with GET
};

// Any 2xx answer is a success. Retried by `policy` (5xx, 429 and passing trouble), each try of 10 s
// at most. Errors name the host alone. Blocks.
Status SendHeartbeat(net::HttpClient& client, const Heartbeat& heartbeat, const RetryPolicy& policy,
                     const Waits& waits);

}  // namespace holdfast::observe
