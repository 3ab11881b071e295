// A TCP proxy in front of an API server that stops in the middle of an answer, so that a test knows
// where its program stands.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <thread>

namespace holdfast::tests {

class StallingProxy {
 public:
  // Hands on what comes to 127.0.0.1:target_port and back. After so many bytes of answers, of all
  // connections together, no more come; the connections stay open.
  StallingProxy(uint16_t target_port, uint64_t answer_bytes);
  // Closes everything.
  ~StallingProxy();

  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }
  // Blocks until the answers have been stopped; throws after a minute without.
  void AwaitStall();
  uint64_t connections() const { return connections_; }

 private:
  void Accept(std::stop_token stop);
  void Pump(int from, int to, bool answers);
  // How many of `bytes` may pass.
  size_t Take(size_t bytes);

  uint16_t target_port_;
  uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<uint64_t> connections_{0};
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  uint64_t left_;
  bool stalled_ = false;
  bool closing_ = false;
  std::list<int> sockets_;
  std::list<std::jthread> pumps_;
  std::jthread acceptor_;
};

}  // namespace holdfast::tests
