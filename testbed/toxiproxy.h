// A proxy that plays faults between a client and a server on loopback: latency, resets, cut bodies,
// stalls, refused connections (github.com/Shopify/toxiproxy).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "testbed/service.h"

namespace holdfast::testbed {

class Toxiproxy {
 public:
  // `tools`: where `toxiproxy` is; empty: FindTools().
  static Result<std::unique_ptr<Toxiproxy>> Start(std::filesystem::path tools = {});

  // A way to 127.0.0.1:`upstream`; the port that leads there. Names are unique.
  Result<uint16_t> AddProxy(const std::string& name, uint16_t upstream);
  // One fault: `type` is latency, bandwidth, reset_peer, timeout, limit_data, slow_close or slicer;
  // `stream` is upstream (what the client sends) or downstream (what the server answers);
  // `attributes` its JSON object; `toxicity` the share of the connections that it hits.
  Status AddToxic(const std::string& proxy, const std::string& type, const std::string& stream,
                  const std::string& attributes, double toxicity = 1.0);
  // Takes all faults of all proxies away, and makes them reachable again.
  Status Reset();
  // A proxy that is not enabled refuses connections, and those that it had are cut.
  Status SetEnabled(const std::string& proxy, bool enabled);

 private:
  Toxiproxy() = default;
  Result<std::string> Post(const std::string& path, const std::string& body);
  std::unique_ptr<Service> service_;
};

}  // namespace holdfast::testbed
