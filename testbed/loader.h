// Creates the objects of an ObjectSet in a cluster, through the project's own client.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "kube/client.h"
#include "testbed/objects.h"

namespace holdfast::testbed {

struct LoadOptions {
  size_t workers = 32;
  // Called now and then from the worker threads, one at a time: objects created so far, and all.
  std::function<void(size_t done, size_t total)> progress;
  std::stop_token stop;
};

struct LoadReport {
  size_t created = 0;
  size_t existed = 0;  // were there already; left as they were but for their status
  size_t status_writes = 0;
  uint64_t bytes = 0;  // JSON sent
  std::chrono::nanoseconds took{0};

  double PerSecond() const {
    return static_cast<double>(created + existed) / std::chrono::duration<double>(took).count();
  }
};

// Phase by phase; in a phase in no order. The first failure ends it and is returned with the
// object's name. Running it again goes on where it ended. Blocks.
Result<LoadReport> Load(kube::Client& client, const ObjectSet& set,
                        const LoadOptions& options = {});

// Blocks until the API server serves the collection, which it does some time after the CRD was
// made; kUnavailable after 60 s.
Status WaitUntilServed(kube::Client& client, const kube::ResourceType& type,
                       std::stop_token stop = {});

// Creates the object; one that exists already is read instead. Then writes `status` (JSON) to its
// status subresource where it is not empty. Returns the object as it is then.
struct CreatedObject {
  std::string json;
  bool existed = false;
};
Result<CreatedObject> CreateWithStatus(kube::Client& client, const ObjectKey& key,
                                       const std::string& json, const std::string& status,
                                       std::stop_token stop = {});

}  // namespace holdfast::testbed
