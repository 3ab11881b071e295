// A control plane with the operator's CRDs, and restores of the fixture archives into it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "crypto/transformer.h"
#include "kube/client.h"
#include "kube/discovery.h"
#include "restore/engine.h"
#include "testbed/control_plane.h"
#include "tests/plane_client.h"

namespace holdfast::tests {

// Calls back when a phase begins.
class AtPhase : public restore::Progress {
 public:
  AtPhase(std::string phase, std::function<void()> then)
      : phase_(std::move(phase)), then_(std::move(then)) {}
  void Phase(std::string_view what) override {
    if (what == phase_) then_();
  }

 private:
  std::string phase_;
  std::function<void()> then_;
};

class RestoreRig {
 public:
  explicit RestoreRig(testbed::ControlPlaneOptions options = {});

  testbed::ControlPlane& plane() { return *plane_; }
  kube::Client& client() { return *client_; }
  const kube::Discovery Discover() { return Must(kube::Discovery::Fetch(*client_)); }

  Result<restore::Report> Restore(const std::string& archive, const crypto::Transformers& keys,
                                  const restore::Options& options, std::stop_token stop = {});
  Result<restore::Report> RestorePlain(const restore::Options& options = {});

  // Runs drift.jsonl of the fixtures.
  void Drift();
  bool Exists(const std::string& api_version, const std::string& plural, const std::string& ns,
              const std::string& name);
  // Text of the object; throws when it is not there.
  std::string Get(const std::string& api_version, const std::string& plural, const std::string& ns,
                  const std::string& name);
  // spec.replicas of a deployment.
  std::string Replicas(const std::string& ns, const std::string& name);

 private:
  std::unique_ptr<testbed::ControlPlane> plane_;
  std::unique_ptr<kube::Client> client_;
};

// The file in archives/ whose name starts so.
std::string FixtureArchive(const std::string& prefix);

}  // namespace holdfast::tests
