// For tests: an HTTP/1.1 server on a free loopback port whose handler decides every byte that goes
// back, so that faults can be played. One thread a connection.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <openssl/ssl.h>

namespace holdfast::net {

struct TestRequest {
  std::string method;
  std::string target;                          // path and query
  std::map<std::string, std::string> headers;  // lower-case names
  std::string body;
  int connection = 0;  // number of the connection, from 1
  int number = 0;      // number of the request, from 1
};

class TestReply {
 public:
  TestReply(int fd, SSL* ssl, std::stop_token stop) : fd_(fd), ssl_(ssl), stop_(std::move(stop)) {}

  // A whole answer with Content-Length.
  void Respond(int status, std::string_view body, std::string_view extra_headers = "") {
    Raw("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" +
        std::string(extra_headers) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
        std::string(body));
  }
  void StartChunked(int status = 200) {
    Raw("HTTP/1.1 " + std::to_string(status) + " X\r\nTransfer-Encoding: chunked\r\n\r\n");
  }
  void Chunk(std::string_view piece) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    Raw(size + std::string(piece) + "\r\n");
  }
  void EndChunks() { Raw("0\r\n\r\n"); }
  // Exactly these bytes. False when the client is gone.
  bool Raw(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t n = ssl_ ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                       : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return closed_ = true, false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  // Ends the connection after this answer, by RST when `reset`.
  void Close(bool reset = false) {
    if (reset) {
      linger hard{1, 0};
      setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
    closed_ = true;
  }
  // Blocks until the client hangs up (or the server is destroyed).
  void WaitForHangUp() {
    pollfd poll_fd{fd_, POLLIN | POLLRDHUP, 0};
    while (!stop_.stop_requested() && poll(&poll_fd, 1, 20) == 0) {
    }
    closed_ = true;
  }
  bool closed() const { return closed_; }

 private:
  int fd_;
  SSL* ssl_;
  std::stop_token stop_;
  bool closed_ = false;
};

class TestServer {
 public:
  using Handler = std::function<void(const TestRequest&, TestReply&)>;

  // `tls`: not owned; must outlive the server.
  explicit TestServer(Handler handler, SSL_CTX* tls = nullptr)
      : handler_(std::move(handler)), tls_(tls) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        listen(listener_, 128) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      std::abort();
    port_ = ntohs(address.sin_port);
    acceptor_ = std::jthread([this](std::stop_token stop) { Accept(stop); });
  }
  ~TestServer() {
    acceptor_.request_stop();
    acceptor_.join();
    close(listener_);
    for (std::jthread& thread : threads_) thread.request_stop();
    threads_.clear();
  }
  TestServer(const TestServer&) = delete;

  int port() const { return port_; }
  std::string url() const {
    return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_);
  }
  int connections() const { return connections_; }
  int requests() const { return requests_; }

 private:
  void Accept(std::stop_token stop) {
    while (!stop.stop_requested()) {
      pollfd poll_fd{listener_, POLLIN, 0};
      if (poll(&poll_fd, 1, 20) <= 0) continue;
      int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      int one = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      threads_.emplace_back(
          [this, fd, n = ++connections_](std::stop_token s) { Serve(fd, n, std::move(s)); });
    }
  }

  void Serve(int fd, int connection, std::stop_token stop) {
    SSL* ssl = nullptr;
    if (tls_) {
      ssl = SSL_new(tls_);
      SSL_set_fd(ssl, fd);
    }
    if (!ssl || SSL_accept(ssl) == 1) {
      std::string in;
      while (!stop.stop_requested()) {
        std::optional<TestRequest> request = Read(fd, ssl, in, stop);
        if (!request) break;
        request->connection = connection;
        request->number = ++requests_;
        TestReply reply(fd, ssl, stop);
        handler_(*request, reply);
        if (reply.closed()) break;
      }
    }
    if (ssl) {
      SSL_shutdown(ssl);
      SSL_free(ssl);
    }
    close(fd);
  }

  // Appends what comes to `in`; false at the end of the connection.
  static bool More(int fd, SSL* ssl, std::string& in, const std::stop_token& stop) {
    if (!ssl || SSL_pending(ssl) == 0) {
      pollfd poll_fd{fd, POLLIN, 0};
      while (poll(&poll_fd, 1, 20) == 0)
        if (stop.stop_requested()) return false;
    }
    char buffer[16384];
    ssize_t n = ssl ? SSL_read(ssl, buffer, sizeof buffer) : recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    in.append(buffer, static_cast<size_t>(n));
    return true;
  }

  static std::optional<TestRequest> Read(int fd, SSL* ssl, std::string& in,
                                         const std::stop_token& stop) {
    size_t end;
    while ((end = in.find("\r\n\r\n")) == std::string::npos) {
      if (!More(fd, ssl, in, stop)) return std::nullopt;
      if (in[0] == '\x16' && !ssl) {  // a TLS handshake; answered as Go's server does
        TestReply(fd, ssl, stop).Raw("HTTP/1.0 400 Bad Request\r\n\r\n");
        return std::nullopt;
      }
    }
    TestRequest request;
    std::string head = in.substr(0, end + 2);
    in.erase(0, end + 4);
    size_t line_end = head.find("\r\n");
    size_t space = head.find(' ');
    size_t space2 = head.find(' ', space + 1);
    request.method = head.substr(0, space);
    request.target = head.substr(space + 1, space2 - space - 1);
    for (size_t at = line_end + 2; at < head.size();) {
      size_t stop_at = head.find("\r\n", at);
      size_t colon = head.find(':', at);
      std::string name = head.substr(at, colon - at);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      size_t value = head.find_first_not_of(' ', colon + 1);
      request.headers[name] = head.substr(value, stop_at - value);
      at = stop_at + 2;
    }
    size_t length = 0;
    if (auto it = request.headers.find("content-length"); it != request.headers.end())
      length = std::strtoul(it->second.c_str(), nullptr, 10);
    while (in.size() < length)
      if (!More(fd, ssl, in, stop)) return std::nullopt;
    request.body = in.substr(0, length);
    in.erase(0, length);
    return request;
  }

  Handler handler_;
  SSL_CTX* tls_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<int> requests_{0};
  std::list<std::jthread> threads_;  // touched by the acceptor, and after it has ended
  std::jthread acceptor_;
};

}  // namespace holdfast::net
