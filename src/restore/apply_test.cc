#include "restore/apply.h"

#include <gmock/gmock.h>

#include "restore/api_for_test.h"

namespace holdfast::restore {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using What = Outcomes::What;

constexpr char kCm[] = "configmaps.#v1/n/a.json";
constexpr char kOak[] = "plants.x.io#v1/oak.json";

std::string Cm(const std::string& data, const std::string& meta = "") {
  return J("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a','namespace':'n'" + meta +
           "},'data':{'k':'" + data + "'}}");
}
std::string Oak(const std::string& more, const std::string& meta = "") {
  return J("{'apiVersion':'x.io/v1','kind':'Plant','metadata':{'name':'oak'" + meta + "}," + more +
           "}");
}

struct ApplyTest : ::testing::Test {
  ApplyTest() : api(cluster) { cluster.AddUsualTypes(); }

  // Plans against the cluster as it is, then applies all phases.
  Report Run(const Entries& entries) {
    planned = MakePlan(entries, cluster);
    outcomes.emplace(planned.index->size());
    Quiesce none({"ops", "run", "archive", std::chrono::seconds(1)}, report, log, clock);
    Quiesce& quiet = quiesce ? *quiesce : none;
    WriteContext context{*planned.index, *planned.types, *planned.live,   *planned.plan, api,
                         quiet,          clock,          stop.get_token()};
    ApplySettings settings;
    settings.workers = 4;
    for (const std::string& plural : only) {
      settings.only_types.resize(planned.index->types().size());
      for (TypeId type = 0; type < settings.only_types.size(); ++type)
        if (planned.index->types()[type].plural == plural) settings.only_types[type] = true;
    }
    if (fresh) {
      context.fresh_types.assign(planned.index->types().size(), true);
      context.settling = Deadline::After(clock, std::chrono::seconds(10));
    }
    settings.own_objects = {"configmaps/ops/holdfast-restore-state"};
    Applier applier(context, settings, *outcomes, report);
    for (Phase phase : {Phase::kCrds, Phase::kClusterScoped, Phase::kNamespaced, Phase::kLast}) {
      status = applier.Run(phase);
      if (!status) break;
    }
    if (status) status = applier.Finish();
    Report done = report.Take();
    outcomes->AddTo(done.counts);
    return done;
  }
  What Outcome(const char* path) { return outcomes->Get(planned.Id(path)); }
  std::string Data(const char* path) {
    return std::string(json::Find(cluster.objects.at(path).text, {"data", "k"}).value_or(""));
  }

  FakeCluster cluster;
  FakeApi api;
  Planned planned;
  std::optional<Outcomes> outcomes;
  std::optional<Quiesce> quiesce;
  std::vector<std::string> only;  // plurals; empty: all
  bool fresh = false;             // all types are
  ReportBuilder report;
  Logger log = Logger::Quiet();
  SleepyClock clock;
  std::stop_source stop;
  Status status;
};

TEST_F(ApplyTest, OneRequestForACreateAndOneForItsStatus) {
  Report done =
      Run({{kCm, Cm("v")}, {kOak, Oak("'spec':{'n':1},'status':{'s':9007199254740993}")}});
  EXPECT_TRUE(status);
  EXPECT_THAT(api.requests, ElementsAre("POST " + std::string(kOak), "STATUS " + std::string(kOak),
                                        "POST " + std::string(kCm)));
  EXPECT_THAT(cluster.objects.at(kOak).text, HasSubstr("9007199254740993"));
  EXPECT_EQ(done.counts.created, 2u);
  EXPECT_EQ(done.counts.status_updated, 1u);
}

TEST_F(ApplyTest, UpdatesCarryTheLiveVersionWithoutAskingForIt) {
  cluster.Put(kCm, Cm("old"));
  Report done = Run({{kCm, Cm("new")}});
  EXPECT_THAT(api.requests, ElementsAre("PUT " + std::string(kCm)));
  EXPECT_EQ(Data(kCm), "\"new\"");
  EXPECT_EQ(done.counts.updated, 1u);
}

TEST_F(ApplyTest, AConflictIsReadAgainAndTriedAgain) {
  cluster.Put(kCm, Cm("old"));
  int conflicts = 0;
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request.starts_with("PUT") && ++conflicts <= 3) {
      cluster.Put(kCm, Cm("other-" + std::to_string(conflicts)));
    }
    return std::nullopt;
  };
  Report done = Run({{kCm, Cm("new")}});
  EXPECT_EQ(Data(kCm), "\"new\"");
  EXPECT_FALSE(done.failed());
}

TEST_F(ApplyTest, AConflictThatMadeItEqualIsNoWrite) {
  cluster.Put(kCm, Cm("old"));
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request.starts_with("PUT")) cluster.Put(kCm, Cm("new"));
    return std::nullopt;
  };
  Report done = Run({{kCm, Cm("new")}});
  EXPECT_EQ(Outcome(kCm), What::kUnchanged);
  EXPECT_EQ(api.writes().size(), 1u);
  EXPECT_EQ(done.counts.updated, 0u);
}

TEST_F(ApplyTest, AStormOfConflictsEnds) {
  cluster.Put(kCm, Cm("old"));
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request.starts_with("PUT")) cluster.Put(kCm, Cm("storm"));
    return std::nullopt;
  };
  Report done = Run({{kCm, Cm("new")}});
  EXPECT_TRUE(status);
  EXPECT_EQ(api.writes().size(), 5u);
  ASSERT_EQ(done.failures.total, 1u);
  EXPECT_THAT(done.failures.notes[0].text, HasSubstr("5 times in a row"));
}

TEST_F(ApplyTest, WhatCameMeanwhileIsUpdatedAndWhatWentIsCreated) {
  cluster.Put(kOak, Oak("'spec':{'n':0}"));
  bool first = true;
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request == "POST " + std::string(kCm)) cluster.Put(kCm, Cm("other"));
    if (request == "PUT " + std::string(kOak) && first) {
      first = false;
      cluster.objects.erase(kOak);
    }
    return std::nullopt;
  };
  Report done = Run({{kCm, Cm("new")}, {kOak, Oak("'spec':{'n':1}")}});
  EXPECT_FALSE(done.failed()) << ToText(done);
  EXPECT_EQ(Data(kCm), "\"new\"");
  EXPECT_EQ(cluster.objects.count(kOak), 1u);
  EXPECT_EQ(Outcome(kCm), What::kUpdated);
  EXPECT_EQ(Outcome(kOak), What::kCreated);
}

TEST_F(ApplyTest, StatusAloneAndItsConflicts) {
  cluster.Put(kOak, Oak("'spec':{'n':1},'status':{'s':1}"));
  int tries = 0;
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request.starts_with("STATUS") && ++tries == 1) {
      cluster.Put(kOak, cluster.objects.at(kOak).text);
    }
    return std::nullopt;
  };
  Report done = Run({{kOak, Oak("'spec':{'n':1},'status':{'s':2}")}});
  EXPECT_EQ(tries, 2);
  EXPECT_THAT(cluster.objects.at(kOak).text, HasSubstr(J("'s':2")));
  EXPECT_EQ(Outcome(kOak), What::kStatusOnly);
  EXPECT_EQ(done.counts.status_updated, 1u);
}

TEST_F(ApplyTest, ARefusedStatusIsAFailureOfAnObjectThatWasWritten) {
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request.starts_with("STATUS")) return Error(ErrorKind::kInvalid, "spec.x is immutable");
    return std::nullopt;
  };
  Report done = Run({{kOak, Oak("'spec':{'n':1},'status':{'s':2}")}});
  EXPECT_EQ(done.counts.created, 1u);
  EXPECT_EQ(done.counts.failed, 1u);
  EXPECT_THAT(ToText(done), HasSubstr("writing its status: spec.x is immutable"));
}

TEST_F(ApplyTest, FailuresAreReportedAndTheRestGoesOn) {
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request == "POST " + std::string(kOak)) {
      return Error(ErrorKind::kInvalid, "Plant \"oak\" is invalid: spec.n: Required value")
          .Code(422);
    }
    return std::nullopt;
  };
  std::string owned = Cm("v",
                         ",'ownerReferences':[{'apiVersion':'x.io/v1','kind':'Plant',"
                         "'name':'oak','uid':'old'}]");
  Report done = Run({{kCm, owned}, {kOak, Oak("'spec':{}")}});
  EXPECT_TRUE(status);
  ASSERT_EQ(done.failures.total, 1u);
  EXPECT_EQ(done.failures.notes[0].object, "plants.x.io oak");
  EXPECT_THAT(done.failures.notes[0].text, HasSubstr("spec.n: Required value"));
  // Its dependent is written without it (D38).
  EXPECT_EQ(Outcome(kCm), What::kCreated);
  EXPECT_EQ(done.dropped_owners.total, 1u);
  EXPECT_FALSE(json::Find(cluster.objects.at(kCm).text, {"metadata", "ownerReferences"}));
}

TEST_F(ApplyTest, ATerminatingNamesakeIsWaitedFor) {
  cluster.Put(kCm, Cm("old", ",'deletionTimestamp':'2026-01-01T00:00:00Z','finalizers':['x/y']"));
  clock.on_sleep = [&] { cluster.objects.erase(kCm); };
  Report done = Run({{kCm, Cm("new")}});
  EXPECT_FALSE(done.failed()) << ToText(done);
  EXPECT_EQ(Outcome(kCm), What::kCreated);
  EXPECT_EQ(Data(kCm), "\"new\"");
}

TEST_F(ApplyTest, ATerminatingNamesakeThatStaysIsNamedWithItsFinalizers) {
  cluster.Put(kCm, Cm("old", ",'deletionTimestamp':'2026-01-01T00:00:00Z','finalizers':['x/y']"));
  Report done = Run({{kCm, Cm("new")}});
  ASSERT_EQ(done.failures.total, 1u);
  EXPECT_THAT(done.failures.notes[0].text, HasSubstr("x/y"));
  EXPECT_LT(clock.passed(), std::chrono::seconds(32));
  EXPECT_THAT(api.writes(), IsEmpty());
}

TEST_F(ApplyTest, TheOneWebhookIsForgivenAndOthersAreNot) {
  cluster.AddType("management.cattle.io", "v3", "settings", "Setting", false);
  cluster.crds.insert("settings.management.cattle.io");
  const std::string setting = "settings.management.cattle.io#v3/s.json";
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (!request.starts_with("POST")) return std::nullopt;
    return Error(ErrorKind::kInvalid,
                 "admission webhook \"rancher.cattle.io.settings\" denied the request: no")
        .Code(400);
  };
  Report done = Run({{setting, J("{'apiVersion':'management.cattle.io/v3','kind':'Setting',"
                                 "'metadata':{'name':'s'},'value':'x'}")},
                     {kCm, Cm("v")}});
  EXPECT_EQ(Outcome(setting.c_str()), What::kSkipped);
  EXPECT_EQ(done.skipped.total, 1u);
  EXPECT_EQ(done.failures.total, 1u);
  EXPECT_EQ(Outcome(kCm), What::kFailed);
}

TEST_F(ApplyTest, AWebhookThatDidNotAnswerGetsASecondChanceAtTheEnd) {
  int posts = 0;
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request == "POST " + std::string(kOak) && ++posts == 1) {
      return Error(ErrorKind::kUnavailable, "failed calling webhook \"w\": connection refused")
          .Code(500);
    }
    return std::nullopt;
  };
  Report done = Run({{kOak, Oak("'spec':{}")}, {kCm, Cm("v")}});
  EXPECT_FALSE(done.failed());
  EXPECT_EQ(api.requests.back(), "POST " + std::string(kOak));
  EXPECT_EQ(done.counts.created, 2u);
}

// Each refuses with the text of a webhook that did not answer.
Error Unanswered(const std::string& webhook) {
  return Error(ErrorKind::kUnavailable, "Internal error occurred: failed calling webhook \"" +
                                            webhook + "\": context deadline exceeded")
      .Code(500)
      .Reason("InternalError");
}

struct DeadWebhookTest : ApplyTest {
  DeadWebhookTest() {
    cluster.AddType("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations",
                    "ValidatingWebhookConfiguration", false);
    cluster.AddType("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations",
                    "MutatingWebhookConfiguration", false);
  }
  void Configure(const std::string& name, const std::string& more) {
    cluster.Put("validatingwebhookconfigurations.admissionregistration.k8s.io#v1/" + name + ".json",
                J("{'metadata':{'name':'" + name + "'},'webhooks':[{'name':'" + name +
                  "','clientConfig':{'service':{'namespace':'s','name':'hook'}},'rules':[{"
                  "'apiGroups':[''],'apiVersions':['v1'],'operations':['CREATE'],"
                  "'resources':['configmaps']}]" +
                  more + "}]}"));
  }
  static Entries Many(const std::string& ns, int count) {
    Entries entries;
    for (int i = 0; i < count; ++i) {
      std::string name = "c" + std::to_string(100 + i);
      std::string labels = i % 2 == 0 ? "even" : "odd";
      entries.emplace_back("configmaps.#v1/" + ns + "/" + name + ".json",
                           J("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'" + name +
                             "','namespace':'" + ns + "','labels':{'n':'" + labels + "'}}}"));
    }
    return entries;
  }
  // Creates in namespace `in` meet the webhook; they are counted.
  void Swallow(const std::string& in, const std::string& webhook = "w", int answers_after = 1000) {
    api.before = [this, in, webhook, answers_after](const std::string& request, std::string_view) {
      bool met = request.starts_with("POST configmaps.#v1/" + in + "/");
      if (met) ++met_;
      return met && met_ <= answers_after ? std::optional<Error>(Unanswered(webhook))
                                          : std::nullopt;
    };
  }
  int met_ = 0;
};

TEST_F(DeadWebhookTest, ItIsPaidForAFewTimesAndNamedOnce) {
  Configure("w", "");
  Swallow("n");
  Report done = Run(Many("n", 200));
  EXPECT_TRUE(status);
  // Four workers meet it at once, then one object at the end.
  EXPECT_LE(met_, 2 + 4 + 1);
  EXPECT_EQ(done.failures.total, 200u);
  EXPECT_THAT(done.failures.notes[0].text, HasSubstr("webhook \"w\""));
  ASSERT_EQ(done.notes.size(), 1u);
  EXPECT_THAT(done.notes[0], HasSubstr("ValidatingWebhookConfiguration \"w\""));
  EXPECT_THAT(done.notes[0], HasSubstr("service s/hook"));
}

TEST_F(DeadWebhookTest, ObjectsThatItIsNotCalledForAreWritten) {
  cluster.Put("namespaces.#v1/n.json", J("{'metadata':{'name':'n','labels':{'guarded':'yes'}}}"));
  cluster.Put("namespaces.#v1/free.json", J("{'metadata':{'name':'free'}}"));
  Configure("w",
            ",'namespaceSelector':{'matchLabels':{'guarded':'yes'}},"
            "'objectSelector':{'matchExpressions':[{'key':'n','operator':'In',"
            "'values':['even']}]}");
  api.before = [this](const std::string& request, std::string_view body) -> std::optional<Error> {
    if (!request.starts_with("POST configmaps.#v1/n/")) return std::nullopt;
    if (body.find("even") == std::string_view::npos) return std::nullopt;
    ++met_;
    return Unanswered("w");
  };
  Entries entries = Many("n", 40), more = Many("free", 40);
  entries.insert(entries.end(), more.begin(), more.end());
  Report done = Run(entries);
  EXPECT_EQ(done.failures.total, 20u) << ToText(done);
  EXPECT_EQ(done.counts.created, 60u);
  EXPECT_LE(met_, 2 + 4 + 1);
}

TEST_F(DeadWebhookTest, WithoutItsConfigurationItsTypesAreHeldBack) {
  Swallow("n");
  Entries entries = Many("n", 40);
  entries.emplace_back(kOak, Oak("'spec':{}"));
  Report done = Run(entries);
  EXPECT_EQ(done.failures.total, 40u);
  EXPECT_EQ(Outcome(kOak), What::kCreated);
  EXPECT_LE(met_, 2 + 4 + 1);
}

TEST_F(DeadWebhookTest, OneThatAnswersAtTheEndLetsAllThrough) {
  Configure("w", "");
  Swallow("n", "w", 2);
  Report done = Run(Many("n", 100));
  EXPECT_FALSE(done.failed()) << ToText(done);
  EXPECT_EQ(done.counts.created, 100u);
  EXPECT_THAT(done.notes, IsEmpty());
}

TEST_F(DeadWebhookTest, ACrdIsTriedAgainBeforeItsObjectsAreWritten) {
  int tries = 0;
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request.starts_with("POST customresource") && ++tries == 1) return Unanswered("w");
    return std::nullopt;
  };
  const std::string crd = "customresourcedefinitions.apiextensions.k8s.io#v1/a.y.io.json";
  Report done =
      Run({{kCm, Cm("v")},
           {crd, J("{'apiVersion':'apiextensions.k8s.io/v1','kind':'CustomResourceDefinition',"
                   "'metadata':{'name':'a.y.io'},'spec':{'group':'y.io','scope':'Cluster','names':{"
                   "'plural':'a','kind':'A'},'versions':[{'name':'v1','served':true,"
                   "'storage':true}]}}")}});
  EXPECT_FALSE(done.failed()) << ToText(done);
  EXPECT_THAT(api.requests, ElementsAre("POST " + crd, "POST " + crd, "POST " + std::string(kCm)));
}

TEST_F(DeadWebhookTest, WhatIsInAHeldBackNamespaceComesWithIt) {
  int tries = 0;
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request == "POST namespaces.#v1/n.json" && ++tries == 1) return Unanswered("w");
    if (request.starts_with("POST configmaps.#v1/n/") && tries < 2)
      return Error(ErrorKind::kNotFound, "namespaces \"n\" not found").Code(404);
    return std::nullopt;
  };
  Entries entries = Many("n", 10);
  entries.emplace_back("namespaces.#v1/n.json",
                       J("{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'n'}}"));
  Report done = Run(entries);
  EXPECT_FALSE(done.failed()) << ToText(done);
  EXPECT_EQ(done.counts.created, 11u);
}

TEST_F(DeadWebhookTest, AStatusThatItHoldsBackIsTriedAtTheEnd) {
  int tries = 0;
  api.before = [&](const std::string& request, std::string_view) -> std::optional<Error> {
    if (request.starts_with("STATUS") && ++tries == 1) return Unanswered("w");
    return std::nullopt;
  };
  Report done = Run({{kOak, Oak("'spec':{'n':1},'status':{'s':2}")}, {kCm, Cm("v")}});
  EXPECT_FALSE(done.failed()) << ToText(done);
  EXPECT_EQ(Outcome(kOak), What::kCreated);
  EXPECT_EQ(done.counts.status_updated, 1u);
  EXPECT_EQ(api.requests.back(), "STATUS " + std::string(kOak));
}

TEST_F(ApplyTest, ManagedFieldsThatAreRefusedAreLeftOut) {
  api.before = [&](const std::string&, std::string_view body) -> std::optional<Error> {
    if (body.find("managedFields") == std::string_view::npos) return std::nullopt;
    return Error(ErrorKind::kInvalid, "metadata.managedFields.operation: Invalid value").Code(422);
  };
  Report done = Run({{kCm, Cm("v", ",'managedFields':[{'manager':'m','operation':'Odd'}]")}});
  EXPECT_FALSE(done.failed()) << ToText(done);
  EXPECT_EQ(Outcome(kCm), What::kCreated);
}

TEST_F(ApplyTest, AControllerHeldAtZeroIsWrittenWithZero) {
  const char* path = "deployments.apps#v1/n/rancher2.json";
  auto deployment = [](int replicas, const char* image) {
    return J(
        "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'rancher2',"
        "'namespace':'n'},'spec':{'replicas':" +
        std::to_string(replicas) + ",'image':'" + image + "'}}");
  };
  cluster.Put(path, deployment(4, "old"));
  auto discovery = cluster.Discovery();
  quiesce.emplace(Quiesce::Settings{"ops", "run", "archive", std::chrono::seconds(1)}, report, log,
                  clock);
  ASSERT_TRUE(quiesce->Down(api, TypeOfDiscovery(discovery),
                            {{"apps/v1", "deployments", "n", "rancher2", std::nullopt}}, {}, {}));
  fresh = true;  // its zero is not the old schema's doing, and no reason to write it again
  Report done = Run({{path, deployment(2, "new")}});
  EXPECT_EQ(std::count(api.requests.begin(), api.requests.end(), "PUT " + std::string(path)), 1);
  EXPECT_EQ(json::Find(cluster.objects.at(path).text, {"spec", "replicas"}), "0");
  ASSERT_TRUE(quiesce->Up(api, TypeOfDiscovery(discovery), Quiesce::Record::kRemove));
  EXPECT_EQ(json::Find(cluster.objects.at(path).text, {"spec", "replicas"}), "4");
  EXPECT_THAT(cluster.objects.at(path).text, HasSubstr("new"));
}

TEST_F(ApplyTest, OnlyTheTypesAskedForAreWritten) {
  only = {"plants"};
  const std::string circle =
      ",'ownerReferences':[{'apiVersion':'v1','kind':'ConfigMap','name':'a','uid':'u'}]";
  Report done = Run({{kCm, Cm("v", circle)}, {kOak, Oak("'spec':{'n':1}")}});
  EXPECT_THAT(api.requests, ElementsAre("POST " + std::string(kOak)));
  EXPECT_EQ(done.counts.created, 1u);
}

TEST_F(ApplyTest, TheStateOfTheRunItselfIsLeftAlone) {
  const std::string state = "configmaps.#v1/ops/holdfast-restore-state.json";
  Report done = Run({{state, J("{'apiVersion':'v1','kind':'ConfigMap','metadata':"
                               "{'name':'holdfast-restore-state','namespace':'ops'}}")}});
  EXPECT_THAT(api.requests, IsEmpty());
  EXPECT_EQ(done.counts.skipped, 1u);
}

TEST_F(ApplyTest, WithoutAnApiServerItEndsSoon) {
  api.before = [](const std::string&, std::string_view) -> std::optional<Error> {
    return Error(ErrorKind::kUnavailable, "connection refused");
  };
  Entries entries;
  for (int i = 0; i < 500; ++i) {
    std::string name = "cm-" + std::to_string(i);
    entries.emplace_back("configmaps.#v1/n/" + name + ".json",
                         J("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'" + name +
                           "','namespace':'n'}}"));
  }
  Report done = Run(entries);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind(), ErrorKind::kUnavailable);
  EXPECT_LT(api.requests.size(), 50u);
}

TEST_F(ApplyTest, StoppedItStartsNoNewObject) {
  api.before = [&](const std::string&, std::string_view) -> std::optional<Error> {
    stop.request_stop();
    return std::nullopt;
  };
  Entries entries;
  for (int i = 0; i < 200; ++i) {
    std::string name = "cm-" + std::to_string(i);
    entries.emplace_back("configmaps.#v1/n/" + name + ".json",
                         J("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'" + name +
                           "','namespace':'n'}}"));
  }
  Run(entries);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind(), ErrorKind::kCancelled);
  EXPECT_LT(api.requests.size(), 10u);
}

}  // namespace
}  // namespace holdfast::restore
