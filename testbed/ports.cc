#include "testbed/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <random>
#include <string>
#include <utility>

namespace holdfast::testbed {
namespace {

// Linux hands out 32768-60999 for outgoing connections (ip(7), ip_local_port_range).
constexpr int kFirstPort = 20000;
constexpr int kLastPort = 31999;
constexpr int kTries = 200;

// A listening name in the abstract socket namespace (unix(7)); -1 when somebody else holds it.
int ClaimName(int port) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string name = "holdfast-testbed-port-" + std::to_string(port);
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0) return fd;
  close(fd);
  return -1;
}

bool CanListen(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bool free =
      bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && listen(fd, 1) == 0;
  close(fd);
  return free;
}

}  // namespace

Result<PortReservation> PortReservation::Take() {
  std::random_device device;
  std::uniform_int_distribution<int> draw(kFirstPort, kLastPort);
  for (int i = 0; i < kTries; ++i) {
    int port = draw(device);
    int fd = ClaimName(port);
    if (fd < 0) continue;
    PortReservation taken(fd, static_cast<uint16_t>(port));
    if (CanListen(port)) return taken;
  }
  return Fail(Error(ErrorKind::kUnavailable, "no free port of 127.0.0.1 found between " +
                                                 std::to_string(kFirstPort) + " and " +
                                                 std::to_string(kLastPort))
                  .Hint("see with `ss -ltn` what listens there"));
}

PortReservation::PortReservation(PortReservation&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), port_(std::exchange(other.port_, uint16_t{0})) {}

PortReservation& PortReservation::operator=(PortReservation&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = std::exchange(other.fd_, -1);
    port_ = std::exchange(other.port_, uint16_t{0});
  }
  return *this;
}

PortReservation::~PortReservation() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace holdfast::testbed
