// Kubernetes' Status objects as errors. Private to kube.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::kube {

// The request that failed, so that the error can name the missing right.
struct RequestFacts {
  std::string_view method;  // GET
  std::string_view path;    // below the server's URL, with query
  std::string_view who;     // `user "admin" in /root/.kube/config`; may be empty
};

// An answer that is not 2xx. `body` is a Status or anything else (cut to 200 printable characters).
// `retry_after`: the header's value, or nullptr. Kinds as kube/client.h says.
Error StatusError(int http_status, std::string_view body, const std::string* retry_after,
                  const RequestFacts& request);

// A Status object that came within an answer (ERROR events of a watch, lists broken off): its code
// counts. kUnavailable when it is none or has no code.
Error EmbeddedStatusError(std::string_view status, const RequestFacts& request);

// The RBAC rule that allows the request: `verb "list" on resource "secrets" in API group "" ...`.
std::string NeededRight(const RequestFacts& request);

}  // namespace holdfast::kube
