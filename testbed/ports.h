// Free TCP ports on loopback for programs that are about to be started.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace holdfast::testbed {

// One port of 127.0.0.1 that nobody listened on, kept from every other PortReservation on this
// machine (in any process) for as long as this object lives. Held by a socket, so that a crashed
// owner keeps nothing. Movable, not copyable.
class PortReservation {
 public:
  // Ports lie below the range that the kernel takes for outgoing connections, so that a port stays
  // free while its program is restarted. A stranger may still take it: whoever starts a program on
  // it must be ready to try another. kUnavailable when no free port was found.
  static Result<PortReservation> Take();

  PortReservation() = default;
  PortReservation(PortReservation&& other) noexcept;
  PortReservation& operator=(PortReservation&& other) noexcept;
  ~PortReservation();

  uint16_t port() const { return port_; }

 private:
  PortReservation(int fd, uint16_t port) : fd_(fd), port_(port) {}

  int fd_ = -1;
  uint16_t port_ = 0;
};

}  // namespace holdfast::testbed
