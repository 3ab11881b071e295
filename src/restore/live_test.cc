#include "restore/live.h"

#include "restore/archive_for_test.h"

namespace holdfast::restore {
namespace {

// Fails the list of one type.
class FailingCluster : public FakeCluster {
 public:
  Status List(const kube::ResourceType& type, const std::string& fields, bool metadata_only,
              const kube::ObjectSink& sink) override {
    if (type.plural == broken) {
      HF_TRY(FakeCluster::List(type, fields, metadata_only, sink));
      return Fail(error);
    }
    if (!fields.empty()) ++field_lists;
    if (repeat) HF_TRY(FakeCluster::List(type, fields, metadata_only, sink));
    return FakeCluster::List(type, fields, metadata_only, sink);
  }
  Result<std::string> Get(const kube::ResourceType& type, std::string_view ns,
                          std::string_view name) override {
    if (type.plural == broken) return Fail(error);
    return FakeCluster::Get(type, ns, name);
  }
  std::string broken;
  Error error = Error(ErrorKind::kUnavailable, "conversion webhook for x.io failed").Code(500);
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
  // What is wrong with more than this type: our rights, the way to the server, a stop.
  for (const Error& error : {Error(ErrorKind::kUnauthorized, "forbidden").Code(403),
                             Error(ErrorKind::kUnavailable, "connection refused"),
                             Error(ErrorKind::kCancelled, "stopped").Code(500)}) {
    cluster.error = error;
    auto live = Live::Read(*index, types, cluster, {});
    ASSERT_FALSE(live);
    EXPECT_NE(live.error().ToString().find("pots.x.io"), std::string::npos);
  }
}

TEST_F(LiveTest, ComparingAgainTakesNoMoreMemory) {
  const std::string rose =
      J("{'metadata':{'name':'rose','namespace':'n','ownerReferences':[{'apiVersion':'x.io/v1',"
        "'kind':'Pot','name':'pot','uid':'u'},{'apiVersion':'x.io/v1','kind':'Pot','name':'can',"
        "'uid':'v'}]}}");
  auto index = LoadIndex({{"secrets.#v1/n/rose.json", rose}});
  ASSERT_TRUE(index);
  cluster.Put("secrets.#v1/n/rose.json", rose);
  kube::Discovery discovery = cluster.Discovery();
  Types types = Types::Resolve(*index, discovery, cluster.crds);
  auto live = Live::Read(*index, types, cluster, {});
  ASSERT_TRUE(live);
  ASSERT_EQ((*live)[0].owners_count, 2);
  const size_t before = live->MemoryBytes();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(live->Compare(0, rose));
  EXPECT_EQ(live->MemoryBytes(), before);
  EXPECT_EQ((*live)[0].owners_count, 2);
}

const char* const kPots =
    "apiVersion: resources.cattle.io/v1\nkind: ResourceSet\nmetadata: {name: a}\n"
    "resourceSelectors:\n- {apiVersion: x.io/v1, kinds: [pots, plants]}\n"
    "- {apiVersion: v1, kinds: [secrets]}\n";

// D11.
TEST_F(LiveTest, ATypeThatCannotBeReadFailsAloneAndIsReadAgainLater) {
  const std::string owner =
      ",'ownerReferences':[{'apiVersion':'x.io/v1','kind':'Pot','name':'pot','uid':'u'}]";
  const std::string rose = "{'metadata':{'name':'rose'" + owner + "}}";
  const char* const kRose = "secrets.#v1/n/rose.json";
  Entries entries = {{kPot, Pot("1")},
                     {"plants.x.io#v1/oak.json", J("{'metadata':{'name':'oak'}}")},
                     {kRose, J(rose)}};
  cluster.Put(kPot, Pot("1", "n"));
  cluster.Put("pots.x.io#v1/n/extra.json", J("{'metadata':{'name':'extra','namespace':'n'}}"));
  cluster.Put(kRose, J("{'metadata':{'name':'rose','namespace':'n'" + owner + "}}"));
  cluster.broken = "pots";
  PlanOptions options;
  options.prune = true;
  Planned plan = MakePlan(entries, cluster, options, kPots);
  EXPECT_EQ(plan.Kind(kPot), ActionKind::kCannot);
  EXPECT_NE(plan.Reason(kPot).find("conversion webhook for x.io failed"), std::string::npos);
  EXPECT_EQ(plan.Kind("plants.x.io#v1/oak.json"), ActionKind::kCreate);
  // That its owner may be there is no reason to take the reference away.
  EXPECT_EQ(plan.Kind(kRose), ActionKind::kNothing);
  EXPECT_EQ(plan.Write(kRose).dropped_owners.size(), 1u);
  EXPECT_TRUE(plan.Deleted().empty());
  EXPECT_TRUE(plan.live->AnyUnread());
  ASSERT_EQ(plan.live->prune_gaps().size(), 1u);
  EXPECT_NE(plan.live->prune_gaps()[0].find("pots.x.io"), std::string::npos);

  cluster.broken.clear();
  LiveOptions read;
  read.selection = plan.selection.get();
  ASSERT_TRUE(plan.live->Reread(*plan.types, {}, cluster, read));
  EXPECT_FALSE(plan.live->AnyUnread());
  *plan.plan = Plan::Build(*plan.index, *plan.types, *plan.live, options);
  EXPECT_EQ(plan.Kind(kPot), ActionKind::kNothing);
  EXPECT_EQ(plan.Deleted(), std::vector<std::string>{"pots.x.io n/extra"});
}

TEST_F(LiveTest, OwnersThatCannotBeReadAreNeitherThereNorMissing) {
  const std::string owner =
      ",'ownerReferences':[{'apiVersion':'x.io/v1','kind':'Pot','name':'away','uid':'u'}]";
  cluster.Put("secrets.#v1/n/rose.json",
              J("{'metadata':{'name':'rose','namespace':'n'" + owner + "}}"));
  cluster.Put("secrets.#v1/n/extra.json",
              J("{'metadata':{'name':'extra','namespace':'n'" + owner + "}}"));
  Entries entries = {{"secrets.#v1/n/rose.json", J("{'metadata':{'name':'rose'" + owner + "}}")},
                     {"plants.x.io#v1/oak.json", J("{'metadata':{'name':'oak'}}")},
                     {"secrets.#v1/n/new.json", J("{'metadata':{'name':'new'" + owner + "}}")}};
  // Few are asked for one by one, many by a list.
  for (int i = 0; i < 40; ++i) {
    std::string name = "many-" + std::to_string(i);
    entries.push_back(
        {"configmaps.#v1/n/" + name + ".json",
         J("{'metadata':{'name':'" + name +
           "','ownerReferences':[{'apiVersion':'apps/v1','kind':'Deployment','name':'" + name +
           "','uid':'u'}]}}")});
  }
  for (const char* broken : {"pots", "deployments"}) {
    cluster.broken = broken;
    Planned plan = MakePlan(entries, cluster);
    bool pots = cluster.broken == "pots";
    // What an object that may be there owns is not pruned.
    PlanOptions prune;
    prune.prune = true;
    EXPECT_EQ(MakePlan(entries, cluster, prune, kPots).Deleted().empty(), pots);
    EXPECT_EQ(plan.Kind("secrets.#v1/n/rose.json"),
              pots ? ActionKind::kNothing : ActionKind::kUpdate);
    PreparedWrite many = plan.Write("configmaps.#v1/n/many-7.json");
    ASSERT_EQ(many.dropped_owners.size(), 1u);
    EXPECT_EQ(many.dropped_owners[0].find("cannot be read") != std::string::npos, !pots);
  }
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
  EXPECT_EQ(Decider(*plan.plan).Decide(0).kind, ActionKind::kNothing);
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
