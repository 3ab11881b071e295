#include "etcd/kube_object.h"

#include <gmock/gmock.h>

#include "etcd/wire.h"

namespace holdfast::etcd {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Folders(std::string_view resource) {
  return FoldersOf(ParseResource(resource));
}

TEST(KubeObject, Folders) {
  EXPECT_THAT(Folders("pods"), ElementsAre("pods"));
  EXPECT_THAT(Folders("deployments.apps"), ElementsAre("deployments"));
  EXPECT_THAT(Folders("nodes"), ElementsAre("minions"));
  EXPECT_THAT(Folders("services"), ElementsAre("services/specs"));
  EXPECT_THAT(Folders("ingresses.networking.k8s.io"),
              ElementsAre("networking.k8s.io/ingresses", "ingress"));
  EXPECT_THAT(Folders("certificates.cert-manager.io"), ElementsAre("cert-manager.io/certificates"));
  EXPECT_THAT(
      Folders("customresourcedefinitions"),
      ElementsAre("apiextensions.k8s.io/customresourcedefinitions", "customresourcedefinitions"));
}

TEST(KubeObject, Keys) {
  auto key = ParseObjectKey("/registry", "secrets", "/registry/secrets/kube-system/a.b:c");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->ns, "kube-system");
  EXPECT_EQ(key->name, "a.b:c");
  key = ParseObjectKey("/registry", "minions", "/registry/minions/n1");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->ns, "");
  EXPECT_EQ(key->name, "n1");
  EXPECT_FALSE(ParseObjectKey("/registry", "secrets", "/registry/secretsx/a/b"));
  EXPECT_FALSE(ParseObjectKey("/registry", "services", "/registry/services/specs/a/b"));
  EXPECT_FALSE(ParseObjectKey("/registry", "secrets", "/registry/secrets/"));
}

TEST(KubeObject, JsonGetsItsRevision) {
  auto object = ToJson("{\"kind\":\"X\",\"metadata\":{\"name\":\"a\"}}\n", 42);
  ASSERT_TRUE(object) << object.error().ToString();
  EXPECT_EQ(object->json,
            "{\"kind\":\"X\",\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"42\"}}");
  EXPECT_FALSE(ToJson("{\"kind\":", 42));
  EXPECT_FALSE(ToJson("text", 42));
}

TEST(KubeObject, ProtobufGetsItsRevision) {
  std::string type, envelope;
  AppendBytes(type, 1, "v1");
  AppendBytes(type, 2, "Secret");
  AppendBytes(envelope, 1, type);
  auto object = ToJson(std::string("k8s\0", 4) + envelope, 42);
  ASSERT_TRUE(object) << object.error().ToString();
  EXPECT_EQ(object->json,
            R"({"kind":"Secret","apiVersion":"v1","metadata":{"resourceVersion":"42"}})");
}

}  // namespace
}  // namespace holdfast::etcd
