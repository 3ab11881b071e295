// Private to kube.
#pragma once

#include "kube/client.h"
#include "kube/transport.h"

namespace holdfast::kube {

struct Client::Impl {
  Impl(ClientConfig::Data data, ClientOptions options, const Logger& log, Clock& clock)
      : transport(std::move(data), std::move(options), log, clock) {}
  Transport transport;
};

// The longest object or answer that is taken.
inline constexpr size_t kMaxObject = 64 << 20;

// `in namespace "x"`, or nothing.
inline std::string InNamespace(std::string_view ns) {
  return ns.empty() ? "" : " in namespace \"" + std::string(ns) + "\"";
}

}  // namespace holdfast::kube
