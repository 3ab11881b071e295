#include "observe/endpoint.h"

namespace holdfast::observe {

void Readiness::NotReady(const std::string& what, const std::string& why) {
  std::lock_guard lock(mutex_);
  reasons_[what] = why;
}

void Readiness::Ready(const std::string& what) {
  std::lock_guard lock(mutex_);
  reasons_.erase(what);
}

std::string Readiness::Reasons() const {
  std::lock_guard lock(mutex_);
  std::string text;
  for (const auto& [what, why] : reasons_) text += what + ": " + why + "\n";
  return text;
}

net::HttpServer::Handler Pages(const Readiness& readiness, const Registry* registry) {
  return [&readiness, registry](const net::ServerRequest& request) {
    net::ServerAnswer answer;
    if (request.method != "GET") {
      answer.status = 405;
      answer.headers.push_back({"Allow", "GET, HEAD"});
      answer.body = "only GET and HEAD\n";
    } else if (request.path == "/healthz") {
      answer.body = "ok\n";
    } else if (request.path == "/readyz") {
      std::string reasons = readiness.Reasons();
      answer.status = reasons.empty() ? 200 : 503;
      answer.body = reasons.empty() ? "ok\n" : reasons;
    } else if (request.path == "/metrics" && registry != nullptr) {
      answer.content_type = Registry::kContentType;
      answer.body = registry->Text();
    } else {
      answer.status = 404;
      answer.body = "404 page not found\n";
    }
    return answer;
  };
}

}  // namespace holdfast::observe
