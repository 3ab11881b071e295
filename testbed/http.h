// One HTTP request, for waiting until a component is ready and for looking at a control plane from
// outside. On libcurl alone, so that tests of the project's own client are judged by something
// else.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace holdfast::testbed {

struct HttpCall {
  std::string method = "GET";
  std::string url;
  std::string body;
  std::string content_type = "application/json";
  std::string bearer_token;         // empty: none is sent
  std::filesystem::path ca_file;    // empty: the system's
  std::filesystem::path cert_file;  // empty: no client certificate
  std::filesystem::path key_file;
  bool insecure = false;  // any serving certificate will do
  std::chrono::milliseconds timeout{30'000};
};

struct HttpAnswer {
  int code = 0;
  std::string body;
};

// Any answer is a success, whatever its code; kUnavailable when there was none. Proxies named by
// the environment are not used. Blocks up to the timeout.
Result<HttpAnswer> Http(const HttpCall& call);

}  // namespace holdfast::testbed
