// A restore that is killed at any moment is brought to its end by the next one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>

#include "base/json_scan.h"
#include "base/workers.h"
#include "restore/archive_for_test.h"
#include "tests/cli_rig.h"
#include "tests/fixture_archive.h"
#include "tests/program.h"
#include "tests/restore_rig.h"

namespace holdfast::tests {
namespace {

using restore::J;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr int kPoints = 40;
constexpr int kNamespaces = 10;
constexpr int kMapsEach = 195;  // with namespaces, deployments, a CRD and its objects: 2,000
constexpr int kGears = 36;
const std::vector<std::pair<std::string, int>> kControllers = {
    {"one", 3}, {"two", 2}, {"three", 1}};

kube::ResourceType Type(const std::string& group, const std::string& plural, bool namespaced) {
  kube::ResourceType type;
  type.gv = {group, "v1"};
  type.plural = plural;
  type.namespaced = namespaced;
  return type;
}
const kube::ResourceType kMaps = Type("", "configmaps", true);
const kube::ResourceType kDeployments = Type("apps", "deployments", true);
const kube::ResourceType kLeases = Type("coordination.k8s.io", "leases", true);

std::string Ns(int i) { return "soak-" + std::to_string(i); }
std::string Map(const std::string& ns, const std::string& name, const std::string& value) {
  return J("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'" + name + "','namespace':'" +
           ns + "'},'data':{'v':'" + value + "'}}");
}

std::string Set() {
  std::string references;
  for (const auto& [name, replicas] : kControllers)
    references += std::string(references.empty() ? "" : ",") +
                  "{'apiVersion':'apps/v1','resource':'deployments','name':'" + name +
                  "','namespace':'soak-0'}";
  return J(
      "{'apiVersion':'resources.cattle.io/v1','kind':'ResourceSet','metadata':{'name':'soak'},"
      "'resourceSelectors':["
      "{'apiVersion':'apiextensions.k8s.io/v1','kinds':['CustomResourceDefinition'],"
      "'resourceNames':['gears.soak.example.com']},"
      "{'apiVersion':'v1','kinds':['Namespace'],'resourceNameRegexp':'^soak-'},"
      "{'apiVersion':'v1','kinds':['ConfigMap'],'namespaceRegexp':'^soak-',"
      "'excludeResourceNameRegexp':'^kube-root'},"
      "{'apiVersion':'apps/v1','kinds':['Deployment'],'namespaces':['soak-0']},"
      "{'apiVersion':'soak.example.com/v1','kinds':['Gear']}],'controllerReferences':[" +
      references + "]}");
}

restore::Entries Objects() {
  restore::Entries entries;
  entries.emplace_back(
      "customresourcedefinitions.apiextensions.k8s.io#v1/gears.soak.example.com.json",
      J("{'apiVersion':'apiextensions.k8s.io/v1','kind':'CustomResourceDefinition','metadata':"
        "{'name':'gears.soak.example.com'},'spec':{'group':'soak.example.com','scope':'Cluster',"
        "'conversion':{'strategy':'None'},'names':{'plural':'gears','singular':'gear','kind':"
        "'Gear','listKind':'GearList'},'versions':[{'name':'v1','served':true,'storage':true,"
        "'schema':{'openAPIV3Schema':{'type':'object','x-kubernetes-preserve-unknown-fields':"
        "true}}}]}}"));
  for (int i = 0; i < kNamespaces; ++i) {
    entries.emplace_back(
        "namespaces.#v1/" + Ns(i) + ".json",
        J("{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'" + Ns(i) + "'}}"));
    for (int k = 0; k < kMapsEach; ++k) {
      std::string name = "c" + std::to_string(k);
      entries.emplace_back("configmaps.#v1/" + Ns(i) + "/" + name + ".json",
                           Map(Ns(i), name, std::to_string(k)));
    }
  }
  for (int i = 0; i < kGears; ++i) {
    std::string name = "g" + std::to_string(i);
    entries.emplace_back(
        "gears.soak.example.com#v1/" + name + ".json",
        J("{'apiVersion':'soak.example.com/v1','kind':'Gear','metadata':{'name':'" + name +
          "'},'spec':{'i':" + std::to_string(i) + "}}"));
  }
  for (const auto& [name, replicas] : kControllers) {
    entries.emplace_back("deployments.apps#v1/soak-0/" + name + ".json",
                         J("{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'" +
                           name + "','namespace':'soak-0'},'spec':{'replicas':" +
                           std::to_string(replicas) + ",'selector':{'matchLabels':{'app':'" + name +
                           "'}},'template':{'metadata':{'labels':"
                           "{'app':'" +
                           name + "'}},'spec':{'containers':[{'name':'c','image':'i'}]}}}}"));
  }
  return entries;
}

struct SoakRestore : ::testing::Test {
  // A third of the ConfigMaps deleted, a third changed, 30 new ones.
  void Drift(int round) {
    Must(ParallelFor(kNamespaces * kMapsEach, 16, {}, [&](size_t i, std::stop_token) -> Status {
      std::string ns = Ns(static_cast<int>(i) / kMapsEach);
      std::string name = "c" + std::to_string(static_cast<int>(i) % kMapsEach);
      if ((i + round) % 3 == 0) HF_TRY(rig.client().Delete(kMaps, ns, name));
      if ((i + round) % 3 != 1) return {};
      auto patched =
          rig.client().Patch(kMaps, ns, name, kube::PatchType::kMerge, R"({"data":{"v":"drift"}})");
      return patched ? Status() : Fail(std::move(patched).error());
    }));
    for (int i = 0; i < 30; ++i)
      Must(rig.client().Create(kMaps, Ns(i % kNamespaces),
                               Map(Ns(i % kNamespaces), "extra" + std::to_string(i), "x")));
  }
  std::vector<std::string> Restore() {
    return {HOLDFAST_PROGRAM,       "restore", archive,        "--store",
            folder.path().string(), "--prune", "--kubeconfig", rig.plane().kubeconfig().string()};
  }
  // What is not as it must be after a restore that has come to its end.
  std::vector<std::string> Wrong() {
    std::vector<std::string> wrong = Differences(rig.client(), archived, false);
    for (const auto& [name, replicas] : kControllers) {
      std::string live = rig.Replicas("soak-0", name);
      if (live != std::to_string(replicas)) wrong.push_back(name + " has " + live + " replicas");
    }
    for (int i = 0; i < 30; ++i)
      if (rig.Exists("v1", "configmaps", Ns(i % kNamespaces), "extra" + std::to_string(i)))
        wrong.push_back("extra" + std::to_string(i) + " is still there");
    if (rig.Exists("v1", "configmaps", "cattle-resources-system", "holdfast-restore-state"))
      wrong.push_back("the record of the restore is still there");
    return wrong;
  }

  RestoreRig rig;
  Folder folder;
  std::string archive = "made.tar.gz";
  std::vector<ArchivedObject> archived;
};

TEST_F(SoakRestore, KilledAtFortyPointsTheNextRunBringsItToItsEnd) {
  // What the server fills in is in the archive, as in every archive of a real cluster.
  folder.Write("made.tar.gz", restore::MakeArchive(Objects(), Set()));
  Outcome made = Program(Restore()).Wait();
  ASSERT_EQ(made.code, 0) << ToText(made);
  std::string set = folder.Write("set.yaml", Set()).string();
  Outcome backup = Holdfast({"backup", "--resource-set", set, "--store", folder.path().string(),
                             "--kubeconfig", rig.plane().kubeconfig().string()});
  ASSERT_EQ(backup.code, 0) << ToText(backup);
  archive = backup.out.substr(0, backup.out.find('\n'));
  archived = Must(ReadObjects(folder.path() / archive, crypto::Transformers::None()));
  ASSERT_EQ(archived.size(), 2000u);
  Drift(0);
  auto begin = std::chrono::steady_clock::now();
  Outcome whole = Program(Restore()).Wait();
  ASSERT_EQ(whole.code, 0) << ToText(whole);
  auto took = duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
  ASSERT_THAT(Wrong(), ::testing::IsEmpty());

  int killed = 0, at_zero = 0;
  for (int point = 1; point <= kPoints; ++point) {
    SCOPED_TRACE("killed at point " + std::to_string(point));
    Drift(point);
    {
      Program program(Restore());
      std::this_thread::sleep_for(took * point / (kPoints + 1));
      program.Signal(SIGKILL);
      killed += program.Wait().signal == SIGKILL ? 1 : 0;
    }
    at_zero += rig.Replicas("soak-0", "one") == "0" ? 1 : 0;
    // As if its time had passed; how long the next run waits for it is for other tests.
    auto freed = rig.client().Delete(kLeases, "cattle-resources-system", "restore-controller");
    ASSERT_TRUE(freed || freed.error().kind() == ErrorKind::kNotFound) << freed.error().ToString();
    Outcome second = Program(Restore()).Wait();
    EXPECT_EQ(second.code, 0) << ToText(second);
    EXPECT_THAT(Wrong(), ::testing::IsEmpty());
  }
  std::printf(
      "an undisturbed restore took %lld ms; %d of %d were killed, %d with controllers at 0\n",
      static_cast<long long>(took.count()), killed, kPoints, at_zero);
  // Else the moments were not spread over the run.
  EXPECT_GE(killed, kPoints * 3 / 4);
  EXPECT_GE(at_zero, kPoints / 4);
}

}  // namespace
}  // namespace holdfast::tests
