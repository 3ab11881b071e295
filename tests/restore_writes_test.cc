// How objects are written, against a real API server: webhooks that do not answer, versions that
// are not served any more, CRDs that are not established, owners of fields.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "base/json_scan.h"
#include "restore/archive_for_test.h"
#include "restore/crds.h"
#include "storage/local_store.h"
#include "tests/restore_rig.h"

namespace holdfast::tests {
namespace {

using restore::J;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Takes connections and answers nothing.
class SilentListener {
 public:
  SilentListener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd_, any, size) != 0 || listen(fd_, 512) != 0 || getsockname(fd_, any, &size) != 0)
      throw std::runtime_error("no listener");
    url = "https://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  }
  ~SilentListener() { close(fd_); }
  std::string url;

 private:
  int fd_;
};

kube::ResourceType TypeNamed(const std::string& group, const std::string& version,
                             const std::string& plural, bool namespaced) {
  return {{group, version}, plural, "", namespaced, ~0u, false};
}
const kube::ResourceType kConfigMaps = TypeNamed("", "v1", "configmaps", true);
const kube::ResourceType kWebhooks =
    TypeNamed("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", false);

// One control plane for all; each test has names of its own.
struct RestoreWrites : ::testing::Test {
  static void SetUpTestSuite() { rig = std::make_unique<RestoreRig>(); }
  static void TearDownTestSuite() { rig.reset(); }

  Result<restore::Report> Restore(const restore::Entries& entries,
                                  const restore::Options& options = {},
                                  const std::string& filters = "") {
    std::filesystem::path dir = std::filesystem::temp_directory_path() /
                                ("holdfast-restore-writes-" + std::to_string(getpid()));
    std::filesystem::create_directory(dir);
    std::ofstream(dir / "a.tar.gz", std::ios::binary) << restore::MakeArchive(entries, filters);
    storage::LocalStore store(dir);
    auto keys = crypto::Transformers::None();
    restore::Progress progress;
    auto report = restore::Run(rig->client(), store, "a.tar.gz", keys, options, progress,
                               QuietLog(), Clock::Real(), {});
    std::filesystem::remove_all(dir);
    return report;
  }
  static std::string Namespace(const std::string& name) {
    return J("{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'" + name + "'}}");
  }
  static std::string ConfigMap(const std::string& ns, const std::string& name) {
    return J("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'" + name +
             "','namespace':'" + ns + "'},'data':{'k':'v'}}");
  }
  // Waits until the API server calls the webhook.
  void Configure(const std::string& name, const std::string& url, const std::string& rule,
                 const std::string& probe_ns, int timeout, const std::string& selector = "") {
    Must(rig->client().Create(
        kWebhooks, "",
        J("{'apiVersion':'admissionregistration.k8s.io/v1','kind':"
          "'ValidatingWebhookConfiguration','metadata':{'name':'" +
          name + "'},'webhooks':[{'name':'" + name + ".example.com','clientConfig':{'url':'" + url +
          "'},'rules':[" + rule + "]" + selector + ",'sideEffects':'None','timeoutSeconds':" +
          std::to_string(timeout) + ",'admissionReviewVersions':['v1']}]}")));
    kube::WriteOptions dry;
    dry.dry_run = true;
    for (int i = 0; i < 100; ++i) {
      if (!rig->client().Create(kConfigMaps, probe_ns, ConfigMap(probe_ns, "probe"), {}, dry))
        return;
      Clock::Real().Sleep(std::chrono::milliseconds(100), {});
    }
    throw std::runtime_error("the webhook is not called");
  }
  std::string Managers(const std::string& object) {
    std::string out;
    auto entries = json::Find(object, {"metadata", "managedFields"}).value_or("");
    for (json::ArrayReader reader(entries); auto entry = reader.Next();)
      out += json::FindString(*entry, {"manager"}).value_or("") + ":" +
             json::FindString(*entry, {"operation"}).value_or("") + " ";
    return out;
  }

  static inline std::unique_ptr<RestoreRig> rig;
};

TEST_F(RestoreWrites, AWebhookThatSwallowsRequestsIsPaidForAFewTimes) {
  SilentListener silent;
  Must(rig->client().Create(TypeNamed("", "v1", "namespaces", false), "", Namespace("swallow")));
  Configure("swallow", silent.url,
            J("{'apiGroups':[''],'apiVersions':['v1'],'operations':['CREATE'],'resources':"
              "['configmaps']}"),
            "swallow", 1,
            ",'namespaceSelector':{'matchLabels':{'kubernetes.io/metadata.name':'swallow'}}");
  restore::Entries entries;
  for (int i = 0; i < 200; ++i) {
    std::string name = "c" + std::to_string(1000 + i);
    entries.emplace_back("configmaps.#v1/swallow/" + name + ".json", ConfigMap("swallow", name));
    entries.emplace_back("secrets.#v1/swallow/" + name + ".json",
                         J("{'apiVersion':'v1','kind':'Secret','type':'Opaque','metadata':{"
                           "'name':'" +
                           name + "','namespace':'swallow'}}"));
  }
  auto begin = std::chrono::steady_clock::now();
  auto report = Must(Restore(entries));
  // The first at once, and one at the end; each for itself would take more than six time-outs.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(6));
  EXPECT_EQ(report.counts.created, 200u);
  EXPECT_EQ(report.failures.total, 200u);
  EXPECT_THAT(restore::ToText(report),
              AllOf(HasSubstr("webhook \"swallow.example.com\" of ValidatingWebhookConfiguration "
                              "\"swallow\" does not answer"),
                    HasSubstr("kubectl delete validatingwebhookconfiguration swallow")));
  Must(rig->client().Delete(kWebhooks, "", "swallow"));
}

TEST_F(RestoreWrites, AWebhookOnEverythingIsNamedWhenItRefusesTheLease) {
  Configure("everything", "https://127.0.0.1:1/",
            J("{'apiGroups':['*'],'apiVersions':['*'],'operations':['*'],'resources':['*/*']}"),
            "default", 1);
  auto report = Restore({{"configmaps.#v1/default/a.json", ConfigMap("default", "a")}});
  Must(rig->client().Delete(kWebhooks, "", "everything"));
  ASSERT_FALSE(report);
  EXPECT_THAT(report.error().ToString(),
              AllOf(HasSubstr("ValidatingWebhookConfiguration \"everything\""),
                    HasSubstr("kubectl delete validatingwebhookconfiguration everything"),
                    HasSubstr("failurePolicy")));
}

TEST_F(RestoreWrites, OwnersOfFieldsAreThoseOfTheArchive) {
  const kube::Call call;
  auto apply = [&](const std::string& name, const std::string& value) {
    kube::WriteOptions as;
    as.field_manager = "gitops";
    return rig->client().Patch(kConfigMaps, "default", name, kube::PatchType::kApply,
                               J("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'" +
                                 name + "','namespace':'default'},'data':{'k':'" + value + "'}}"),
                               call, as);
  };
  kube::WriteOptions other;
  other.field_manager = "other";
  auto patch = [&](const std::string& name, const std::string& text) {
    return rig->client().Patch(kConfigMaps, "default", name, kube::PatchType::kMerge, J(text), call,
                               other);
  };
  Must(apply("applied", "one"));
  Must(patch("applied", "{'data':{'o':'x'}}"));
  Must(rig->client().Create(kConfigMaps, "default", ConfigMap("default", "updated"), call, other));
  restore::Entries entries;
  for (std::string name : {"applied", "updated"})
    entries.emplace_back("configmaps.#v1/default/" + name + ".json",
                         Must(rig->client().Get(kConfigMaps, "default", name)));
  for (std::string name : {"applied", "updated"})
    Must(rig->client().Delete(kConfigMaps, "default", name));
  auto report = Must(Restore(entries));
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  auto managers = [&](const std::string& name) {
    return Managers(Must(rig->client().Get(kConfigMaps, "default", name)));
  };
  EXPECT_EQ(managers("applied"), "gitops:Apply other:Update ");
  EXPECT_EQ(managers("updated"), "other:Update ");
  EXPECT_TRUE(apply("applied", "two"));

  // An update brings them back, too, whoever has changed the object.
  Must(patch("applied", "{'data':{'k':'three','o':'y'}}"));
  Must(patch("updated", "{'data':{'k':'w'}}"));
  report = Must(Restore(entries));
  EXPECT_EQ(report.counts.updated, 2u) << restore::ToText(report);
  EXPECT_EQ(managers("applied"), "gitops:Apply other:Update ");
  EXPECT_EQ(managers("updated"), "other:Update ");
  EXPECT_TRUE(apply("applied", "four"));
}

// Who owns the replicas must be able to change them afterwards.
TEST_F(RestoreWrites, ScalingDownAndUpTakesNoFieldOver) {
  const kube::ResourceType deployments = TypeNamed("apps", "v1", "deployments", true);
  kube::WriteOptions as;
  as.field_manager = "gitops";
  auto apply = [&](int replicas) {
    return rig->client().Patch(
        deployments, "default", "scaled", kube::PatchType::kApply,
        J("{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'scaled','namespace':"
          "'default'},'spec':{'replicas':" +
          std::to_string(replicas) +
          ",'selector':{'matchLabels':{'a':'scaled'}},'template':{'metadata':{'labels':{'a':"
          "'scaled'}},'spec':{'containers':[{'name':'c','image':'i'}]}}}}"),
        {}, as);
  };
  Must(apply(2));
  restore::Entries entries = {
      {"deployments.apps#v1/default/scaled.json",
       Must(rig->client().Get(deployments, "default", "scaled"))},
      {"configmaps.#v1/default/beside-scaled.json", ConfigMap("default", "beside-scaled")}};
  const std::string set =
      J("{'kind':'ResourceSet','apiVersion':'resources.cattle.io/v1','metadata':{'name':'s'},"
        "'resourceSelectors':[{'apiVersion':'v1','kindsRegexp':'^configmaps$','namespaces':["
        "'nowhere']}],'controllerReferences':[{'apiVersion':'apps/v1','resource':'deployments',"
        "'namespace':'default','name':'scaled'}]}");
  auto managers = [&] {
    return Managers(Must(rig->client().Get(deployments, "default", "scaled")));
  };
  auto report = Must(Restore(entries, {}, set));
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.scaled.size(), 1u) << restore::ToText(report);
  EXPECT_EQ(managers(), "gitops:Apply ");

  // The same where it is written, and where it comes with the restore.
  Must(rig->client().Patch(deployments, "default", "scaled", kube::PatchType::kMerge,
                           J("{'metadata':{'labels':{'drift':'yes'}}}")));
  report = Must(Restore(entries, {}, set));
  EXPECT_EQ(report.scaled.size(), 1u) << restore::ToText(report);
  EXPECT_EQ(managers(), "gitops:Apply ");
  Must(rig->client().Delete(deployments, "default", "scaled", {.propagation = "Background"}));
  report = Must(Restore(entries, {}, set));
  EXPECT_EQ(report.counts.created, 1u) << restore::ToText(report);
  EXPECT_EQ(managers(), "gitops:Apply ");
  EXPECT_TRUE(apply(3));
}

TEST_F(RestoreWrites, VersionsThatAreNotServedAreWrittenInOneThatIs) {
  const std::string schema =
      "'schema':{'openAPIV3Schema':{'type':'object','properties':{'spec':{'type':'object',"
      "'properties':{'x':{'type':'integer'}}}}}}";
  Must(rig->client().Create(
      restore::CrdType(), "",
      J("{'apiVersion':'apiextensions.k8s.io/v1','kind':'CustomResourceDefinition','metadata':{"
        "'name':'bolts.old.example.com'},'spec':{'group':'old.example.com','scope':'Namespaced',"
        "'names':{'plural':'bolts','kind':'Bolt'},'versions':[{'name':'v1','served':true,"
        "'storage':true," +
        schema + "}]}}")));
  restore::ClientApi api(rig->client(), {});
  restore::ReportBuilder waited;
  Must(restore::WaitEstablished(api, {"bolts.old.example.com"}, std::chrono::seconds(30), waited,
                                Clock::Real(), {}));
  for (int i = 0; i < 100; ++i) {
    if (rig->Discover().ByPlural({"old.example.com", "v1"}, "bolts") != nullptr) break;
    Clock::Real().Sleep(std::chrono::milliseconds(100), {});
  }
  auto bolt = [](const std::string& name, const std::string& field) {
    return J("{'apiVersion':'old.example.com/v1alpha1','kind':'Bolt','metadata':{'name':'" + name +
             "','namespace':'old'},'spec':{'" + field + "':1}}");
  };
  auto in_old = [](const std::string& gv, const std::string& kind, const std::string& spec) {
    return J("{'apiVersion':'" + gv + "','kind':'" + kind +
             "','metadata':{'name':'a','namespace':'old'},'spec':" + spec + "}");
  };
  restore::Entries entries = {
      {"namespaces.#v1/old.json", Namespace("old")},
      {"poddisruptionbudgets.policy#v1beta1/old/a.json",
       in_old("policy/v1beta1", "PodDisruptionBudget", "{'minAvailable':1,'selector':{}}")},
      {"cronjobs.batch#v1beta1/old/a.json",
       in_old("batch/v1beta1", "CronJob",
              "{'schedule':'0 0 1 1 *','suspend':true,'jobTemplate':{'spec':{'template':{'spec':{"
              "'restartPolicy':'Never','containers':[{'name':'c','image':'i'}]}}}}}")},
      {"ingresses.networking.k8s.io#v1beta1/old/a.json",
       in_old("networking.k8s.io/v1beta1", "Ingress", "{}")},
      {"bolts.old.example.com#v1alpha1/old/b.json", bolt("b", "x")},
      {"bolts.old.example.com#v1alpha1/old/lost.json", bolt("lost", "gone")}};
  auto report = Must(Restore(entries));
  std::string text = restore::ToText(report);
  EXPECT_TRUE(rig->Exists("policy/v1", "poddisruptionbudgets", "old", "a")) << text;
  EXPECT_TRUE(rig->Exists("batch/v1", "cronjobs", "old", "a")) << text;
  EXPECT_TRUE(rig->Exists("old.example.com/v1", "bolts", "old", "b")) << text;
  // It selected nothing, and does so still.
  EXPECT_THAT(rig->Get("policy/v1", "poddisruptionbudgets", "old", "a"),
              Not(HasSubstr("\"selector\"")));
  EXPECT_THAT(text, HasSubstr("written as policy/v1 (archive: policy/v1beta1)"));
  // What would lose a field, or has another shape, is refused.
  EXPECT_EQ(report.failures.total, 2u) << text;
  EXPECT_THAT(text, HasSubstr("unknown field \"spec.gone\""));
  EXPECT_THAT(text, HasSubstr("in version networking.k8s.io/v1 only"));
  EXPECT_FALSE(rig->Exists("old.example.com/v1", "bolts", "old", "lost"));
  // There now, and not in the archive under that name.
  restore::Options plan;
  plan.plan_only = true;
  report = Must(Restore(entries, plan));
  EXPECT_THAT(restore::ToText(report), Not(HasSubstr("create bolts.old.example.com old/b")));
}

TEST_F(RestoreWrites, ACrdThatIsNotEstablishedIsToldAtOnce) {
  auto crd = [](const std::string& plural, const std::string& bundle) {
    std::string schema =
        "'schema':{'openAPIV3Schema':{'type':'object',"
        "'x-kubernetes-preserve-unknown-fields':true}}";
    return J(
        "{'apiVersion':'apiextensions.k8s.io/v1','kind':'CustomResourceDefinition',"
        "'metadata':{'name':'" +
        plural +
        ".ca.example.com'},'spec':{'group':'ca.example.com',"
        "'scope':'Cluster','names':{'plural':'" +
        plural + "','singular':'" + plural + "','kind':'" + plural + "','listKind':'" + plural +
        "List'},"
        "'conversion':{'strategy':'Webhook','webhook':{'conversionReviewVersions':['v1'],"
        "'clientConfig':{'caBundle':'" +
        bundle +
        "','service':{'name':'w','namespace':"
        "'default','port':443}}}},'versions':[{'name':'v1','served':true,'storage':true," +
        schema + "},{'name':'v1alpha1','served':true,'storage':false," + schema + "}]}}");
  };
  auto object = [](const std::string& plural) {
    return J("{'apiVersion':'ca.example.com/v1','kind':'" + plural + "','metadata':{'name':'a'}}");
  };
  const std::string crds = "customresourcedefinitions.apiextensions.k8s.io#v1/";
  restore::Entries entries = {
      {crds + "cogs.ca.example.com.json", crd("cogs", "Cg==")},
      {crds + "gears.ca.example.com.json", crd("gears", "bm9uZQ==")},
      {"cogs.ca.example.com#v1/a.json", object("cogs")},
      {"gears.ca.example.com#v1/a.json", object("gears")},
      {"configmaps.#v1/default/beside-crd.json", ConfigMap("default", "beside-crd")}};
  auto begin = std::chrono::steady_clock::now();
  auto report = Must(Restore(entries));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  std::string text = restore::ToText(report);
  // A void caBundle is left out, and said so; one that is no certificate is refused.
  EXPECT_TRUE(rig->Exists("ca.example.com/v1", "cogs", "", "a")) << text;
  EXPECT_TRUE(rig->Exists("v1", "configmaps", "default", "beside-crd")) << text;
  EXPECT_THAT(text, HasSubstr("caBundle of its conversion webhook is void"));
  EXPECT_EQ(report.failures.total, 2u) << text;
  EXPECT_THAT(text, HasSubstr("gears.ca.example.com: not established: Established "
                              "(InvalidCABundle)"));
  EXPECT_THAT(text, HasSubstr("gears.ca.example.com a: its CustomResourceDefinition "
                              "gears.ca.example.com could not be restored"));
  // Nothing is left to be done for the one that was mended.
  restore::Options plan;
  plan.plan_only = true;
  EXPECT_THAT(restore::ToText(Must(Restore(entries, plan))), Not(HasSubstr("cogs")));
}

}  // namespace
}  // namespace holdfast::tests
