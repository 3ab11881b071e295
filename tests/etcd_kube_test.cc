// An API server and the controllers that watch it live through a restore of etcd: with the default
// bump their caches get the restored state, without it they go on with what is no more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "testbed/control_plane.h"
#include "tests/etcd_rig.h"

namespace holdfast::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using testbed::Component;
using testbed::ControlPlane;
using ::testing::HasSubstr;

constexpr const char* kDeployment =
    R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":2,)"
    R"("selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},)"
    R"("spec":{"containers":[{"name":"c","image":"x"}]}}}})";
constexpr const char* kDeployments = "/apis/apps/v1/namespaces/default/deployments";

class EtcdUnderKubernetes : public ::testing::TestWithParam<bool> {
 protected:
  // Until `done()`; false after `limit`.
  template <typename Done>
  static bool Await(std::chrono::seconds limit, Done done) {
    auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(200));  // polls other processes
    }
    return true;
  }
  Json Get(const std::string& path) {
    auto answer = plane_->Request("GET", path);
    return answer ? Json::parse(answer->body, nullptr, false) : Json();
  }
  // What the API server's watch cache holds, as every informer first reads it.
  bool Cached(const std::string& name) {
    Json list = Get(std::string(kDeployments) + "?resourceVersion=0");
    if (!list.is_object() || !list.contains("items")) return false;
    for (const Json& item : list["items"])
      if (item["metadata"]["name"] == name) return true;
    return false;
  }
  // Replicas that the controller asked for: of the ReplicaSet that it made.
  int Scaled() {
    Json list = Get("/apis/apps/v1/namespaces/default/replicasets");
    if (!list.is_object() || !list.contains("items") || list["items"].empty()) return -1;
    return list["items"][0]["spec"].value("replicas", -1);
  }

  std::unique_ptr<ControlPlane> plane_;
};
INSTANTIATE_TEST_SUITE_P(Restored, EtcdUnderKubernetes, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "WithBump" : "WithoutBump"; });

TEST_P(EtcdUnderKubernetes, WatchersGetTheRestoredState) {
  testbed::ControlPlaneOptions options;
  options.controller_manager = true;
  auto started = ControlPlane::Start(std::move(options));
  ASSERT_TRUE(started) << started.error().ToString();
  plane_ = std::move(*started);
  ASSERT_EQ(plane_->Request("POST", kDeployments, kDeployment)->code, 201);
  ASSERT_TRUE(Await(std::chrono::seconds(60), [&] { return Scaled() == 2; }));
  fs::path dir = plane_->dir() / "snapshots";
  fs::create_directory(dir);
  Ran ran = Holdfast(
      fmt::format("etcd save {}/s.db --endpoints {}", dir.string(), plane_->etcd_endpoint()));
  ASSERT_EQ(ran.code, 0) << ran.out;

  // After the snapshot: the Deployment goes, another one comes, and much is written.
  ASSERT_EQ(plane_->Request("DELETE", std::string(kDeployments) + "/web")->code, 200);
  std::string late = kDeployment;
  late.replace(late.find("\"web\""), 5, "\"late\"");
  ASSERT_EQ(plane_->Request("POST", kDeployments, late)->code, 201);
  for (int i = 0; i < 2000; ++i)
    ASSERT_TRUE(plane_->etcd().Put("/other/filler", std::to_string(i)));
  ASSERT_TRUE(Await(std::chrono::seconds(30), [&] { return Cached("late") && !Cached("web"); }));

  ASSERT_TRUE(plane_->StopComponent(Component::kEtcd, SIGKILL));
  fs::remove_all(plane_->etcd_data_dir());
  ran = Holdfast(fmt::format("etcd restore {}/s.db --data-dir {} {}", dir.string(),
                             plane_->etcd_data_dir().string(),
                             GetParam() ? "" : "--bump-revision 0"));
  ASSERT_EQ(ran.code, 0) << ran.out;
  ASSERT_TRUE(plane_->StartComponent(Component::kEtcd));

  // The API server was never restarted, nor were the controllers.
  auto restored = [&] { return Cached("web") && !Cached("late"); };
  if (GetParam()) {
    ASSERT_TRUE(Await(std::chrono::seconds(90), restored));
    ASSERT_TRUE(Await(std::chrono::seconds(60), [&] {
      auto answer = plane_->Request("GET", std::string(kDeployments) + "/web");
      if (!answer || answer->code != 200) return false;
      Json web = Json::parse(answer->body, nullptr, false);
      web["spec"]["replicas"] = 5;
      auto put = plane_->Request("PUT", std::string(kDeployments) + "/web", web.dump());
      return put && put->code == 200;
    }));
    EXPECT_TRUE(Await(std::chrono::seconds(90), [&] { return Scaled() == 5; }))
        << "the controller does not see the Deployment";
  } else {
    EXPECT_FALSE(Await(std::chrono::seconds(10), restored))
        << "caches followed without a bump: why is it the default?";
  }
}

}  // namespace
}  // namespace holdfast::tests
