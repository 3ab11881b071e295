#include "observe/heartbeat.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace holdfast::observe {
namespace {

constexpr std::chrono::seconds kTry{10};

// "https://host:port": the rest of the URL is as good as a password, and so is what stands before
// @.
std::string Origin(const std::string& url) {
  size_t host = url.find("://");
  if (host == std::string::npos) return "a URL without a scheme";
  host += 3;
  size_t end = std::min(url.find_first_of("/?#", host), url.size());
  size_t at = url.rfind('@', end);
  size_t begin = at != std::string::npos && at >= host ? at + 1 : host;
  return url.substr(0, host) + url.substr(begin, end - begin);
}

Status Once(net::HttpClient& client, const Heartbeat& heartbeat, const Waits& waits) {
  net::HttpRequest request;
  request.method = heartbeat.method;
  request.url = heartbeat.url;
  if (heartbeat.method != "GET") {
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = heartbeat.body;
  }
  request.deadline = Deadline::After(*waits.clock, kTry).Min(waits.deadline);
  request.stop = waits.stop;
  net::HttpResponse response;
  std::string where = "sending a heartbeat to " + Origin(heartbeat.url);
  Status sent = client.Send(request, response);
  if (!sent) {
    // The message may name the whole URL; the kind is what helps.
    ErrorKind kind = sent.error().kind();
    if (kind == ErrorKind::kCancelled && !waits.stop.stop_requested())
      kind = ErrorKind::kUnavailable;
    return Fail(kind, where + ": no answer (" + std::string(ErrorKindName(kind)) + ")");
  }
  if (response.status >= 200 && response.status < 300) return {};
  bool passing = response.status >= 500 || response.status == 429 || response.status == 408;
  return Fail(Error(passing ? ErrorKind::kUnavailable : ErrorKind::kInvalid,
                    where + ": answered with status " + std::to_string(response.status))
                  .Code(response.status)
                  .Hint("check the URL in the Secret"));
}

}  // namespace

Status SendHeartbeat(net::HttpClient& client, const Heartbeat& heartbeat, const RetryPolicy& policy,
                     const Waits& waits) {
  return Retry(policy, waits, [&] { return Once(client, heartbeat, waits); });
}

}  // namespace holdfast::observe
