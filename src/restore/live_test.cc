#include "restore/live.h"

#include "restore/archive_for_test.h"

namespace holdfast::restore {
namespace {

// Fails the list of one type.
class FailingCluster : public FakeCluster {
 public:
  Status List(const kube::ResourceType& type, const std::string& fields, bool metadata_only,
              const kube::ObjectSink& sink) override {
    if (type.plural == broken) return Fail(ErrorKind::kUnauthorized, "forbidden");
    if (!fields.empty()) ++field_lists;
    if (repeat) HF_TRY(FakeCluster::List(type, fields, metadata_only, sink));
    return FakeCluster::List(type, fields, metadata_only, sink);
  }
  std::string broken;
  bool repeat = false;
  int field_lists = 0;
};

struct LiveTest : ::testing::Test {
  void SetUp() override { cluster.AddUsualTypes(); }
  FailingCluster cluster;
};

std::string Pot(const std::string& data, const std::string& ns = "") {
  return J("{'metadata':{'name':'pot'" + (ns.empty() ? "" : ",'namespace':'" + ns + "'") +
           "},'data':" + data + "}");
}
const char* const kPot = "pots.x.io#v1/n/pot.json";

TEST_F(LiveTest, AFailedListNamesTheType) {
  cluster.broken = "pots";
  auto index = LoadIndex({{kPot, Pot("1")}});
  ASSERT_TRUE(index);
  kube::Discovery discovery = cluster.Discovery();
  Types types = Types::Resolve(*index, discovery, cluster.crds);
  auto live = Live::Read(*index, types, cluster, {});
  ASSERT_FALSE(live);
  EXPECT_NE(live.error().ToString().find("pots.x.io"), std::string::npos);
}

TEST_F(LiveTest, OnlyTypesOfTheArchiveAreListed) {
  MakePlan({{kPot, Pot("1")}}, cluster);
  EXPECT_EQ(cluster.lists, 1);
}

TEST_F(LiveTest, WhatIsHandedOverTwiceCountsOnce) {
  cluster.repeat = true;
  cluster.Put(kPot, Pot("1", "n"));
  cluster.Put("pots.x.io#v1/n/extra.json", J("{'metadata':{'name':'extra','namespace':'n'}}"));
  Planned plan = MakePlan({{kPot, Pot("1")}}, cluster, {},
                          "apiVersion: resources.cattle.io/v1\nkind: ResourceSet\n"
                          "metadata: {name: a}\nresourceSelectors:\n"
                          "- {apiVersion: x.io/v1, kinds: [pots]}\n");
  EXPECT_TRUE(plan.plan->empty());
  EXPECT_EQ(plan.live->extras().size(), 1u);
}

TEST_F(LiveTest, TypesThatCannotBeListedAreReadOneByOne) {
  cluster.types.push_back({{"y.io", "v1"},
                           "parts",
                           "Part",
                           false,
                           kube::kVerbGet | kube::kVerbCreate | kube::kVerbUpdate,
                           false});
  Entries entries = {{"parts.y.io#v1/a.json", J("{'metadata':{'name':'a'},'v':1}")},
                     {"parts.y.io#v1/b.json", J("{'metadata':{'name':'b'},'v':1}")}};
  cluster.Put("parts.y.io#v1/a.json", J("{'metadata':{'name':'a'},'v':1}"));
  Planned plan = MakePlan(entries, cluster);
  EXPECT_EQ(plan.Kind("parts.y.io#v1/a.json"), ActionKind::kNothing);
  EXPECT_EQ(plan.Kind("parts.y.io#v1/b.json"), ActionKind::kCreate);
  EXPECT_EQ(cluster.lists, 0);
}

TEST_F(LiveTest, FieldsThatOnlyTheServerKnowsCostAListOfTheirOwn) {
  cluster.Put("pots.x.io#v1/n/extra.json", J("{'metadata':{'name':'extra','namespace':'n'}}"));
  Planned plan = MakePlan({{kPot, Pot("1")}}, cluster, {},
                          "apiVersion: resources.cattle.io/v1\nkind: ResourceSet\n"
                          "metadata: {name: a}\nresourceSelectors:\n"
                          "- {apiVersion: x.io/v1, kinds: [pots], fieldSelectors: {spec.c: d}}\n");
  EXPECT_EQ(cluster.field_lists, 1);
  EXPECT_EQ(plan.live->extras().size(), 1u);
}

TEST_F(LiveTest, KeepsUidAndVersionOfWhatIsThere) {
  std::string uid = cluster.Put(kPot, Pot("1", "n"));
  Planned plan = MakePlan({{kPot, Pot("2")}}, cluster);
  LiveObject object = (*plan.live)[0];
  EXPECT_TRUE(object.exists());
  EXPECT_EQ(plan.live->UidText(0), uid);
  EXPECT_EQ(object.resource_version, static_cast<uint64_t>(cluster.last_version));
  plan.live->SetLive(0, J("{'metadata':{'uid':'other','resourceVersion':'9'}}"));
  EXPECT_EQ(plan.live->UidText(0), "other");
  EXPECT_EQ(plan.plan->Decide(0).kind, ActionKind::kNothing);
}

TEST_F(LiveTest, IndexAndLiveStateStayUnder250BytesAnObject) {
  Entries entries;
  for (int i = 0; i < 3000; ++i) {
    std::string name = "bundledeployment-of-usual-length-" + std::to_string(i);
    std::string path = "pots.x.io#v1/cluster-fleet-default/" + name + ".json";
    std::string owner =
        "'ownerReferences':[{'apiVersion':'x.io/v1','kind':'Plant','name':'oak',"
        "'uid':'u'}]";
    entries.push_back({path, J("{'metadata':{'name':'" + name + "'," + owner + "}}")});
    cluster.Put(path, J("{'metadata':{'name':'" + name + "','namespace':'cluster-fleet-default'," +
                        owner + "}}"));
  }
  Planned plan = MakePlan(entries, cluster);
  size_t bytes = plan.index->MemoryBytes() + plan.live->MemoryBytes();
  EXPECT_LT(bytes / plan.index->size(), 250u);
}

}  // namespace
}  // namespace holdfast::restore
