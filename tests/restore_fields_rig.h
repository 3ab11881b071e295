// One control plane with its controllers for all tests of a suite, and restores of archives that a
// test makes from texts of objects.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "restore/archive_for_test.h"
#include "storage/local_store.h"
#include "tests/restore_rig.h"

namespace holdfast::tests {

class RestoreFieldsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    testbed::ControlPlaneOptions options;
    options.controller_manager = true;
    // The controller of volumes looks at everything that often.
    options.controller_manager_args = {"--pvclaimbinder-sync-period=1s"};
    rig_ = std::make_unique<RestoreRig>(std::move(options));
  }
  static void TearDownTestSuite() { rig_.reset(); }

  void SetUp() override {
    static int number = 0;
    ns = "fields-" + std::to_string(++number);
    Create("v1", "namespaces", "", R"({"metadata":{"name":")" + ns + "\"}}");
    dir_ = std::filesystem::temp_directory_path() / ("holdfast-fields-" + std::to_string(getpid()));
    std::filesystem::create_directory(dir_);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  static RestoreRig& rig() { return *rig_; }

  static kube::ResourceType Type(const std::string& api_version, const std::string& plural,
                                 bool namespaced) {
    kube::ResourceType type;
    type.gv = Must(kube::GroupVersion::Parse(api_version));
    type.plural = plural;
    type.namespaced = namespaced;
    return type;
  }
  // The created object as the server answers it.
  std::string Create(const std::string& api_version, const std::string& plural,
                     const std::string& in, const std::string& text) {
    return Must(rig().client().Create(Type(api_version, plural, !in.empty()), in, text));
  }
  std::string Get(const std::string& api_version, const std::string& plural, const std::string& in,
                  const std::string& name) {
    return rig().Get(api_version, plural, in, name);
  }
  std::string Patch(const std::string& api_version, const std::string& plural,
                    const std::string& in, const std::string& name, const std::string& patch) {
    return Must(rig().client().Patch(Type(api_version, plural, !in.empty()), in, name,
                                     kube::PatchType::kMerge, patch));
  }
  // Deletes it, without its finalizers, and waits until it has gone.
  void Delete(const std::string& api_version, const std::string& plural, const std::string& in,
              const std::string& name) {
    kube::ResourceType type = Type(api_version, plural, !in.empty());
    (void)rig().client().Delete(type, in, name);
    (void)rig().client().Patch(type, in, name, kube::PatchType::kMerge,
                               R"({"metadata":{"finalizers":null}})");
    ASSERT_TRUE(Within(20, [&] { return !rig().Exists(api_version, plural, in, name); })) << name;
  }
  static bool Within(int seconds, const std::function<bool()>& is) {
    for (int i = 0; i < seconds * 20; ++i) {
      if (is()) return true;
      Clock::Real().Sleep(std::chrono::milliseconds(50), {});
    }
    return false;
  }
  static std::string Str(const std::string& object, std::initializer_list<std::string_view> path) {
    return json::FindString(object, path).value_or("");
  }
  static std::string Raw(const std::string& object, std::initializer_list<std::string_view> path) {
    return std::string(json::Find(object, path).value_or(""));
  }

  // `filters`: the ResourceSet in the archive.
  restore::Report Restore(const restore::Entries& entries, restore::Options options = {},
                          const std::string& filters = "") {
    std::ofstream(dir_ / "a.tar.gz", std::ios::binary) << restore::MakeArchive(entries, filters);
    storage::LocalStore store(dir_);
    auto keys = crypto::Transformers::None();
    restore::Progress progress;
    return Must(restore::Run(rig().client(), store, "a.tar.gz", keys, options, progress, QuietLog(),
                             Clock::Real(), {}));
  }
  // What a second run would do: nothing, whatever the server has filled in.
  void ExpectNothingMore(const restore::Entries& entries) {
    restore::Options options;
    options.plan_only = true;
    restore::Report plan = Restore(entries, options);
    EXPECT_TRUE(plan.nothing_to_do) << restore::ToText(plan);
  }

  std::string ns;

 private:
  static inline std::unique_ptr<RestoreRig> rig_;
  std::filesystem::path dir_;
};

}  // namespace holdfast::tests
