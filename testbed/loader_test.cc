#include "testbed/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>

#include "base/json_canonical.h"
#include "base/json_scan.h"
#include "base/log.h"
#include "testbed/control_plane.h"
#include "testbed/jsonl.h"
#include "testbed/kubeconfig.h"

namespace holdfast::testbed {
namespace {

class LoaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto plane = ControlPlane::Start();
    ASSERT_TRUE(plane) << plane.error().ToString();
    plane_ = std::move(*plane);
    auto config = kube::ClientConfig::Load({.kubeconfig = plane_->kubeconfig(), .context = ""});
    ASSERT_TRUE(config) << config.error().ToString();
    auto client = kube::Client::Create(std::move(*config), {}, log_);
    ASSERT_TRUE(client) << client.error().ToString();
    client_ = std::move(*client);
  }
  std::string Get(const ObjectKey& key) {
    auto object = client_->Get(*key.type, key.ns, key.name);
    EXPECT_TRUE(object) << key.ToString() << ": " << object.error().ToString();
    return object.value_or("{}");
  }
  std::filesystem::path Write(const std::string& name, const std::string& text) {
    auto path = plane_->dir() / name;
    EXPECT_TRUE(WriteFile(path, text));
    return path;
  }

  Logger log_ = Logger::Quiet();
  std::unique_ptr<ControlPlane> plane_;
  std::unique_ptr<kube::Client> client_;
};

// What the server must have kept of a member that it does not own.
void ExpectSame(const std::string& live, const Object& object, std::string_view key) {
  auto wanted = json::Find(object.json, {key});
  if (!wanted) return;
  auto found = json::Find(live, {key});
  ASSERT_TRUE(found) << object.key.ToString() << " has lost " << key;
  EXPECT_TRUE(json::Equal(*wanted, *found)) << object.key.ToString() << " " << key;
}

TEST_F(LoaderTest, CreatesEveryObjectWithItsStatusAndItsOwnersUid) {
  ObjectSetOptions options;
  options.objects = 600;
  options.large_secrets = 2;
  ObjectSet set(options);
  auto report = Load(*client_, set);
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->created + report->existed, 602u);
  EXPECT_EQ(report->existed, 0u);
  size_t owned = 0, statuses = 0;
  for (Phase phase : kPhases) {
    for (size_t i = 0; i < set.size(phase); ++i) {
      Object object = set.At(phase, i);
      std::string live = Get(object.key);
      if (object.key.type->gv.group.ends_with("cattle.io")) ExpectSame(live, object, "spec");
      for (const char* key : {"data", "rules", "subjects", "content"})
        ExpectSame(live, object, key);
      if (!object.status.empty()) {
        ++statuses;
        EXPECT_TRUE(json::Equal(object.status, json::Find(live, {"status"}).value_or("null")));
      }
      if (object.owner.type == nullptr) continue;
      ++owned;
      json::ArrayReader references(
          json::Find(live, {"metadata", "ownerReferences"}).value_or("[]"));
      EXPECT_EQ(json::FindString(references.Next().value_or("{}"), {"uid"}),
                json::FindString(Get(object.owner), {"metadata", "uid"}));
    }
  }
  EXPECT_GT(owned, 20u);
  EXPECT_GT(statuses, 50u);
  EXPECT_EQ(statuses, report->status_writes);

  auto again = Load(*client_, set);
  ASSERT_TRUE(again) << again.error().ToString();
  EXPECT_EQ(again->created, 0u);
  EXPECT_EQ(again->existed, 602u);
}

constexpr char kDefinition[] =
    R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":)"
    R"({"name":"things.example.org"},"spec":{"group":"example.org","names":{"kind":"Thing",)"
    R"("plural":"things","singular":"thing","listKind":"ThingList"},"scope":"Cluster","versions":)"
    R"([{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object",)"
    R"("x-kubernetes-preserve-unknown-fields":true}},"subresources":{"status":{}}}]}})";

TEST_F(LoaderTest, JsonLinesKeepOwnersStatusAndNumbersAndCanBeDrifted) {
  std::string lines =
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"child","namespace":"p-a",)"
      R"("ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"parent","uid":""}]}})"
      "\n"
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"parent","namespace":"p-a"}})"
      "\n"
      R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"p-a"}})"
      "\n"
      R"({"apiVersion":"example.org/v1","kind":"Thing","metadata":)"
      R"({"name":"lost","ownerReferences":)"
      R"([{"apiVersion":"nowhere","kind":"Nothing","name":"x","uid":""}]},)"
      R"("spec":{"n":9223372036854775807},"status":{"n":9007199254740993}})"
      "\n"
      R"({"apiVersion":"example.org/v1","kind":"Thing","metadata":)"
      R"({"name":"below","ownerReferences":)"
      R"([{"apiVersion":"v1","kind":"ConfigMap","name":"parent","uid":""}]}})"
      "\n";
  auto crds = Write("crds.jsonl.gz", "");
  gzFile out = gzopen(crds.c_str(), "wb");
  gzputs(out, kDefinition);
  gzclose(out);
  auto report = LoadJsonl(*client_, {crds, Write("cluster.jsonl", lines)});
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->created, 6u);
  EXPECT_EQ(report->status_writes, 1u);

  kube::ResourceType thing{{"example.org", "v1"}, "things", "Thing", false, ~0u, true};
  kube::ResourceType map{{"", "v1"}, "configmaps", "ConfigMap", true, ~0u, false};
  std::string lost = Get({&thing, "", "lost"});
  EXPECT_EQ(json::Find(lost, {"spec", "n"}), "9223372036854775807");
  EXPECT_EQ(json::Find(lost, {"status", "n"}), "9007199254740993");
  std::string parent = json::FindString(Get({&map, "p-a", "parent"}), {"metadata", "uid"}).value();
  EXPECT_THAT(Get({&map, "p-a", "child"}), ::testing::HasSubstr(parent));
  EXPECT_THAT(Get({&thing, "", "below"}), ::testing::HasSubstr(parent));

  Status drifted = ApplyDriftJsonl(
      *client_,
      Write(
          "drift.jsonl",
          R"({"op":"delete","apiVersion":"example.org/v1","kind":"Thing","name":"below"})"
          "\n"
          R"({"op":"merge-patch","apiVersion":"apiextensions.k8s.io/v1","kind":)"
          R"("CustomResourceDefinition","name":"things.example.org","patch":"add-version-v2"})"
          "\n"
          R"({"op":"create","object":{"apiVersion":"example.org/v2","kind":"Thing","metadata":)"
          R"({"name":"new"},"spec":{"n":1}}})"
          "\n"
          R"({"op":"merge-patch","apiVersion":"v1","kind":"ConfigMap","name":"child","namespace":)"
          R"("p-a","patch":{"data":{"k":"v"}}})"
          "\n"));
  ASSERT_TRUE(drifted) << drifted.error().ToString();
  EXPECT_EQ(client_->Get(thing, "", "below").error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(json::Find(Get({&thing, "", "new"}), {"spec", "n"}), "1");
  EXPECT_EQ(json::FindString(Get({&map, "p-a", "child"}), {"data", "k"}), "v");

  std::string gone = R"({"apiVersion":"v1","kind":"ConfigMap","name":"child","namespace":"p-a"})";
  auto deletes = Write("deletes.jsonl", gone + "\n");
  EXPECT_TRUE(DeleteJsonl(*client_, deletes));
  EXPECT_TRUE(DeleteJsonl(*client_, deletes)) << "what is gone is no error";
  EXPECT_FALSE(client_->Get(map, "p-a", "child"));
  EXPECT_TRUE(InstallOperatorDefinitions(*client_));
  kube::ResourceType sets{
      {"resources.cattle.io", "v1"}, "resourcesets", "ResourceSet", false, ~0u, true};
  EXPECT_TRUE(WaitUntilServed(*client_, sets));
}

TEST(Jsonl, ALineThatIsNoObjectIsAnErrorWithItsNumber) {
  auto path = std::filesystem::temp_directory_path() / "holdfast-jsonl-test.jsonl";
  ASSERT_TRUE(WriteFile(path, "{\"a\":\"x\u2028y\"}\n\n[1]\n"));
  auto lines = ReadJsonl(path);
  ASSERT_FALSE(lines);
  EXPECT_THAT(lines.error().ToString(), ::testing::HasSubstr("line 2"));
  ASSERT_TRUE(WriteFile(path, "{\"a\":\"x\u2028y\"}\n\n{}"));
  EXPECT_EQ(ReadJsonl(path).value().size(), 2u);
  std::filesystem::remove(path);
}

TEST(WriteFile, OfANameWithoutAFolderIsInTheWorkingFolder) {
  std::filesystem::path name = "holdfast-write-file-" + std::to_string(getpid());
  EXPECT_TRUE(WriteFile(name, "a"));
  EXPECT_TRUE(std::filesystem::remove(name));
}

}  // namespace
}  // namespace holdfast::testbed
