#include "restore/answer_check.h"

#include <gmock/gmock.h>

#include "restore/archive_for_test.h"

namespace holdfast::restore {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Custom(const std::string& sent, const std::string& answer) {
  return LostFields({Special::kNone, true, false}, J(sent), J(answer));
}
std::vector<std::string> BuiltIn(const std::string& sent, const std::string& answer,
                                 Special special = Special::kNone) {
  return LostFields({special, false, false}, J(sent), J(answer));
}

TEST(AnswerCheck, FieldsThatASchemaDrops) {
  EXPECT_THAT(Custom("{'spec':{'flow':7,'secretRef':'db'}}", "{'spec':{'flow':7}}"),
              ElementsAre("spec.secretRef was dropped"));
  EXPECT_THAT(Custom("{'spec':{'a':{}}}", "{'spec':{}}"), ElementsAre("spec.a was dropped"));
  EXPECT_THAT(Custom("{'spec':{'a':false,'b':0}}", "{'spec':{}}"),
              ElementsAre("spec.a was dropped", "spec.b was dropped"));
  EXPECT_THAT(Custom("{'spec':{'a':null}}", "{'spec':{}}"), IsEmpty());
  EXPECT_THAT(Custom("{'spec':{'a':null}}", "{'spec':{'a':3}}"), IsEmpty());
  EXPECT_THAT(Custom("{'spec':{'l':[{'a':1,'b':2},{'a':3}]}}", "{'spec':{'l':[{'a':1},{'a':3}]}}"),
              ElementsAre("spec.l[0].b was dropped"));
  EXPECT_THAT(Custom("{'extra':1,'spec':{}}", "{'spec':{}}"), ElementsAre("extra was dropped"));
}

TEST(AnswerCheck, FieldsThatAdmissionChanges) {
  EXPECT_THAT(Custom("{'spec':{'mode':'a'}}", "{'spec':{'mode':'b'}}"),
              ElementsAre("spec.mode was changed"));
  EXPECT_THAT(BuiltIn("{'metadata':{'labels':{'a.b/c':'x'}}}", "{'metadata':{'labels':{}}}"),
              ElementsAre("metadata.labels was dropped"));
  EXPECT_THAT(
      BuiltIn("{'metadata':{'labels':{'a.b/c':'x','d':'1'}}}",
              "{'metadata':{'labels':{'d':'1000m'}}}"),
      ElementsAre("metadata.labels[\"a.b/c\"] was dropped", "metadata.labels.d was changed"));
  EXPECT_THAT(BuiltIn("{'data':{'k':'1'}}", "{'data':{'k':'1000m'}}"),
              ElementsAre("data.k was changed"));
  EXPECT_THAT(BuiltIn("{'metadata':{'ownerReferences':[{'name':'a','uid':'1'}]}}", "{}"),
              ElementsAre("metadata.ownerReferences[0] was dropped"));
  EXPECT_THAT(BuiltIn("{'spec':{'paused':true}}", "{'spec':{'paused':false}}"),
              ElementsAre("spec.paused was changed"));
}

TEST(AnswerCheck, WhatTheServerAddsIsSilent) {
  EXPECT_THAT(Custom("{'metadata':{'name':'a'},'spec':{'flow':7}}",
                     "{'metadata':{'name':'a','uid':'u','resourceVersion':'4','generation':1,"
                     "'managedFields':[{}],'finalizers':['x']},'spec':{'flow':7,'mode':'auto'},"
                     "'status':{'ready':false}}"),
              IsEmpty());
  EXPECT_THAT(Custom("{'metadata':{'finalizers':['b']}}", "{'metadata':{'finalizers':['a','b']}}"),
              IsEmpty());
  EXPECT_THAT(Custom("{'metadata':{'finalizers':['b']}}", "{'metadata':{'finalizers':['a','c']}}"),
              ElementsAre("metadata.finalizers[0] was dropped"));
}

TEST(AnswerCheck, SpellingsOfTheSameValue) {
  const std::string limits = "{'spec':{'resources':{'cpu':'1000m','mem':'1024Mi','n':2}}}";
  EXPECT_THAT(BuiltIn(limits, "{'spec':{'resources':{'cpu':'1','mem':'1Gi','n':'2'}}}"), IsEmpty());
  EXPECT_THAT(BuiltIn(limits, "{'spec':{'resources':{'cpu':'1','mem':'1G','n':'2'}}}"),
              ElementsAre("spec.resources.mem was changed"));
  EXPECT_THAT(Custom("{'spec':{'cpu':'1000m'}}", "{'spec':{'cpu':'1'}}"),
              ElementsAre("spec.cpu was changed"));
  EXPECT_THAT(Custom("{'spec':{'a':1.0,'b':1e3}}", "{'spec':{'a':1,'b':1000}}"), IsEmpty());
  EXPECT_THAT(Custom("{'spec':{'a':12345678901234567}}", "{'spec':{'a':12345678901234568}}"),
              ElementsAre("spec.a was changed"));
  EXPECT_THAT(
      BuiltIn("{'spec':{'t':'2026-01-01T00:00:00.000Z'}}", "{'spec':{'t':'2026-01-01T00:00:00Z'}}"),
      IsEmpty());
}

TEST(AnswerCheck, ZeroValuesOfBuiltInTypes) {
  EXPECT_THAT(BuiltIn("{'spec':{'a':'','b':0,'c':false,'d':{},'e':[],'f':null}}", "{'spec':{}}"),
              IsEmpty());
  EXPECT_THAT(BuiltIn("{'spec':{'type':''}}", "{'spec':{'type':'ClusterIP'}}"), IsEmpty());
  EXPECT_THAT(BuiltIn("{'stringData':{'a':'b'},'data':{'c':'YQ==\\n'}}", "{'data':{'c':'YQ=='}}",
                      Special::kSecret),
              IsEmpty());
}

TEST(AnswerCheck, ArraysOfOtherLengthsAreMatchedByName) {
  const std::string sent =
      "{'spec':{'containers':[{'name':'a','image':'x'},{'name':'b','image':'y','tty':true}]}}";
  EXPECT_THAT(BuiltIn(sent,
                      "{'spec':{'containers':[{'name':'proxy'},{'name':'b','image':'y','tty':true},"
                      "{'name':'a','image':'x','pull':'Always'}]}}"),
              IsEmpty());
  EXPECT_THAT(
      BuiltIn(sent,
              "{'spec':{'containers':[{'name':'proxy'},{'name':'b','image':'z'},"
              "{'name':'a','image':'x'}]}}"),
      ElementsAre("spec.containers[1].image was changed", "spec.containers[1].tty was dropped"));
  EXPECT_THAT(BuiltIn(sent, "{'spec':{'containers':[{'name':'a','image':'x'}]}}"),
              ElementsAre("spec.containers[1] was dropped"));
}

TEST(AnswerCheck, StatusIsComparedWhereItWasSent) {
  AnswerRules rules{Special::kNone, true, false};
  std::string sent = J("{'status':{'a':1,'gone':2}}"), answer = J("{'status':{'a':1}}");
  EXPECT_THAT(LostFields(rules, sent, answer), IsEmpty());
  EXPECT_THAT(LostStatusFields(rules, sent, answer), ElementsAre("status.gone was dropped"));
  rules.status_is_part = true;
  EXPECT_THAT(LostFields(rules, sent, answer), ElementsAre("status.gone was dropped"));
}

TEST(AnswerCheck, ManyFieldsAreBounded) {
  std::string sent = "{'spec':{";
  for (int i = 0; i < 100; ++i) sent += (i != 0 ? ",'f" : "'f") + std::to_string(i) + "':1";
  std::vector<std::string> lost = Custom(sent + "}}", "{'spec':{'x':1}}");
  ASSERT_EQ(lost.size(), kMostLostFields + 1);
  EXPECT_EQ(lost.back(), "others");
}

TEST(AnswerCheck, DeepAndLongTextsEnd) {
  std::string deep_a, deep_b;
  for (int i = 0; i < 9000; ++i) deep_a += "[1,", deep_b += "[1,2,";
  deep_a += "1", deep_b += "1";
  for (int i = 0; i < 9000; ++i) deep_a += "]", deep_b += "]";
  EXPECT_FALSE(Custom("{'spec':" + deep_a + "}", "{'spec':" + deep_b + "}").size() > 11);
  std::string many_a = "[", many_b = "[";
  for (int i = 0; i < 20'000; ++i) many_a += std::to_string(i) + ",", many_b += "-5,";
  EXPECT_FALSE(Custom("{'spec':" + many_a + "0]}", "{'spec':" + many_b + "0,0]}").empty());
}

}  // namespace
}  // namespace holdfast::restore
