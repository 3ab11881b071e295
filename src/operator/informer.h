// A cluster-scoped kind kept in memory by list and watch, with news of what changes.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "kube/client.h"
#include "observe/endpoint.h"

namespace holdfast::op {

class Informer {
 public:
  // `changed` is called for each object that came, changed (by `fingerprint`) or went, and for each
  // one at every resync; by the thread of Run(). What is given must outlive the informer.
  Informer(kube::Client& client, const kube::ResourceType& type, std::chrono::seconds resync,
           std::function<std::string(std::string_view json)> fingerprint,
           std::function<void(const std::string& name)> changed, observe::Readiness& readiness,
           const Logger& log, Clock& clock);

  // Blocks until `stop`. Whatever fails is tried again: a CRD that is missing may come.
  void Run(std::stop_token stop);

  // The objects' texts as they were last seen, by name.
  std::vector<std::string> Objects() const;
  bool synced() const;

 private:
  Result<std::string> ListAll(std::stop_token stop);
  Status WatchFrom(std::string& revision, Deadline resync, std::stop_token stop);
  void Seen(std::string_view object, bool gone);

  kube::Client& client_;
  const kube::ResourceType& type_;
  const std::chrono::seconds resync_;
  const std::function<std::string(std::string_view)> fingerprint_;
  const std::function<void(const std::string&)> changed_;
  observe::Readiness& readiness_;
  const Logger& log_;
  Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> objects_;
  bool synced_ = false;
  uint64_t events_ = 0;  // of all watches; the thread of Run()'s
};

}  // namespace holdfast::op
