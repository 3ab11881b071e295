// For tests: a client of a TestServer.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "kube/client.h"
#include "kube/config_data.h"
#include "net/test_server.h"

namespace holdfast::kube {

inline const Logger& QuietLog() {
  static const Logger log = Logger::Quiet();
  return log;
}

inline ClientConfig ConfigFor(const std::string& url) {
  ClientConfig config;
  config.data().server = url;
  config.data().auth.origin = "user \"tester\" in a test";
  return config;
}

// Retries without noticeable waits; breaks stalled answers after a second.
inline ClientOptions FastOptions() {
  ClientOptions options;
  options.retry.max_attempts = 3;
  options.retry.first_wait = std::chrono::milliseconds(1);
  options.retry.max_wait = std::chrono::milliseconds(2);
  options.stall_timeout = std::chrono::seconds(1);
  return options;
}

inline std::unique_ptr<Client> ClientFor(const std::string& url,
                                         ClientOptions options = FastOptions()) {
  return std::move(Client::Create(ConfigFor(url), std::move(options), QuietLog()).value());
}

inline ResourceType Secrets() {
  return {{"", "v1"}, "secrets", "Secret", true, kVerbGet | kVerbList, false};
}

inline std::string StatusBody(int code, const std::string& reason, const std::string& message) {
  return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":")" +
         message + R"(","reason":")" + reason + R"(","code":)" + std::to_string(code) + "}";
}

}  // namespace holdfast::kube
