#include "etcd/kube_object.h"

#include <gtest/gtest.h>

#include "base/json_canonical.h"
#include "base/protobuf_wire.h"

namespace holdfast::etcd {
namespace {

TEST(KubeObject, JsonGetsItsRevision) {
  auto object = ToJson("{\"kind\":\"X\",\"metadata\":{\"name\":\"a\"}}\n", 42);
  ASSERT_TRUE(object) << object.error().ToString();
  EXPECT_EQ(object->json,
            "{\"kind\":\"X\",\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"42\"}}");
  EXPECT_FALSE(ToJson("{\"kind\":", 42));
  EXPECT_FALSE(ToJson("text", 42));
}

TEST(KubeObject, CrdsAreOfV1) {
  auto crd =
      ToJson(R"({"kind":"CustomResourceDefinition","apiVersion":"apiextensions.k8s.io/v1beta1",)"
             R"("metadata":{"name":"a"},"spec":{"version":"v1","preserveUnknownFields":false,)"
             R"("validation":{"openAPIV3Schema":{"type":"object"}},)"
             R"("additionalPrinterColumns":[{"name":"n","JSONPath":".a"}],)"
             R"("conversion":{"strategy":"Webhook","webhookClientConfig":{"url":"u"},)"
             R"("conversionReviewVersions":["v1"]}}})",
             7);
  ASSERT_TRUE(crd) << crd.error().ToString();
  EXPECT_EQ(json::Canonical(crd->json),
            json::Canonical(
                R"({"kind":"CustomResourceDefinition","apiVersion":"apiextensions.k8s.io/v1",)"
                R"("metadata":{"name":"a","resourceVersion":"7"},"spec":{"versions":[{"name":"v1",)"
                R"("served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}},)"
                R"("additionalPrinterColumns":[{"name":"n","jsonPath":".a"}]}],"conversion":)"
                R"({"strategy":"Webhook","webhook":{"clientConfig":{"url":"u"},)"
                R"("conversionReviewVersions":["v1"]}}}})"));
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
