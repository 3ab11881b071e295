// HTTP/1.1 on one address: for metrics, health and small pages. Requests are answered by a
// function.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/http_message.h"

namespace holdfast::net {

struct ServerRequest {
  std::string method;
  std::string path;                 // as it came, without the query
  std::string query;                // without the question mark
  std::vector<HttpHeader> headers;  // names in lower case
  std::string body;
};

struct ServerAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<HttpHeader> headers;
};

struct HttpServerOptions {
  std::string address = "0.0.0.0";  // or an IPv6 address; no names
  uint16_t port = 0;                // 0: any free one
  int threads = 1;
  size_t max_connections = 128;  // further ones are closed at once
  size_t max_head = 16 << 10;    // bytes; more is answered with 431
  size_t max_body = 1 << 20;     // bytes; more is answered with 413
  // For a whole request to come in, an answer to leave, and between requests.
  std::chrono::seconds timeout{30};
};

class HttpServer {
 public:
  // Called by the server's threads, which it holds up: it should answer from memory. May be called
  // by several at once. HEAD is given as GET, and the answer's body is not sent.
  using Handler = std::function<ServerAnswer(const ServerRequest&)>;

  // Listens from now on. kInvalid for an address that is none; kConflict when the port is taken;
  // kUnauthorized when it may not be had.
  static Result<std::unique_ptr<HttpServer>> Start(HttpServerOptions options, Handler handler);
  // Closes all connections and waits for calls of the handler to return.
  ~HttpServer();

  uint16_t port() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::net
