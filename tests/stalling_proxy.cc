#include "tests/stalling_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace holdfast::tests {
namespace {

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool SendAll(int to, const char* bytes, size_t size) {
  while (size > 0) {
    ssize_t sent = send(to, bytes, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

}  // namespace

StallingProxy::StallingProxy(uint16_t target_port, uint64_t answer_bytes)
    : target_port_(target_port),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      left_(answer_bytes) {
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, any, size) != 0 || listen(listener_, 64) != 0 ||
      getsockname(listener_, any, &size) != 0)
    throw std::runtime_error("the proxy cannot listen");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this](std::stop_token stop) { Accept(std::move(stop)); });
}

StallingProxy::~StallingProxy() {
  acceptor_.request_stop();
  shutdown(listener_, SHUT_RDWR);  // ends accept()
  acceptor_.join();
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
    for (int fd : sockets_) shutdown(fd, SHUT_RDWR);
    changed_.notify_all();
  }
  pumps_.clear();
  for (int fd : sockets_) close(fd);
  close(listener_);
}

void StallingProxy::AwaitStall() {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, std::chrono::minutes(1), [&] { return stalled_; }))
    throw std::runtime_error("so many bytes have not come");
}

void StallingProxy::Accept(std::stop_token stop) {
  while (!stop.stop_requested()) {
    int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    ++connections_;
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(target_port_);
    if (connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      shutdown(client, SHUT_RDWR);
    std::lock_guard lock(mutex_);
    sockets_.insert(sockets_.end(), {client, server});
    pumps_.emplace_back([=, this] { Pump(client, server, false); });
    pumps_.emplace_back([=, this] { Pump(server, client, true); });
  }
}

void StallingProxy::Pump(int from, int to, bool answers) {
  char buffer[16384];
  ssize_t got;
  while ((got = recv(from, buffer, sizeof buffer, 0)) > 0) {
    size_t pass = answers ? Take(static_cast<size_t>(got)) : static_cast<size_t>(got);
    if (!SendAll(to, buffer, pass)) break;
    if (pass == static_cast<size_t>(got)) continue;
    std::unique_lock lock(mutex_);
    stalled_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return closing_; });
  }
  shutdown(from, SHUT_RDWR);
  shutdown(to, SHUT_RDWR);
}

size_t StallingProxy::Take(size_t bytes) {
  std::lock_guard lock(mutex_);
  size_t pass = static_cast<size_t>(std::min<uint64_t>(left_, bytes));
  left_ -= pass;
  return pass;
}

}  // namespace holdfast::tests
