#include "kube/transport.h"

#include "base/json_text.h"
#include "kube/text_file.h"
#include "kube/warning_header.h"

namespace holdfast::kube {
namespace {

constexpr size_t kMaxErrorBody = 64 * 1024;

// The cluster as an exec plugin is told of it.
std::string ClusterInfo(const ClientConfig::Data& data) {
  std::string info = "{\"server\":" + json::Quote(data.server);
  if (!data.tls.server_name.empty())
    info += ",\"tls-server-name\":" + json::Quote(data.tls.server_name);
  if (data.tls.insecure) info += ",\"insecure-skip-tls-verify\":true";
  if (!data.tls.ca_pem.empty())
    info += ",\"certificate-authority-data\":\"" + EncodeBase64(data.tls.ca_pem) + "\"";
  if (!data.proxy_url.empty()) info += ",\"proxy-url\":" + json::Quote(data.proxy_url);
  return info + "}";
}

ClientOptions WithDefaults(ClientOptions options) {
  if (options.user_agent.empty()) options.user_agent = "holdfast/" HOLDFAST_VERSION;
  return options;
}

bool IsWatch(const RawRequest& request) {
  return request.path.find("?watch=") != std::string::npos;
}

}  // namespace

Transport::Transport(ClientConfig::Data data, ClientOptions options, const Logger& log,
                     Clock& clock)
    : server_(data.server),
      options_(WithDefaults(std::move(options))),
      log_(log),
      clock_(clock),
      tls_(std::move(data.tls)),
      proxy_url_(data.proxy_url),
      credentials_(std::move(data.auth), ClusterInfo(data), log, clock) {}

std::shared_ptr<net::HttpClient> Transport::HttpFor(const Credential& credential) {
  std::lock_guard lock(mutex_);
  if (http_ && identity_ == credential.identity) return http_;
  net::HttpClientOptions options;
  options.tls.ca_pem = tls_.ca_pem;
  options.tls.ca_origin = tls_.ca_origin;
  options.tls.insecure = tls_.insecure;
  options.tls.server_name = tls_.server_name;
  if (tls_.cert_pem.empty() && credential.identity) {
    options.tls.cert_pem = credential.identity->cert_pem;
    options.tls.key_pem = credential.identity->key_pem.Clone();
  } else {
    options.tls.cert_pem = tls_.cert_pem;
    options.tls.key_pem = tls_.key_pem.Clone();
  }
  options.proxy_url = proxy_url_;
  options.user_agent = options_.user_agent;
  options.max_connections = options_.max_connections;
  http_ = std::make_shared<net::HttpClient>(std::move(options), clock_);
  identity_ = credential.identity;
  return http_;
}

Status Transport::Attempt(const RawRequest& raw, const PieceSink& on_ok, const Call& call,
                          const Credential& credential, Outcome& outcome) {
  net::HttpRequest request;
  request.method = raw.method;
  request.url = server_ + raw.path;
  request.body = raw.body;
  request.deadline = call.deadline;
  request.stop = call.stop;
  request.stall_timeout = IsWatch(raw) ? kWatchStall : options_.stall_timeout;
  request.headers = credentials_.impersonate();
  request.headers.push_back({"Accept", raw.accept.empty() ? "application/json" : raw.accept});
  if (!raw.body.empty())
    request.headers.push_back(
        {"Content-Type", raw.content_type.empty() ? "application/json" : raw.content_type});
  if (credential.authorization)
    request.headers.push_back({"Authorization", std::string(credential.authorization->view())});
  outcome = {};
  std::string error_body;
  request.on_body = [&](const net::HttpResponse& head, std::string_view piece) -> Status {
    bytes_ += piece.size();
    if (head.status < 200 || head.status > 299) {
      error_body += piece.substr(0, kMaxErrorBody - std::min(kMaxErrorBody, error_body.size()));
      return {};
    }
    Status status = on_ok(piece);
    outcome.sink_failed = !status;
    return status;
  };
  ++requests_;
  bool stores_nothing = raw.method == "GET" || raw.path.find("dryRun=All") != std::string::npos;
  if (!stores_nothing) ++writes_;
  net::HttpResponse response;
  Status status = HttpFor(credential)->Send(request, response);
  if (credential.authorization) Wipe(request.headers.back().value);
  outcome.status = response.status;
  outcome.bytes = response.body_bytes;
  bool refused = response.status != 0 && (response.status < 200 || response.status > 299);
  if (refused && (status || status.error().kind() != ErrorKind::kCancelled))
    return Fail(
        StatusError(response.status, error_body, response.Header("retry-after"), Facts(raw)));
  if (status && raw.warnings != nullptr) {
    for (const net::HttpHeader& header : response.headers) {
      if (header.name == "warning") ReadWarnings(header.value, *raw.warnings);
    }
  }
  return status;
}

Status Transport::Once(const RawRequest& request, const PieceSink& on_ok, const Call& call,
                       Outcome& outcome) {
  for (bool again = false;; again = true) {
    HF_ASSIGN(Credential credential, credentials_.Current(call));
    Status status = Attempt(request, on_ok, call, credential, outcome);
    // 401, or our client certificate was refused in the TLS handshake.
    bool unknown = !status && !outcome.sink_failed &&
                   status.error().kind() == ErrorKind::kUnauthorized &&
                   (outcome.status == 401 || outcome.status == 0);
    if (!unknown || again || !credentials_.Refused(credential.generation)) return status;
  }
}

bool Transport::WaitToRepeat(int attempt, const RawRequest& request, const Error& error,
                             const Outcome& outcome, const Call& call) {
  if (outcome.sink_failed || !IsRetryable(error)) return false;
  bool harmless = request.method == "GET" || outcome.status == 0 || outcome.status == 429 ||
                  (outcome.status == 503 && error.retry_after());
  if (!harmless) return false;
  Waits waits{&clock_, call.deadline, call.stop};
  if (!WaitBeforeRetry(options_.retry, attempt, error, waits)) return false;
  ++retries_;
  if (log_.Enabled(LogLevel::kDebug))
    log_.Debug("request is sent again", {{"method", request.method},
                                         {"path", request.path.substr(0, request.path.find('?'))},
                                         {"attempt", std::to_string(attempt + 1)},
                                         {"error", error.ToString()}});
  return true;
}

Status Transport::Repeat(const RawRequest& request, const std::function<void()>& reset,
                         const PieceSink& on_ok, const Call& call) {
  for (int attempt = 1;; ++attempt) {
    reset();
    Outcome outcome;
    Status status = Once(request, on_ok, call, outcome);
    if (status || !WaitToRepeat(attempt, request, status.error(), outcome, call)) return status;
  }
}

ClientCounters Transport::counters() const {
  ClientCounters counters;
  counters.requests = requests_;
  counters.writes = writes_;
  counters.retries = retries_;
  counters.bytes_received = bytes_;
  return counters;
}

}  // namespace holdfast::kube
