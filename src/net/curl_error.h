// libcurl's failures as errors that help. Private to net.
#pragma once

#include <string>
#include <string_view>

#include <curl/curl.h>

#include "base/result.h"
#include "net/http_client.h"

namespace holdfast::net {

struct CurlFailure {
  CURLcode code;
  long os_errno;          // 0 when there is none
  std::string_view text;  // libcurl's own words; may be empty
  std::string_view peer;  // "https://10.0.0.1:6443"
  const HttpResponse* response;
  std::chrono::milliseconds connect_timeout;
};

Error CurlError(const CurlFailure& failure, const TlsOptions& tls);

}  // namespace holdfast::net
