// Objects whose update is refused because a field is immutable.
#include <gmock/gmock.h>

#include "restore/api_for_test.h"
#include "restore/apply.h"
#include "restore/immutable.h"

namespace holdfast::restore {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kMap[] = "configmaps.#v1/n/a.json";

std::string Map(const std::string& data, const std::string& meta = "") {
  return J("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a','namespace':'n'" + meta +
           "},'immutable':true,'data':{'k':'" + data + "'}}");
}

Error Immutable() {
  return Error(ErrorKind::kInvalid,
               "ConfigMap \"a\" is invalid: data: Forbidden: field is immutable when `immutable` "
               "is set")
      .Code(422)
      .Reason("Invalid");
}

struct RecreateTest : ::testing::Test {
  RecreateTest() : api(cluster) {
    cluster.AddUsualTypes();
    api.before = [this](const std::string& request, std::string_view) -> std::optional<Error> {
      if (request.starts_with("PUT")) return Immutable();
      if (request.starts_with("POST") && refused_creates > 0) {
        --refused_creates;
        return Error(ErrorKind::kUnauthorized, "quota exceeded").Code(403).Reason("Forbidden");
      }
      return std::nullopt;
    };
  }

  Report Run(bool recreate) {
    planned = MakePlan({{kMap, Map("old")}}, cluster);
    outcomes.emplace(planned.index->size());
    ReportBuilder report;
    Quiesce none({"ops", "run", "archive", std::chrono::seconds(1)}, report, log, clock);
    WriteContext context{
        *planned.index, *planned.types, *planned.live, *planned.plan, api, none, clock, {}};
    context.recreate_immutable = recreate;
    Applier applier(context, {}, *outcomes, report);
    EXPECT_TRUE(applier.Run(Phase::kNamespaced));
    Report done = report.Take();
    outcomes->AddTo(done.counts);
    return done;
  }
  std::string Data() {
    auto it = cluster.objects.find(kMap);
    if (it == cluster.objects.end()) return "gone";
    return json::FindString(it->second.text, {"data", "k"}).value_or("");
  }

  FakeCluster cluster;
  FakeApi api;
  int refused_creates = 0;
  SleepyClock clock;
  Logger log = Logger::Quiet();
  Planned planned;
  std::optional<Outcomes> outcomes;
};

TEST_F(RecreateTest, IsNamedAndLeftUnlessAskedFor) {
  cluster.Put(kMap, Map("new"));
  Report report = Run(false);
  EXPECT_EQ(Data(), "new");
  ASSERT_EQ(report.failures.total, 1u);
  EXPECT_THAT(report.failures.notes[0].text, AllOf(HasSubstr("cannot update: data is immutable"),
                                                   HasSubstr("--recreate-immutable")));
  EXPECT_FALSE(outcomes->recreated());
}

TEST_F(RecreateTest, IsDeletedAndCreated) {
  cluster.Put(kMap, Map("new"));
  Report report = Run(true);
  EXPECT_EQ(Data(), "old");
  EXPECT_EQ(report.failures.total, 0u) << ToText(report);
  EXPECT_EQ(report.counts.updated, 1u);
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("deleted and created again")));
  EXPECT_TRUE(outcomes->recreated());
  EXPECT_THAT(api.writes(), ElementsAre(std::string("PUT ") + kMap, std::string("DELETE ") + kMap,
                                        std::string("POST ") + kMap));
}

TEST_F(RecreateTest, WhatWasThereIsPutBack) {
  cluster.Put(kMap, Map("new"));
  refused_creates = 1;
  Report report = Run(true);
  EXPECT_EQ(Data(), "new");
  ASSERT_EQ(report.failures.total, 1u);
  EXPECT_THAT(report.failures.notes[0].text,
              AllOf(HasSubstr("the former one was put back"), HasSubstr("quota exceeded")));
}

TEST_F(RecreateTest, AnObjectThatIsLostIsNamedWithoutItsText) {
  cluster.Put(kMap, Map("new"));
  refused_creates = 2;
  Report report = Run(true);
  EXPECT_EQ(Data(), "gone");
  ASSERT_EQ(report.failures.total, 1u);
  EXPECT_THAT(report.failures.notes[0].text,
              AllOf(HasSubstr("NOT IN THE CLUSTER ANY MORE"), Not(HasSubstr("\"k\""))));
}

TEST_F(RecreateTest, ObjectsWithFinalizersStay) {
  cluster.Put(kMap, Map("new", ",'finalizers':['x.io/volumes']"));
  Report report = Run(true);
  EXPECT_EQ(Data(), "new");
  ASSERT_EQ(report.failures.total, 1u);
  EXPECT_THAT(report.failures.notes[0].text, HasSubstr("x.io/volumes"));
}

TEST(Immutable, KindsThatAreNeverRecreated) {
  auto type = [](const std::string& group, const std::string& plural) {
    kube::ResourceType made;
    made.gv = {group, "v1"};
    made.plural = plural;
    return made;
  };
  for (const char* plural : {"namespaces", "persistentvolumes", "persistentvolumeclaims", "nodes"})
    EXPECT_NE(WhyNotRecreated(type("", plural), "{}", true), "") << plural;
  EXPECT_NE(WhyNotRecreated(type("apiextensions.k8s.io", "customresourcedefinitions"), "{}", true),
            "");
  EXPECT_EQ(WhyNotRecreated(type("", "secrets"), "{}", true), "");
  EXPECT_EQ(WhyNotRecreated(type("", "secrets"), "{}", false), kRecreateHint);
  EXPECT_EQ(WhyNotRecreated(type("rbac.authorization.k8s.io", "rolebindings"), "{}", false), "");
  EXPECT_EQ(RecreatePropagation(type("apps", "statefulsets"), false), "Orphan");
  EXPECT_EQ(RecreatePropagation(type("x.io", "plants"), true), "Orphan");
}

TEST(Immutable, FieldsAreNamedAndValuesAreNot) {
  auto refusal = [](const std::string& text) {
    return Error(ErrorKind::kInvalid, text).Code(422).Reason("Invalid");
  };
  std::string archived = J("{'spec':{'template':{'env':'s3cret','image':'a'},'n':1}}");
  std::string live = J("{'spec':{'template':{'env':'t0ken','image':'a'},'n':2}}");
  EXPECT_EQ(ImmutableText(Special::kNone,
                          refusal("Job.batch \"j\" is invalid: spec.template: Invalid value: "
                                  "core.PodTemplateSpec{Env:\"s3cret\"}: field is immutable"),
                          archived, live),
            "cannot update: spec.template is immutable (spec.template.env differs)");
  EXPECT_EQ(ImmutableText(Special::kNone,
                          refusal("X \"j\" is invalid: [spec.n: Invalid value: 3: may not be "
                                  "changed in an update, spec.m: no]"),
                          archived, live),
            "cannot update: spec.n is immutable");
  EXPECT_EQ(ImmutableText(Special::kNone, refusal("s3cret"), archived, live),
            "cannot update: a field is immutable (spec.n, spec.template.env differ)");
}

TEST(Immutable, TheTableOfKnownFields) {
  kube::ResourceType maps, claims;
  maps.gv = claims.gv = {"", "v1"};
  maps.plural = "configmaps";
  claims.plural = "persistentvolumeclaims";
  std::string frozen = J("{'immutable':true,'data':{'a':'1'}}"), free = J("{'data':{'a':'1'}}");
  std::string other = J("{'immutable':true,'data':{'a':'2'}}");
  EXPECT_EQ(KnownImmutableField(maps, Special::kNone, other, frozen), "data.a");
  EXPECT_EQ(KnownImmutableField(maps, Special::kNone, other, free), "");
  EXPECT_EQ(KnownImmutableField(claims, Special::kNone, J("{'spec':{'volumeName':'a'}}"),
                                J("{'spec':{'volumeName':'b'}}")),
            "spec.volumeName");
}

}  // namespace
}  // namespace holdfast::restore
