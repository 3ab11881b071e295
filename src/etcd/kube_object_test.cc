#include "etcd/kube_object.h"

#include <gtest/gtest.h>

#include "etcd/wire.h"

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
