// HTTP/1.1 over kept connections. Send() blocks; any number of threads may call it at once.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "net/http_message.h"

namespace holdfast::net {

struct TlsOptions {
  std::string ca_pem;        // certificates to trust, and no others; empty: the system's
  std::string extra_ca_pem;  // certificates to trust beside those
  std::string
      ca_origin;  // where they were given, for errors: `certificate-authority of cluster "a"`
  std::string cert_pem;   // client certificate with its chain; empty: none
  SecretBytes key_pem;    // its key; never written to disk
  bool insecure = false;  // the server's certificate is not looked at
  std::string
      server_name;  // name sent (SNI) and verified instead of the URL's host; empty: the host
};

struct HttpClientOptions {
  TlsOptions tls;
  // http://, https://, socks5://; empty: as HTTPS_PROXY, HTTP_PROXY and NO_PROXY say. Loopback
  // addresses are never reached through the environment's proxy.
  std::string proxy_url;
  bool no_proxy = false;  // nothing goes by a proxy, whatever the environment says
  std::string user_agent;
  std::chrono::milliseconds connect_timeout{10'000};  // name, connection and TLS handshake together
  size_t max_connections = 64;                        // further calls of Send() wait for one
};

class HttpClient {
 public:
  // Sends nothing yet. `clock` must outlive the client.
  explicit HttpClient(HttpClientOptions options, Clock& clock = Clock::Real());
  ~HttpClient();

  // One exchange. Any status the server answers with is a success here. `response` is filled as far
  // as the answer came, also on failure: status 0 says that nothing was answered.
  //
  // A kept connection that the server had closed meanwhile is replaced by a new one by itself.
  // No redirect is followed, nothing is decompressed.
  //   kUnavailable  no such name, refused, reset, cut off, stalled, connect timeout
  //   kInvalid      the server's certificate cannot be verified, or the URL, a certificate or a key
  //                 makes no sense
  //   kUnauthorized the server refuses our client certificate in the TLS handshake
  //   kCancelled    stop or deadline; noticed within 100 ms
  //   an error of request.on_body or request.upload.read_at as it is
  Status Send(const HttpRequest& request, HttpResponse& response);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::net
