// The program against a control plane that all tests of this class share, and a store of one test.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testbed/control_plane.h"
#include "tests/program.h"

namespace holdfast::tests {

using Words = std::vector<std::string>;

// A folder that goes when it does.
class Folder {
 public:
  Folder();
  ~Folder();
  std::filesystem::path path() const { return path_; }
  std::filesystem::path Write(const std::string& name, std::string_view text) const;
  // All names in it, hidden ones too, or of a folder below it that need not be there.
  Words Names(const std::string& below = {}) const;

 private:
  std::filesystem::path path_;
};

// An error that names what and where and the cure: exit code 1, nothing on standard output, the
// words on standard error, among them "hint: ".
void ExpectFailure(const Outcome& outcome, const Words& words);

// The control plane has namespaces "small", with ConfigMap and Secret "one", and "big", with
// ConfigMaps of kBigBytes in all that cannot be compressed to less than half.
class CliTest : public ::testing::Test {
 protected:
  static constexpr size_t kBigBytes = 6'000'000;

  static void SetUpTestSuite();
  static void TearDownTestSuite();
  static testbed::ControlPlane& plane() { return *plane_; }
  static uint16_t server_port();
  // POST as the administrator; throws unless it was done, or is there already.
  static void Create(const std::string& path, const std::string& body);
  // So many requests that change something have reached the API server from outside.
  static size_t Writes();
  // So many lists.
  static size_t Lists(const std::string& user);

  // Files of this test. The store is the folder "store" in it, not there before the first backup.
  const Folder& folder() const { return folder_; }
  std::string store() const { return folder_.path() / "store"; }
  Words StoreFiles() const { return folder_.Names("store"); }
  // A ResourceSet of the given kinds ("configmaps, secrets") of core in one namespace.
  std::string Set(const std::string& kinds, const std::string& ns) const;
  // The administrator's kubeconfig with another server.
  std::string KubeconfigWithServer(const std::string& url) const;
  // Arguments of a backup; the administrator's kubeconfig when none is given.
  Words BackupArgs(const std::string& set, const std::string& kubeconfig = {}) const;
  Outcome Backup(const std::string& set, const std::string& kubeconfig = {}) const {
    return Holdfast(BackupArgs(set, kubeconfig));
  }

 private:
  static inline testbed::ControlPlane* plane_ = nullptr;
  Folder folder_;
};

}  // namespace holdfast::tests
