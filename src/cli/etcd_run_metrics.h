// What `holdfast etcd run` tells Prometheus.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "etcd/recurring.h"
#include "observe/metrics.h"

namespace holdfast::cli {

class EtcdRunMetrics {
 public:
  // `free_bytes` is asked at each scrape. The registry outlives this and the function.
  EtcdRunMetrics(observe::Registry& registry, std::function<std::optional<uint64_t>()> free_bytes);
  void Note(const etcd::Round& round);

 private:
  observe::Family &rounds_, &last_success_, &last_failure_, &failures_, &duration_, &size_,
      &stored_, &revision_, &keys_, &kept_, &deleted_, &prune_errors_, &free_;
};

}  // namespace holdfast::cli
