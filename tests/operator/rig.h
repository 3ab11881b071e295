// The real `holdfast operator` against a real control plane with the chart's CRDs.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "kube/client.h"
#include "testbed/control_plane.h"
#include "tests/plane_client.h"
#include "tests/program.h"

namespace holdfast::tests {

using Json = nlohmann::json;
using Names = std::vector<std::string>;

inline constexpr char kNs[] = "cattle-resources-system";
inline constexpr std::chrono::seconds kPatience{60};

// A folder that goes when it does.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// "NAME" to value; what is set wins over the rig's own.
using Settings = std::map<std::string, std::string>;

// A running operator.
class Operator {
 public:
  // `kubeconfig` empty: in-cluster, as `settings` say.
  Operator(const std::filesystem::path& kubeconfig, const Settings& settings, Names arguments = {});

  pid_t pid() const { return program_->pid(); }
  // Standard error so far.
  std::string Log() const;
  // Where it serves /metrics and /readyz; waits until it does.
  uint16_t port();
  testbed::HttpAnswer Page(const std::string& path);
  // Waits until it leads.
  void AwaitLeading();
  void Kill();
  // By SIGTERM; it must end with exit code 0 within the pod's grace period.
  Outcome Terminate();
  Outcome Wait(std::chrono::seconds limit) { return program_->Wait(limit); }
  bool running() const;

 private:
  std::unique_ptr<Program> program_;
};

// Whether `done` came true within `limit`.
bool Eventually(const std::function<bool()>& done, std::chrono::seconds limit = kPatience);

// One control plane for all tests of a class; every test has a store and an operator of its own,
// and leaves no Backup and no Restore behind. Namespace "app" has ConfigMaps "a" and "b" and Secret
// "password"; ResourceSet "app" selects ConfigMaps (but Kubernetes' own) and Secrets in it.
class OperatorTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  static testbed::ControlPlane& plane() { return *plane_; }
  static kube::Client& client() { return *client_; }
  static void StartPlane();
  static void InstallCrds();
  static void WaitForCrds();
  static void MakeAppNamespace();

  void TearDown() override;

  // What a Deployment of the chart with a volume says; changed by `settings`.
  Settings Environment(const Settings& settings = {}) const;
  Operator& Start(const Settings& settings = {});
  Operator& StartAs(const std::filesystem::path& kubeconfig, const Settings& settings = {});
  Operator& op() { return *operator_; }
  void StopOperator() { operator_.reset(); }

  // YAML or JSON; throws unless it is stored.
  static void Create(const std::string& path, const std::string& body);
  // The refusal's message; "" when it was stored.
  static std::string Refusal(const std::string& path, const std::string& body);
  static void Patch(const std::string& path, const std::string& merge_patch);
  static void Delete(const std::string& path);
  // null when there is none.
  static Json Get(const std::string& path);

  static Json Items(const std::string& path);

  static constexpr char kBackups[] = "/apis/resources.cattle.io/v1/backups";
  static constexpr char kRestores[] = "/apis/resources.cattle.io/v1/restores";
  static constexpr char kSets[] = "/apis/resources.cattle.io/v1/resourcesets";

  // `spec` is YAML in braces, `{resourceSetName: app}`.
  static void CreateBackup(const std::string& name, const std::string& spec);
  static void CreateRestore(const std::string& name, const std::string& spec);
  // Waits; adds a failure, and returns what there is, when it does not come true.
  Json AwaitBackup(const std::string& name, const std::function<bool(const Json&)>& done,
                   std::chrono::seconds limit = kPatience);
  Json AwaitRestore(const std::string& name, const std::function<bool(const Json&)>& done,
                    std::chrono::seconds limit = kPatience);
  // Until Ready's message is this one.
  Json AwaitBackup(const std::string& name, const std::string& message);
  Json AwaitRestore(const std::string& name, const std::string& message);
  // Reasons of the Events about an object.
  static Names EventReasons(const std::string& name);
  // Secret of the operator's namespace with an encryption configuration.
  static void MakeKeys(const std::string& name);

  std::filesystem::path store() const { return folder_.path() / "store"; }
  // Files in the store, sorted.
  Names Archives() const;
  const TempFolder& folder() const { return folder_; }

 private:
  Json Await(const std::string& path, const std::function<bool(const Json&)>& done,
             std::chrono::seconds limit);

  static inline testbed::ControlPlane* plane_ = nullptr;
  static inline kube::Client* client_ = nullptr;
  TempFolder folder_;
  std::unique_ptr<Operator> operator_;
};

// Of an object's status: the condition, null when there is none.
Json ConditionOf(const Json& object, const std::string& type);
// "Ready=True Completed; Uploaded=True": type, status, reason in brackets, message, in order.
std::string ConditionsText(const Json& object);
// A member by its path, "status/phase"; "" when there is none.
std::string TextAt(const Json& object, const std::string& path);
Json At(const Json& object, const std::string& path);

}  // namespace holdfast::tests
