#include "kube/status_error.h"

#include <charconv>
#include <vector>

#include <nlohmann/json.hpp>

namespace holdfast::kube {
namespace {

constexpr size_t kMaxQuoted = 200;
constexpr size_t kMaxMessage = 4000;
constexpr std::chrono::seconds kLongestRetryAfter{3600};

ErrorKind KindOf(int status, const std::string& reason) {
  if (reason == "Expired" || reason == "Gone") return ErrorKind::kExpired;
  switch (status) {
    case 401:
    case 403: return ErrorKind::kUnauthorized;
    case 404: return ErrorKind::kNotFound;
    case 409: return ErrorKind::kConflict;
    case 410: return ErrorKind::kExpired;
    case 408:
    case 429: return ErrorKind::kUnavailable;
    default: break;
  }
  if (status >= 500) return ErrorKind::kUnavailable;
  return status >= 400 ? ErrorKind::kInvalid : ErrorKind::kInternal;
}

struct ParsedStatus {
  bool is_status = false;
  std::string message, reason;
  int code = 0;
};

ParsedStatus Parse(std::string_view body) {
  ParsedStatus parsed;
  nlohmann::json root = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return parsed;
  auto text = [&](const char* key) {
    auto it = root.find(key);
    return it != root.end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  parsed.is_status = text("kind") == "Status";
  if (!parsed.is_status) return parsed;
  parsed.message = text("message");
  if (parsed.message.size() > kMaxMessage) parsed.message.resize(kMaxMessage);
  parsed.reason = text("reason");
  auto code = root.find("code");
  if (code != root.end() && code->is_number_integer()) {
    auto number = code->get<int64_t>();
    if (number >= 100 && number <= 999) parsed.code = static_cast<int>(number);
  }
  return parsed;
}

std::string Printable(std::string_view text) {
  std::string out;
  for (char c : text.substr(0, kMaxQuoted)) {
    bool plain = c >= ' ' && c < 0x7f;
    if (plain || out.empty() || out.back() != ' ') out += plain ? c : ' ';
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

bool Has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string Hint(int status, const ParsedStatus& parsed, const RequestFacts& request) {
  switch (status) {
    case 401: {
      std::string hint = "the API server does not know the credential";
      if (!request.who.empty()) hint += " of " + std::string(request.who);
      return hint +
             ": the token or client certificate has expired or belongs to another cluster; "
             "renew it";
    }
    case 403:
      // Admission plugins, quotas and webhooks say 403 as well; a right would not help there.
      if (Has(parsed.message, "is attempting to grant"))
        return "a role cannot be written by a user who lacks the rights in it: grant those rights, "
               "or "
               "the verbs \"escalate\" and \"bind\" on roles and clusterroles";
      if (Has(parsed.message, "\"system:anonymous\""))
        return "the request carried no credential: give " +
               (request.who.empty() ? std::string("the user") : std::string(request.who)) +
               " a token or a client certificate";
      if (!parsed.is_status || Has(parsed.message, " cannot "))
        return "grant " + NeededRight(request);
      return "";
    case 404:
      if (!parsed.is_status) return "is the server's address that of a Kubernetes API server?";
      return "";
    case 429: return "the API server is overloaded, or limits this user (flow control)";
    default: break;
  }
  if (status >= 300 && status < 400)
    return "the server's address answers with a redirect; give the address it leads to";
  return "";
}

std::vector<std::string_view> Split(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) parts.push_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return parts;
}

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string VerbOf(const RequestFacts& request, bool named) {
  if (request.method == "POST") return "create";
  if (request.method == "PUT") return "update";
  if (request.method == "PATCH") return "patch";
  if (request.method == "DELETE") return named ? "delete" : "deletecollection";
  if (Has(request.path, "?watch=") || Has(request.path, "&watch=")) return "watch";
  return named ? "get" : "list";
}

}  // namespace

std::string NeededRight(const RequestFacts& request) {
  std::string_view path = request.path.substr(0, request.path.find('?'));
  std::vector<std::string_view> parts = Split(path);
  size_t at = 0;
  std::string_view group;
  if (parts.size() > 2 && parts[0] == "api") {
    at = 2;
  } else if (parts.size() > 3 && parts[0] == "apis") {
    group = parts[1];
    at = 3;
  } else {
    return "verb \"get\" on the URL " + Quoted(path) + " (ClusterRole rule: {nonResourceURLs: [" +
           Quoted(path) + "], verbs: [\"get\"]})";
  }
  std::string_view ns;
  // /namespaces/NAME/RESOURCE, but not /namespaces/NAME and its two subresources.
  if (parts[at] == "namespaces" && parts.size() > at + 2 &&
      !(parts.size() == at + 3 && (parts[at + 2] == "status" || parts[at + 2] == "finalize"))) {
    ns = parts[at + 1];
    at += 2;
  }
  std::string resource(parts[at]);
  bool named = parts.size() > at + 1;
  if (parts.size() > at + 2) resource += "/" + std::string(parts[at + 2]);
  std::string verb = VerbOf(request, named);
  std::string right = "verb " + Quoted(verb) + " on resource " + Quoted(resource) +
                      " in API group " + Quoted(group);
  right += ns.empty() ? " (ClusterRole rule: " : " in namespace " + Quoted(ns) + " (Role rule: ";
  return right + "{apiGroups: [" + Quoted(group) + "], resources: [" + Quoted(resource) +
         "], verbs: [" + Quoted(verb) + "]})";
}

Error StatusError(int http_status, std::string_view body, const std::string* retry_after,
                  const RequestFacts& request) {
  ParsedStatus parsed = Parse(body);
  std::string message = parsed.message;
  if (message.empty()) {
    message = "the server answered " + std::to_string(http_status);
    std::string quoted = parsed.is_status ? parsed.reason : Printable(body);
    if (!quoted.empty()) message += ": " + quoted;
  }
  Error error = Error(KindOf(http_status, parsed.reason), std::move(message))
                    .Code(http_status)
                    .Reason(parsed.reason);
  if (retry_after != nullptr) {
    int64_t seconds = -1;
    std::from_chars(retry_after->data(), retry_after->data() + retry_after->size(), seconds);
    if (seconds >= 0 && seconds <= kLongestRetryAfter.count())
      error = std::move(error).RetryAfter(std::chrono::seconds(seconds));
  }
  std::string hint = Hint(http_status, parsed, request);
  if (!hint.empty()) error = std::move(error).Hint(std::move(hint));
  return error;
}

Error EmbeddedStatusError(std::string_view status, const RequestFacts& request) {
  ParsedStatus parsed = Parse(status);
  if (parsed.code == 0) {
    std::string message = "the server ended its answer with an error";
    if (!parsed.message.empty()) message += ": " + parsed.message;
    return Error(ErrorKind::kUnavailable, std::move(message)).Reason(parsed.reason);
  }
  return StatusError(parsed.code, status, nullptr, request);
}

}  // namespace holdfast::kube
