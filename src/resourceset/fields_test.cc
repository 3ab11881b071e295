#include "resourceset/fields.h"

#include <gtest/gtest.h>

#include "resourceset/selection_for_test.h"

namespace holdfast::resourceset {
namespace {

kube::ResourceType Type(std::string_view api_version, std::string_view plural,
                        bool namespaced = true) {
  return MakeType(api_version, plural, "Kind", namespaced, kube::kVerbList);
}

TEST(Fields, ValuesAsTheServerSeesThem) {
  struct {
    kube::ResourceType type;
    std::string_view field, object, want;
  } cases[] = {
      {Type("v1", "secrets"), "type", R"({"metadata":{},"type":"a/b"})", "a/b"},
      {Type("v1", "secrets"), "type", R"({"metadata":{}})", ""},
      {Type("v1", "secrets"), "metadata.name", R"({"metadata":{"name":"n"}})", "n"},
      {Type("v1", "secrets"), "metadata.namespace", R"({"metadata":{"namespace":"n"}})", "n"},
      {Type("v1", "nodes", false), "spec.unschedulable", R"({"spec":{}})", "false"},
      {Type("v1", "nodes", false), "spec.unschedulable", R"({"spec":{"unschedulable":true}})",
       "true"},
      {Type("apps/v1", "replicasets"), "status.replicas", R"({"status":{"replicas":12}})", "12"},
      {Type("apps/v1", "replicasets"), "status.replicas", R"({})", "0"},
      {Type("batch/v1", "jobs"), "status.successful", R"({"status":{"succeeded":3}})", "3"},
      {Type("v1", "pods"), "spec.nodeName", R"({"spec":{"nodeName":"lab"}})", "lab"},
      {Type("v1", "events"), "involvedObject.name", R"({"involvedObject":{"name":"x"}})", "x"},
  };
  for (const auto& one : cases) {
    ASSERT_TRUE(IsLocalField(one.type, one.field)) << one.field;
    const ObjectView view(one.object);
    EXPECT_EQ(FieldValue(one.type, one.field, view), one.want) << one.field;
    EXPECT_TRUE(FieldEquals(one.type, one.field, one.want, view)) << one.field;
    EXPECT_FALSE(FieldEquals(one.type, one.field, "other", view)) << one.field;
  }
}

TEST(Fields, WhatOnlyTheServerKnows) {
  EXPECT_FALSE(IsLocalField(Type("x.io/v1", "secrets"), "type"));
  EXPECT_FALSE(IsLocalField(Type("v1", "configmaps"), "type"));
  EXPECT_FALSE(IsLocalField(Type("v1", "pods"), "spec.hostNetwork"));
  EXPECT_FALSE(IsLocalField(Type("v1", "pods"), "status.podIP"));
  EXPECT_FALSE(IsLocalField(Type("apps/v1", "deployments"), "status.replicas"));
  EXPECT_FALSE(IsLocalField(Type("v1", "namespaces", false), "metadata.namespace"));
}

TEST(Fields, SelectorText) {
  EXPECT_EQ(FieldSelectorText({}), "");
  EXPECT_EQ(FieldSelectorText({{"b", "2"}, {"a", ""}}), "a=,b=2");
  EXPECT_EQ(FieldSelectorText({{"a", R"(\x,y=z)"}}), R"(a=\\x\,y\=z)");
}

}  // namespace
}  // namespace holdfast::resourceset
