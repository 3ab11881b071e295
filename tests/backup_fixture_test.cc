// The reference operator's cluster, backed up by us: the same entries as in its own archive.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "archive/scan.h"
#include "base/json_canonical.h"
#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "stream/file_source.h"
#include "testbed/jsonl.h"
#include "testbed/kubeconfig.h"
#include "tests/backup_rig.h"
#include "tests/fixture_archive.h"
#include "tests/restore_rig.h"

namespace holdfast::tests {
namespace {

using ::testing::IsEmpty;

// What kube-controller-manager had written into the reference's cluster; this one runs none. (It
// would collect the object whose owner never existed.)
std::string WithoutControllers(const archive::EntryName& name, std::string json) {
  static const std::set<std::string> with_status = {"customresourcedefinitions", "pods",
                                                    "deployments", "daemonsets", "statefulsets"};
  if (with_status.contains(name.plural)) json = json::RemoveKeys(json, {"status"});
  if (name.plural == "namespaces") json = json::RemovePath(json, {"status", "conditions"});
  if (json::Find(json, {"aggregationRule"})) json = json::RemoveKeys(json, {"rules"});
  if (json::FindString(json, {"type"}) == "kubernetes.io/service-account-token")
    json = json::RemoveKeys(json, {"data"});
  for (const char* written : {"deployment.kubernetes.io/revision", "node.alpha.kubernetes.io/ttl",
                              "kubernetes.io/service-account.uid"})
    json = json::RemovePath(json, {"metadata", "annotations", written});
  if (json::Find(json, {"metadata", "annotations"}) == "{}")
    json = json::RemovePath(json, {"metadata", "annotations"});
  return json;
}

// The entry less what no two clusters have alike: managedFields (times and clients), generation
// (counts how it was made), owners' uids, and the above.
std::string Comparable(const ArchivedObject& object) {
  std::string json = object.json;
  for (const char* field : {"managedFields", "generation"})
    json = json::RemovePath(json, {"metadata", field});
  if (auto owners = json::Find(json, {"metadata", "ownerReferences"})) {
    std::string list;
    for (json::ArrayReader reader(*owners); auto owner = reader.Next();) {
      EXPECT_NE(json::FindString(*owner, {"uid"}).value_or(""), "") << object.name.ToPath();
      list += (list.empty() ? "" : ",") + json::SetKey(*owner, "uid", "\"\"");
    }
    json = json::SetPath(json, {"metadata", "ownerReferences"}, "[" + list + "]");
  }
  return json::Canonical(WithoutControllers(object.name, std::move(json)));
}

std::map<std::string, const ArchivedObject*> ByPath(const std::vector<ArchivedObject>& objects) {
  std::map<std::string, const ArchivedObject*> by_path;
  for (const ArchivedObject& object : objects) by_path[object.name.ToPath()] = &object;
  return by_path;
}

TEST(BackupFixture, OurArchiveOfTheReferencesClusterHasItsEntries) {
  BackupRig rig;
  Must(testbed::InstallOperatorDefinitions(rig.client()));
  Must(testbed::LoadJsonl(rig.client(),
                          {FixtureDir() / "crds.jsonl.gz", FixtureDir() / "cluster.jsonl.gz"}));
  Must(testbed::DeleteJsonl(rig.client(), FixtureDir() / "deletes.jsonl"));

  auto result = rig.Backup(Must(testbed::ReadFile(FixtureDir() / "resourceset.yaml")));
  ASSERT_TRUE(result) << result.error().ToString();
  auto none = crypto::Transformers::None();
  auto ours = Must(ReadObjects(rig.store_folder() / result->filename, none));
  auto theirs = Must(ReadObjects(FixtureDir() / "archives" / FixtureArchive("plain-"), none));
  ASSERT_GT(theirs.size(), 400u);
  auto ours_by_path = ByPath(ours), theirs_by_path = ByPath(theirs);
  EXPECT_EQ(ours_by_path.size(), ours.size());

  std::vector<std::string> differences;
  for (const auto& [path, object] : theirs_by_path) {
    auto found = ours_by_path.find(path);
    if (found == ours_by_path.end()) {
      differences.push_back(path + ": missing");
      continue;
    }
    for (const char* gone : {"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp"})
      EXPECT_FALSE(json::Find(found->second->json, {"metadata", gone})) << path;
    std::string expected = Comparable(*object), is = Comparable(*found->second);
    if (is != expected)
      differences.push_back(path + "\n    expected " + expected + "\n    found    " + is);
  }
  for (const auto& [path, object] : ours_by_path)
    if (!theirs_by_path.contains(path)) differences.push_back(path + ": not in the reference's");
  EXPECT_THAT(differences, IsEmpty());
  // Numbers are compared as text.
  ArchivedObject one{theirs[0].name, R"({"n":1.0})"}, other{theirs[0].name, R"({"n":1})"};
  EXPECT_NE(Comparable(one), Comparable(other));
}

}  // namespace
}  // namespace holdfast::tests
