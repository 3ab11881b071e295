#include "etcd/kube/resource_names.h"

#include <gmock/gmock.h>

namespace holdfast::etcd {
namespace {

using ::testing::ElementsAre;

std::string Resolved(const ResourceNames& names, std::string_view text) {
  auto resource = names.Resolve(text);
  return resource ? resource->ToString() : "none";
}
std::string Parsed(std::string_view rest) {
  static const ResourceNames names;
  auto key = names.ParseKey(rest);
  if (!key) return "none";
  return KubeResource{std::string(key->plural), std::string(key->group)}.ToString() + " " +
         std::string(key->ns) + " " + std::string(key->name);
}

constexpr std::string_view kCrd =
    R"({"kind":"CustomResourceDefinition","spec":{"group":"cert-manager.io","scope":"Namespaced",)"
    R"("names":{"plural":"certificates","singular":"certificate","kind":"Certificate",)"
    R"("shortNames":["cert","certs"]},"versions":[{"name":"v1alpha2","served":false},)"
    R"({"name":"v1","served":true,"storage":true}]}})";

TEST(ResourceNames, Resolves) {
  ResourceNames names;
  for (const char* text : {"pods", "pod", "po", "Pod", "PODS", "pods.v1"})
    EXPECT_EQ(Resolved(names, text), "pods") << text;
  for (const char* text : {"deployments", "deploy", "Deployment.apps", "deployments.v1.apps",
                           "deployments.extensions"})
    EXPECT_EQ(Resolved(names, text), "deployments.apps") << text;
  EXPECT_EQ(Resolved(names, "events"), "events");
  EXPECT_EQ(Resolved(names, "events.events.k8s.io"), "events");
  EXPECT_EQ(Resolved(names, "ing"), "ingresses.networking.k8s.io");
  EXPECT_EQ(Resolved(names, "crd"), "customresourcedefinitions.apiextensions.k8s.io");
  EXPECT_EQ(Resolved(names, "certificates.cert-manager.io"), "certificates.cert-manager.io");
  EXPECT_EQ(Resolved(names, "cert"), "none");
  EXPECT_EQ(Resolved(names, "pods.metrics.k8s.io"), "pods.metrics.k8s.io");
  names.AddCrd(kCrd);
  names.AddCrd("{}");
  for (const char* text : {"cert", "Certificate", "certificates", "certificate.cert-manager.io"})
    EXPECT_EQ(Resolved(names, text), "certificates.cert-manager.io") << text;
  ASSERT_EQ(names.custom().size(), 1u);
  EXPECT_THAT(names.custom()[0].versions, ElementsAre("v1"));
}

TEST(ResourceNames, Keys) {
  EXPECT_EQ(Parsed("/pods/default/a.b:c"), "pods default a.b:c");
  EXPECT_EQ(Parsed("/minions/n1"), "nodes  n1");
  EXPECT_EQ(Parsed("/services/specs/default/web"), "services default web");
  EXPECT_EQ(Parsed("/services/endpoints/default/web"), "endpoints default web");
  EXPECT_EQ(Parsed("/ingress/default/web"), "ingresses.networking.k8s.io default web");
  EXPECT_EQ(Parsed("/deployments/default/web"), "deployments.apps default web");
  EXPECT_EQ(Parsed("/events/default/web.1"), "events default web.1");
  EXPECT_EQ(Parsed("/clusterroles/system:node"),
            "clusterroles.rbac.authorization.k8s.io  system:node");
  EXPECT_EQ(Parsed("/cert-manager.io/certificates/ns/a"), "certificates.cert-manager.io ns a");
  EXPECT_EQ(Parsed("/management.cattle.io/clusters/local"), "clusters.management.cattle.io  local");
  EXPECT_EQ(Parsed("/apiregistration.k8s.io/apiservices/v1."),
            "apiservices.apiregistration.k8s.io  v1.");
  for (const char* rest : {"", "/", "/pods", "/pods/", "/pods//a", "/ranges/servicenodeports",
                           "/masterleases/10.0.0.1", "/health", "/services/other/a/b", "/a.b/c",
                           "/a.b/c/d/e/f", "pods/a/b", "/pods/a/b/c"})
    EXPECT_EQ(Parsed(rest), "none") << rest;
}

TEST(ResourceNames, FoldersLeadBack) {
  ResourceNames names;
  for (const char* text : {"pods", "nodes", "services", "endpoints", "ingresses", "deployments",
                           "customresourcedefinitions", "apiservices", "events",
                           "certificates.cert-manager.io", "clusters.management.cattle.io"}) {
    auto resource = names.Resolve(text);
    ASSERT_TRUE(resource) << text;
    std::string rest = "/" + names.FolderOf(*resource) + "/name";
    auto key = names.ParseKey(rest);
    ASSERT_TRUE(key) << rest;
    EXPECT_EQ(key->plural, resource->plural);
    EXPECT_EQ(key->group, resource->group);
  }
  EXPECT_EQ(names.Namespaced(*names.Resolve("nodes")), false);
  EXPECT_EQ(names.Namespaced(*names.Resolve("secrets")), true);
  EXPECT_EQ(names.Namespaced(*names.Resolve("a.b.c")), std::nullopt);
}

}  // namespace
}  // namespace holdfast::etcd
