#include "testbed/objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/json_scan.h"

namespace holdfast::testbed {
namespace {

ObjectSetOptions Small() {
  ObjectSetOptions options;
  options.objects = 2000;
  return options;
}

template <typename Visit>
void ForEach(const ObjectSet& set, Visit visit) {
  for (Phase phase : kPhases) {
    for (size_t i = 0; i < set.size(phase); ++i) visit(phase, set.At(phase, i));
  }
}

TEST(Objects, AreAsManyAsAskedForAndNoTwoAreTheSame) {
  ObjectSet set(Small());
  EXPECT_EQ(set.size(), 2000u);
  std::set<std::string> keys;
  ForEach(set, [&](Phase, const Object& object) { keys.insert(object.key.ToString()); });
  EXPECT_EQ(keys.size(), 2000u);
  EXPECT_GE(set.size(Phase::kDefinitions), 78u);
  ObjectSetOptions options;
  options.objects = 100'000;
  options.large_secrets = 200;
  EXPECT_EQ(ObjectSet(options).size(), 100'200u);
}

TEST(Objects, AreTheSameForTheSameSeedOnly) {
  ObjectSet a(Small()), b(Small());
  ObjectSetOptions other = Small();
  other.seed = 2;
  ObjectSet c(other);
  for (size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(a.At(Phase::kNamespaced, i).json, b.At(Phase::kNamespaced, i).json);
    EXPECT_NE(a.At(Phase::kNamespaced, i).json, c.At(Phase::kNamespaced, i).json);
  }
  // Pinned: a change of the generator changes what every benchmark measures.
  Object pinned = a.At(Phase::kNamespaced, 100);
  EXPECT_EQ(pinned.key.ToString(),
            "projectroletemplatebindings.management.cattle.io/p-1ak25/prtb-3lnt6");
  EXPECT_EQ(pinned.json.size(), 546u);
}

TEST(Objects, AreValidAndSayWhoTheyAre) {
  ObjectSet set(Small());
  ForEach(set, [](Phase, const Object& object) {
    Status valid = json::Validate(object.json);
    ASSERT_TRUE(valid) << object.key.ToString() << ": " << valid.error().ToString();
    if (!object.status.empty()) {
      ASSERT_TRUE(json::Validate(object.status)) << object.key.ToString();
    }
    EXPECT_EQ(json::FindString(object.json, {"kind"}), object.key.type->kind);
    EXPECT_EQ(json::FindString(object.json, {"apiVersion"}), object.key.type->gv.ToString());
    EXPECT_EQ(json::FindString(object.json, {"metadata", "name"}), object.key.name);
    EXPECT_EQ(json::FindString(object.json, {"metadata", "namespace"}).value_or(""), object.key.ns);
    EXPECT_EQ(object.key.ns.empty(), !object.key.type->namespaced);
  });
}

TEST(Objects, OwnersComeInAnEarlierPhaseAndShareTheNamespace) {
  ObjectSet set(Small());
  std::set<std::string> made;
  size_t owned = 0;
  for (Phase phase : kPhases) {
    std::vector<std::string> of_phase;
    for (size_t i = 0; i < set.size(phase); ++i) {
      Object object = set.At(phase, i);
      of_phase.push_back(object.key.ToString());
      bool marked = object.json.find(kOwnerUid) != std::string::npos;
      EXPECT_EQ(marked, object.owner.type != nullptr) << of_phase.back();
      if (!marked) continue;
      ++owned;
      EXPECT_TRUE(made.contains(object.owner.ToString())) << of_phase.back();
      EXPECT_TRUE(set.MayOwn(*object.owner.type));
      if (!object.owner.ns.empty()) {
        EXPECT_EQ(object.owner.ns, object.key.ns);
      }
    }
    made.insert(of_phase.begin(), of_phase.end());
  }
  EXPECT_GT(owned, 100u);
}

TEST(Objects, HoldWhatBreaksCarelessPrograms) {
  ObjectSetOptions options;
  ObjectSet set(options);
  size_t bytes = 0, big_numbers = 0, unicode = 0, statuses = 0, large = 0, small = 0;
  ForEach(set, [&](Phase, const Object& object) {
    bytes += object.json.size() + object.status.size();
    if (object.json.find("集群") != std::string::npos) ++unicode;
    if (!object.status.empty()) ++statuses;
    if (object.key.type->plural == "secrets") {
      if (object.json.size() > 500'000) ++large;
      if (object.json.size() < 600) ++small;
    }
    if (object.key.type->plural == "bundles" &&
        object.json.find("\"generation\":11529215046068") != std::string::npos) {
      ++big_numbers;
    }
  });
  EXPECT_GT(bytes, 95'000'000u);
  EXPECT_LT(bytes, 125'000'000u);
  EXPECT_GT(big_numbers, 300u);
  EXPECT_GT(unicode, 3000u);
  EXPECT_GT(statuses, 4000u);
  EXPECT_GE(large, 1u);
  EXPECT_GE(small, 100u);
}

TEST(Objects, LargeSecretsAreAsLargeAsAskedFor) {
  ObjectSetOptions options = Small();
  options.large_secrets = 3;
  ObjectSet set(options);
  Object last = set.At(Phase::kNamespaced, set.size(Phase::kNamespaced) - 1);
  EXPECT_EQ(last.key.name, "large-secret-2");
  EXPECT_NEAR(static_cast<double>(last.json.size()), 1'000'000 * 4 / 3.0, 1000);
}

TEST(Objects, TheResourceSetNamesEveryCustomGroup) {
  std::string text = RancherResourceSet("all");
  for (const ObjectKind& kind : RancherKinds()) {
    EXPECT_THAT(text, ::testing::HasSubstr("apiVersion: " + kind.type.gv.ToString() + "\n"));
  }
}

}  // namespace
}  // namespace holdfast::testbed
