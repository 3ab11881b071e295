#include "kube/discovery.h"

#include <map>

#include <gtest/gtest.h>

#include "kube/test_client.h"

namespace holdfast::kube {
namespace {

using net::TestReply;
using net::TestRequest;
using net::TestServer;

constexpr char kVersion[] = R"({"major":"1","minor":"36+","gitVersion":"v1.36.3-eks"})";

const std::map<std::string, std::string> kAggregated = {
    {"/api", R"({"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","items":[
      {"metadata":{},"versions":[{"version":"v1","freshness":"Current","resources":[
        {"resource":"secrets","responseKind":{"group":"","version":"","kind":"Secret"},
         "scope":"Namespaced","verbs":["create","delete","get","list"]},
        {"resource":"namespaces","responseKind":{"kind":"Namespace"},"scope":"Cluster",
         "verbs":["get","list","watch"],"subresources":[{"subresource":"status","verbs":["get"]},
         {"subresource":"finalize"}]},
        {"resource":"onlysub","subresources":[{"subresource":"x"}]}]}]}]})"},
    {"/apis", R"({"kind":"APIGroupDiscoveryList","items":[
      {"metadata":{"name":"apps"},"versions":[
        {"version":"v1","freshness":"Current","resources":[{"resource":"deployments",
          "responseKind":{"kind":"Deployment"},"scope":"Namespaced","verbs":["list"],
          "subresources":[{"subresource":"status"}]}]},
        {"version":"v1beta1","freshness":"Current","resources":[{"resource":"deployments",
          "responseKind":{"kind":"Deployment"},"scope":"Namespaced","verbs":["get"]},
          {"resource":"olds","responseKind":{"kind":"Old"},"scope":"Cluster","verbs":["get"]}]}]},
      {"metadata":{"name":"metrics.k8s.io"},"versions":[{"version":"v1beta1","freshness":"Stale"}]}]})"},
    {"/version", kVersion}};

const std::map<std::string, std::string> kLegacy = {
    {"/api", R"({"kind":"APIVersions","versions":["v1"]})"},
    {"/apis", R"({"kind":"APIGroupList","groups":[
      {"name":"apps","versions":[{"groupVersion":"apps/v1beta1","version":"v1beta1"},
        {"groupVersion":"apps/v1","version":"v1"}],
       "preferredVersion":{"groupVersion":"apps/v1","version":"v1"}},
      {"name":"metrics.k8s.io","versions":[{"groupVersion":"metrics.k8s.io/v1beta1"}]}]})"},
    {"/api/v1", R"({"kind":"APIResourceList","groupVersion":"v1","resources":[
      {"name":"secrets","namespaced":true,"kind":"Secret","verbs":["create","delete","get","list"]},
      {"name":"namespaces","namespaced":false,"kind":"Namespace","verbs":["get","list","watch"]},
      {"name":"namespaces/status","namespaced":false,"kind":"Namespace","verbs":["get"]},
      {"name":"namespaces/finalize","namespaced":false,"kind":"Namespace","verbs":["get"]}]})"},
    {"/apis/apps/v1", R"({"kind":"APIResourceList","groupVersion":"apps/v1","resources":[
      {"name":"deployments","namespaced":true,"kind":"Deployment","verbs":["list"]},
      {"name":"deployments/status","namespaced":true,"kind":"Deployment","verbs":["get"]}]})"},
    {"/apis/apps/v1beta1", R"({"kind":"APIResourceList","resources":[
      {"name":"deployments","namespaced":true,"kind":"Deployment","verbs":["get"]},
      {"name":"olds","namespaced":false,"kind":"Old","verbs":["get"]}]})"},
    {"/version", kVersion}};

class DiscoveryOf : public testing::TestWithParam<const std::map<std::string, std::string>*> {};

TEST_P(DiscoveryOf, FindsTypes) {
  TestServer server([&](const TestRequest& r, TestReply& reply) {
    auto it = GetParam()->find(r.target);
    if (it != GetParam()->end()) return reply.Respond(200, it->second);
    reply.Respond(503, StatusBody(503, "ServiceUnavailable", "no endpoints"));
  });
  auto client = ClientFor(server.url());
  Result<Discovery> found = Discovery::Fetch(*client);
  ASSERT_TRUE(found) << found.error().ToString();
  std::vector<GroupVersion> order = {{"", "v1"}, {"apps", "v1"}, {"apps", "v1beta1"}};
  EXPECT_EQ(found->group_versions(), order);
  ASSERT_EQ(found->Of({"", "v1"}).value()->size(), 2u);
  const ResourceType* secret = found->ByKind({"", "v1"}, "Secret");
  ASSERT_NE(secret, nullptr);
  EXPECT_EQ(secret->plural, "secrets");
  EXPECT_TRUE(secret->namespaced);
  EXPECT_FALSE(secret->has_status);
  EXPECT_EQ(secret->verbs, unsigned{kVerbCreate | kVerbDelete | kVerbGet | kVerbList});
  const ResourceType* ns = found->ByPlural({"", "v1"}, "namespaces");
  ASSERT_NE(ns, nullptr);
  EXPECT_FALSE(ns->namespaced);
  EXPECT_TRUE(ns->has_status);
  const ResourceType* deployment = found->ByGroupKind("apps", "Deployment");
  ASSERT_NE(deployment, nullptr);
  EXPECT_EQ(deployment->gv.version, "v1");
  EXPECT_EQ(deployment->ResourceName(), "deployments.apps");
  ASSERT_NE(found->ByGroupPlural("apps", "olds"), nullptr);
  EXPECT_EQ(found->ByGroupPlural("apps", "olds")->gv.version, "v1beta1");
  EXPECT_EQ(found->ByKind({"apps", "v1"}, "Old"), nullptr);
  EXPECT_EQ(found->ByGroupKind("", "Deployment"), nullptr);

  auto broken = found->Of({"metrics.k8s.io", "v1beta1"});
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().kind(), ErrorKind::kUnavailable);
  EXPECT_NE(broken.error().ToString().find("v1beta1.metrics.k8s.io"), std::string::npos);
  auto absent = found->Of({"apps", "v9"});
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(found->server_version().git_version, "v1.36.3-eks");
  EXPECT_TRUE(found->server_version().AtLeast(1, 36));
  EXPECT_FALSE(found->server_version().AtLeast(1, 37));
}

INSTANTIATE_TEST_SUITE_P(Both, DiscoveryOf, testing::Values(&kAggregated, &kLegacy),
                         [](const auto& param) {
                           return param.index == 0 ? "aggregated" : "legacy";
                         });

TEST(Discovery, AnswersThatMakeNoSense) {
  for (std::string body :
       {"", "<html>", "[]", "{\"kind\":\"Pod\"}", R"({"kind":"APIGroupList","groups":[1]})",
        R"({"kind":"APIGroupDiscoveryList","items":[{"versions":[{}]}]})"}) {
    TestServer server([&](const TestRequest&, TestReply& reply) { reply.Respond(200, body); });
    auto client = ClientFor(server.url());
    Result<Discovery> found = Discovery::Fetch(*client);
    ASSERT_FALSE(found) << body;
    EXPECT_EQ(found.error().kind(), ErrorKind::kInternal) << found.error().ToString();
  }
}

TEST(Discovery, FromTypes) {
  Discovery discovery = Discovery::FromTypes({Secrets()});
  EXPECT_NE(discovery.ByGroupPlural("", "secrets"), nullptr);
  EXPECT_EQ(discovery.group_versions().size(), 1u);
}

TEST(GroupVersion, Parse) {
  EXPECT_EQ(GroupVersion::Parse("v1").value(), (GroupVersion{"", "v1"}));
  EXPECT_EQ(GroupVersion::Parse("apps/v1").value().UrlPath(), "/apis/apps/v1");
  for (std::string bad : {"", "/", "/v1", "apps/", "a/b/c"})
    EXPECT_FALSE(GroupVersion::Parse(bad)) << bad;
}

}  // namespace
}  // namespace holdfast::kube
