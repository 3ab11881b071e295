#include "restore/index.h"

#include "crypto/encryption_config.h"
#include "restore/archive_for_test.h"
#include "restore/cycles.h"
#include "restore/names.h"
#include "restore/uid.h"

namespace holdfast::restore {
namespace {

crypto::Transformers Keys(const std::string& key_name) {
  auto config = crypto::EncryptionConfig::Parse(
      "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n"
      "- resources: ['*.*']\n  providers:\n  - secretbox:\n      keys:\n      - name: " +
          key_name + "\n        secret: YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=\n",
      "test");
  EXPECT_TRUE(config) << config.error().ToString();
  auto keys = crypto::Transformers::Build(std::move(*config));
  EXPECT_TRUE(keys);
  return std::move(*keys);
}

Index Loaded(const Entries& entries) {
  auto index = LoadIndex(entries);
  EXPECT_TRUE(index) << index.error().ToString();
  if (!index) std::abort();
  return std::move(*index);
}

ObjectId At(const Index& index, const std::string& path) {
  auto name = archive::EntryName::Parse(path);
  return index.Find(index.FindType({name->group, name->version}, name->plural), name->ns,
                    name->name);
}

TEST(Index, FindsObjectsAndReadsTheirBodiesAgain) {
  std::string secret =
      J("{'apiVersion':'v1','kind':'Secret','metadata':{'name':'a',"
        "'namespace':'n'},'n':9007199254740993}");
  Index index = Loaded({{"namespaces.#v1/n.json",
                         J("{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'n'}}")},
                        {"secrets.#v1/n/a.json", secret}});
  ASSERT_EQ(index.size(), 2u);
  ObjectId id = At(index, "secrets.#v1/n/a.json");
  ASSERT_NE(id, kNoId);
  EXPECT_EQ(index.Describe(id), "secrets n/a");
  EXPECT_EQ(index.Path(id), "secrets.#v1/n/a.json");
  EXPECT_EQ(index.PhaseOf(id), Phase::kNamespaced);
  EXPECT_EQ(index.PhaseOf(At(index, "namespaces.#v1/n.json")), Phase::kClusterScoped);
  auto body = index.Body(id);
  ASSERT_TRUE(body);
  EXPECT_EQ(*body, secret);
  EXPECT_EQ(At(index, "secrets.#v1/other/a.json"), kNoId);
  EXPECT_EQ(At(index, "secrets.#v1/n/b.json"), kNoId);
  EXPECT_EQ(index.FindAnyVersion("", "secrets", "n", "a"), id);
}

Result<Index> LoadBytes(const std::string& archive) {
  stream::StringSource source(archive);
  IndexOptions options;
  options.temp_dir = std::filesystem::temp_directory_path();
  return Index::Load(source, NoKeys(), options);
}

TEST(Index, TheSealAloneProvesAnArchiveOfOurs) {
  std::string text = J("{'metadata':{'name':'a'},'spec':{'some':'thing','n':12345}}");
  std::string good = MakeArchive({{"plants.x.io#v1/a.json", text}});
  ASSERT_TRUE(LoadBytes(good));
  for (size_t bit = 0; bit < good.size() * 8; bit += 37) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(LoadBytes(bad)) << "bit " << bit;
  }

  // Digests of entries are not computed: verify does that.
  stream::StringSink out;
  archive::Writer writer(out, Clock::Wall{});
  EXPECT_TRUE(writer.Add("plants.x.io#v1/a.json", text, stream::Sha256::Of("another text")));
  EXPECT_TRUE(writer.Finish({}));
  EXPECT_TRUE(LoadBytes(out.Take()));
}

TEST(Index, FillsInWhatAnEntryLacks) {
  Index index = Loaded(
      {{"secrets.#v1/n/a.json", J("{'metadata':{'name':'a'}}")},
       {"secrets.#v1/n/b.json", J("{'apiVersion':'v1','kind':'Secret','metadata':{'name':'b'}}")}});
  auto body = index.Body(At(index, "secrets.#v1/n/a.json"));
  ASSERT_TRUE(body);
  EXPECT_EQ(*body, J("{'metadata':{'name':'a'},'apiVersion':'v1','kind':'Secret'}"));
}

TEST(Index, TheLaterOfTwoEntriesWins) {
  Index index =
      Loaded({{"configmaps.#v1/n/a.json", J("{'metadata':{'name':'a'},'data':{'v':'1'}}")},
              {"configmaps.#v1/n/b.json", J("{'metadata':{'name':'b'}}")},
              {"configmaps.#v1/n/a.json", J("{'metadata':{'name':'a'},'data':{'v':'2'}}")}});
  EXPECT_EQ(index.size(), 2u);
  EXPECT_EQ(index.duplicates(), 1u);
  ObjectId id = At(index, "configmaps.#v1/n/a.json");
  EXPECT_NE(index.Body(id)->find(J("'v':'2'")), std::string::npos);
  std::string scratch;
  EXPECT_EQ(
      index.MainDigest(id),
      FormsOf(index.hasher(), Special::kNone, J("{'metadata':{},'data':{'v':'2'}}"), scratch).main);
}

TEST(Index, PhasesByType) {
  Index index = Loaded(
      {{"customresourcedefinitions.apiextensions.k8s.io#v1/a.x.io.json",
        J("{'metadata':{'name':'a.x.io'},'spec':{'group':'x.io','names':{'plural':'a','kind':'A'},"
          "'scope':'Namespaced','versions':[{'name':'v1','served':true,'subresources':"
          "{'status':{}}}]}}")},
       {"validatingwebhookconfigurations.admissionregistration.k8s.io#v1/w.json",
        J("{'metadata':{'name':'w'}}")},
       {"apiservices.apiregistration.k8s.io#v1/v1.x.io.json", J("{'metadata':{'name':'v1.x.io'}}")},
       {"customresourcedefinitions.x.io#v1/a.json", J("{'metadata':{'name':'a'}}")}});
  EXPECT_EQ(index.PhaseOf(0), Phase::kCrds);
  EXPECT_EQ(index.PhaseOf(1), Phase::kLast);
  EXPECT_EQ(index.PhaseOf(2), Phase::kLast);
  EXPECT_EQ(index.PhaseOf(3), Phase::kClusterScoped);
  ASSERT_EQ(index.crds().size(), 1u);
  EXPECT_EQ(index.crds()[0].plural, "a");
  EXPECT_TRUE(index.crds()[0].namespaced);
  EXPECT_TRUE(index.crds()[0].versions[0].status);
}

TEST(Index, EncryptedEntriesStayEncryptedInTheSpool) {
  crypto::Transformers keys = Keys("key1");
  std::string plain = J("{'apiVersion':'v1','kind':'Secret','metadata':{'name':'a'}}");
  auto stored = keys.EncryptEntry("secrets", "", "n#a", std::string(plain));
  ASSERT_TRUE(stored);
  Entries entries = {{"secrets.#v1/n/a.json", *stored}};
  auto index = LoadIndex(entries, keys);
  ASSERT_TRUE(index) << index.error().ToString();
  EXPECT_EQ(index->BodyBytes(0), stored->size());
  EXPECT_EQ(*index->Body(0), plain);

  auto without = LoadIndex(entries);
  ASSERT_FALSE(without);
  std::string text = without.error().ToString();
  for (const char* part : {"secrets.#v1/n/a.json", "secretbox", "key1"})
    EXPECT_NE(text.find(part), std::string::npos) << text;
  crypto::Transformers other = Keys("key2");
  EXPECT_FALSE(LoadIndex(entries, other));
}

struct BadEntry {
  const char* path;
  const char* stored;
  const char* says;
};

TEST(Index, BadEntriesAreNamedBeforeAnythingElse) {
  const BadEntry rows[] = {
      {"configmaps.#v1/n/a.json", "", "empty"},
      {"configmaps.#v1/n/a.json", "hello", "not JSON"},
      {"configmaps.#v1/n/a.json", "{'metadata':{'name':'a'}} x", "not JSON"},
      {"configmaps.#v1/n/a.json", "[1]", "not an object"},
      {"configmaps.#v1/n/a.json", "{}", "no metadata"},
      {"configmaps.#v1/n/a.json", "{'metadata':[]}", "no metadata"},
      {"configmaps.#v1/n/a.json", "{'metadata':{}}", "metadata.name is missing"},
      {"configmaps.#v1/n/a.json", "{'metadata':{'name':1}}", "metadata.name"},
      {"configmaps.#v1/n/a.json", "{'metadata':{'name':'b'}}", "metadata.name"},
      {"configmaps.#v1/n/a.json", "{'metadata':{'name':'a','namespace':'m'}}",
       "metadata.namespace"},
      {"configmaps.#v1/a.json", "{'metadata':{'name':'a','namespace':'m'}}", "metadata.namespace"},
      {"configmaps.#v1/n/a.json", "{'apiVersion':'v2','metadata':{'name':'a'}}", "apiVersion"},
      {"configmaps.#v1/n/a.json", "{'metadata':{'name':'a','ownerReferences':'x'}}",
       "ownerReferences"},
      {"customresourcedefinitions.apiextensions.k8s.io#v1/a.json", "{'metadata':{'name':'a'}}",
       "no spec"},
  };
  for (const BadEntry& row : rows) {
    auto index = LoadIndex(
        {{"namespaces.#v1/n.json", J("{'metadata':{'name':'n'}}")}, {row.path, J(row.stored)}},
        NoKeys(), /*plain=*/true);
    ASSERT_FALSE(index) << row.stored;
    std::string text = index.error().ToString();
    EXPECT_NE(text.find(row.path), std::string::npos) << text;
    EXPECT_NE(text.find(row.says), std::string::npos) << text;
  }
}

TEST(Index, TheFirstBadEntryIsTold) {
  Entries entries;
  for (int i = 0; i < 200; ++i) {
    std::string name = "o" + std::to_string(i);
    entries.push_back({"configmaps.#v1/n/" + name + ".json",
                       i < 100 ? J("{'metadata':{'name':'" + name + "'}}") : "bad"});
  }
  auto index = LoadIndex(entries);
  ASSERT_FALSE(index);
  EXPECT_NE(index.error().ToString().find("/o100.json"), std::string::npos)
      << index.error().ToString();
}

TEST(Index, OwnersAreFoundInTheArchive) {
  const char* refs =
      "{'metadata':{'name':'pot','ownerReferences':["
      "{'apiVersion':'x.io/v2','kind':'Plant','name':'oak','uid':'1'},"
      "{'apiVersion':'v1','kind':'Node','name':'n1','uid':'2'},"
      "{'apiVersion':'v1','kind':'','name':'a'},{'kind':'Pot','name':'a'},"
      "{'apiVersion':'a/b/c','kind':'Pot','name':'a'},"
      "{'apiVersion':'m.io/v3','kind':'globalROLE','name':'g'}]}}";
  Index index =
      Loaded({{"pots.x.io#v1/n/pot.json", J(refs)},
              {"plants.x.io#v1/oak.json", J("{'kind':'Plant','metadata':{'name':'oak'}}")}});
  auto owners = index.Owners(0);
  ASSERT_EQ(owners.size(), 6u);
  EXPECT_EQ(owners[0].kind, ArchivedOwner::Target::kObject);
  EXPECT_EQ(owners[0].target, 1u);
  EXPECT_EQ(owners[1].kind, ArchivedOwner::Target::kExternal);
  EXPECT_EQ(index.external_owners()[owners[1].target].name, "n1");
  for (int i : {2, 3, 4}) EXPECT_EQ(owners[i].kind, ArchivedOwner::Target::kMalformed) << i;
  EXPECT_TRUE(owners[5].role);
  EXPECT_FALSE(owners[0].role);
}

TEST(Index, AClusterScopedObjectHasNoNamespacedOwner) {
  Index index = Loaded(
      {{"plants.x.io#v1/oak.json",
        J("{'metadata':{'name':'oak','ownerReferences':[{'apiVersion':'v1','kind':'ConfigMap',"
          "'name':'a','uid':'1'}]}}")},
       {"configmaps.#v1/n/a.json", J("{'kind':'ConfigMap','metadata':{'name':'a'}}")}});
  EXPECT_EQ(index.Owners(0)[0].kind, ArchivedOwner::Target::kNamespacedOwner);
}

TEST(Index, HoldsLittlePerObject) {
  Entries entries;
  for (int i = 0; i < 5000; ++i) {
    std::string name = "bundle-with-a-name-of-usual-length-" + std::to_string(i);
    entries.push_back({"pots.x.io#v1/namespace-" + std::to_string(i % 50) + "/" + name + ".json",
                       J("{'kind':'Pot','metadata':{'name':'" + name +
                         "','ownerReferences':[{'apiVersion':"
                         "'x.io/v1','kind':'Pot','name':'bundle-with-a-name-of-usual-length-" +
                         std::to_string(i % 50) + "','uid':'1'}]}}")});
  }
  Index index = Loaded(entries);
  EXPECT_LT(index.MemoryBytes() / index.size(), 180u);
}

TEST(Uid, RoundTrips) {
  UidTable table;
  for (const char* text :
       {"6aa7f5cd-ad7b-4e91-9c29-68bf38b618ef", "not-a-uuid",
        "ffffffff-ffff-ffff-ffff-ffffffffffff", "00000000-0000-0000-0000-000000000000",
        "6AA7F5CD-AD7B-4E91-9C29-68BF38B618EF"}) {
    EXPECT_EQ(table.Text(table.Pack(text)), text);
    EXPECT_EQ(table.Pack(text), table.Pack(text));
  }
  EXPECT_TRUE(table.Pack("").empty());
  EXPECT_NE(table.Pack("x"), table.Pack("y"));
}

// Aggregated APIs may have uids of their own kind, as many as objects.
TEST(Uid, ManyThatAreNoUuidsTakeLinearTime) {
  UidTable table;
  std::vector<Uid> uids;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 100'000; ++i) uids.push_back(table.Pack("row-" + std::to_string(i)));
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_EQ(table.Pack("row-" + std::to_string(i)), uids[i]);
    ASSERT_EQ(table.Text(uids[i]), "row-" + std::to_string(i));
  }
  // Comparing each with all others takes minutes.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(NamePool, KeepsStringsAcrossChunks) {
  NamePool pool;
  std::vector<NameRef> refs;
  for (int i = 0; i < 1000; ++i) refs.push_back(pool.Add(std::string(i, 'a') + std::to_string(i)));
  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(pool.Get(refs[i]), std::string(i, 'a') + std::to_string(i));
  EXPECT_EQ(pool.Get(pool.Add("")), "");
}

TEST(Dependencies, LevelsFollowTheLongestWay) {
  Dependencies needs(5);
  needs.Add(3, 1), needs.Add(3, 2), needs.Add(1, 0), needs.Add(2, 1);
  EXPECT_TRUE(needs.BreakCycles().empty());
  EXPECT_EQ(needs.Levels(), (std::vector<uint32_t>{0, 1, 2, 3, 0}));
}

TEST(Dependencies, CirclesAreBrokenAndTheRestKept) {
  Dependencies needs(7);
  needs.Add(0, 1), needs.Add(1, 2), needs.Add(2, 0);  // a circle
  needs.Add(3, 0);                                    // below it
  needs.Add(1, 4);                                    // above it
  needs.Add(5, 5);                                    // its own owner
  EXPECT_EQ(needs.BreakCycles(), (std::vector<uint32_t>{0, 1, 2, 5}));
  EXPECT_EQ(needs.Levels(), (std::vector<uint32_t>{0, 1, 0, 1, 0, 0, 0}));
}

TEST(Dependencies, AChainOfAnyLengthNeedsNoStack) {
  constexpr uint32_t kLength = 200'000;
  Dependencies needs(kLength);
  for (uint32_t i = 1; i < kLength; ++i) needs.Add(i - 1, i);
  EXPECT_TRUE(needs.BreakCycles().empty());
  EXPECT_EQ(needs.Levels()[0], kLength - 1);
}

}  // namespace
}  // namespace holdfast::restore
