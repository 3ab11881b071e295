#include "backup/settle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "backup/fake_api.h"
#include "base/json_scan.h"

namespace holdfast::backup {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

// Keeps "ns/name=value" of what it is offered; takes all, or what carries the label pick.
class Keeper : public ObjectTaker {
 public:
  Result<bool> Offer(ObjectScan& object, std::span<const size_t> matched) override {
    if (by_label && object.object().find("\"pick\"") == std::string_view::npos && matched.empty())
      return false;
    return Keep(object);
  }
  Status Take(ObjectScan& object) override {
    HF_TRY(Keep(object));
    return {};
  }
  bool by_label = false;
  std::vector<std::string> kept;

 private:
  Result<bool> Keep(ObjectScan& object) {
    kept.push_back(std::string(object.ns()) + "/" + std::string(object.name()) + "=" +
                   json::FindString(object.object(), {"value"}).value_or("?"));
    return true;
  }
};

class SettleTest : public ::testing::Test {
 protected:
  SettleTest() {
    selection_.type = &widgets_;
    selection_.plain_list = true;
    api_.Put("customresourcedefinitions", "", "widgets.x.io", "");
  }

  void Fix() {
    auto instant = Instant::Fix(api_, {{FakeType("customresourcedefinitions", false), ""}}, {});
    ASSERT_TRUE(instant) << instant.error().ToString();
    instant_.emplace(std::move(*instant));
    api_.requests.clear();
  }
  Result<KindOutcome> Settle(ListMode mode = ListMode::kWhole, bool busy = false) {
    keeper_.kept.clear();
    SettleRequest request;
    request.selection = &selection_;
    request.mode = mode;
    request.busy = busy;
    return SettleKind(api_, *instant_, request, keeper_, {});
  }
  // Settles and expects success.
  KindOutcome Settled(ListMode mode = ListMode::kWhole, bool busy = false) {
    auto outcome = Settle(mode, busy);
    EXPECT_TRUE(outcome) << outcome.error().ToString();
    return outcome ? *outcome : KindOutcome();
  }
  // Something else than widgets happens, so that their list is newer than R.
  void Noise() { api_.Put("gadgets", "", "noise", std::to_string(++noise_)); }
  void Fill(int count) {
    for (int i = 0; i < count; ++i) api_.Put("widgets", "a", "w" + std::to_string(i), "old");
  }

  FakeApi api_;
  kube::ResourceType widgets_ = FakeType("widgets");
  resourceset::TypeSelection selection_;
  std::optional<Instant> instant_;
  Keeper keeper_;
  int noise_ = 0;
};

TEST_F(SettleTest, AListOfRIsCompleteWithOneRequest) {
  Fill(2);
  Fix();
  KindOutcome outcome = Settled();
  EXPECT_EQ(outcome.way, "cached");
  EXPECT_TRUE(outcome.pinned);
  EXPECT_THAT(keeper_.kept, UnorderedElementsAre("a/w0=old", "a/w1=old"));
  EXPECT_THAT(api_.requests, ElementsAre("widgets"));
}

TEST_F(SettleTest, PagesOnServersThatDoNotStream) {
  Fill(2);
  Fix();
  EXPECT_EQ(Settled(ListMode::kPages).way, "pages");
  EXPECT_THAT(api_.requests, ElementsAre("widgets limit=500"));
}

TEST_F(SettleTest, ALaterListWithNothingMissingCostsOneCount) {
  Fill(2);
  Fix();
  Noise();
  EXPECT_EQ(Settled().way, "cached");
  EXPECT_THAT(api_.requests, ElementsAre("widgets", "customresourcedefinitions limit=1 meta",
                                         "widgets exact limit=1 meta"));
}

TEST_F(SettleTest, AnObjectChangedSinceIsReadAsItWas) {
  Fill(2);
  Fix();
  api_.Put("widgets", "a", "w0", "new");
  EXPECT_EQ(Settled().way, "cached+settled(1)");
  EXPECT_THAT(keeper_.kept, UnorderedElementsAre("a/w0=old", "a/w1=old"));
  EXPECT_THAT(api_.requests, Contains("widgets ns=a exact field=metadata.name=w0"));
}

TEST_F(SettleTest, SelectionIsDoneOnTheObjectAsItWas) {
  keeper_.by_label = true;
  api_.Put("widgets", "a", "left", "1", R"({"pick":"1"})");
  api_.Put("widgets", "a", "came", "1");
  Fix();
  api_.Put("widgets", "a", "left", "2");
  api_.Put("widgets", "a", "came", "2", R"({"pick":"1"})");
  Settled();
  EXPECT_THAT(keeper_.kept, ElementsAre("a/left=1"));
}

TEST_F(SettleTest, AnObjectCreatedSinceIsLeftOut) {
  Fill(1);
  Fix();
  api_.Put("widgets", "a", "later", "new");
  EXPECT_EQ(Settled().way, "cached+settled(1)");
  EXPECT_THAT(keeper_.kept, ElementsAre("a/w0=old"));
}

TEST_F(SettleTest, AnObjectDeletedSinceIsFound) {
  Fill(3);
  Fix();
  api_.Delete("widgets", "a", "w1");
  EXPECT_EQ(Settled().way, "cached+settled(1)");
  EXPECT_THAT(keeper_.kept, UnorderedElementsAre("a/w0=old", "a/w1=old", "a/w2=old"));
  EXPECT_THAT(api_.requests, Contains("widgets exact limit=500 meta"));
}

TEST_F(SettleTest, DeletedAndCreatedSinceDoNotCancelOut) {
  Fill(2);
  Fix();
  api_.Delete("widgets", "a", "w1");
  api_.Put("widgets", "a", "later", "new");
  Settled();
  EXPECT_THAT(keeper_.kept, UnorderedElementsAre("a/w0=old", "a/w1=old"));
}

TEST_F(SettleTest, DeletedAndMadeAgainIsReadAsItWas) {
  Fill(2);
  Fix();
  api_.Delete("widgets", "a", "w1");
  api_.Put("widgets", "a", "w1", "another");
  Settled();
  EXPECT_THAT(keeper_.kept, UnorderedElementsAre("a/w0=old", "a/w1=old"));
}

TEST_F(SettleTest, ChangesBetweenTheReadsThemselvesDoNotShow) {
  Fill(4);
  Fix();
  int left = 6;
  api_.before = [&](const kube::ListRequest&) {
    if (left-- <= 0) return;
    api_.Put("widgets", "a", "w0", "new" + std::to_string(left));
    api_.Delete("widgets", "a", "w" + std::to_string(1 + left % 3));
  };
  Settled();
  EXPECT_THAT(keeper_.kept, UnorderedElementsAre("a/w0=old", "a/w1=old", "a/w2=old", "a/w3=old"));
}

TEST_F(SettleTest, WithoutACountTheNamesAreRead) {
  Fill(3);
  Fix();
  api_.tell_remaining = false;
  api_.Delete("widgets", "a", "w2");
  Settled();
  EXPECT_EQ(keeper_.kept.size(), 3u);
  api_.requests.clear();
  Fix();
  Noise();
  Settled();
  EXPECT_THAT(api_.requests, Contains("widgets exact limit=500 meta"));
}

TEST_F(SettleTest, AListThatBreaksOffAndBeginsAgainShowsEachObjectOnce) {
  Fill(4);
  Fix();
  api_.cut_off["widgets"] = 2;
  int lists = 0;
  api_.before = [&](const kube::ListRequest& request) {
    if (!request.exact && request.type->plural == "widgets" && ++lists == 2)
      api_.Put("widgets", "a", "w0", "new");
  };
  Settled();
  EXPECT_THAT(keeper_.kept, UnorderedElementsAre("a/w0=old", "a/w1=old", "a/w2=old", "a/w3=old"));
}

TEST_F(SettleTest, WhatIsSeenTwiceIsReadAgainOnceAtMost) {
  Fill(4);
  Fix();
  api_.Put("widgets", "a", "w0", "new");
  api_.cut_off["widgets"] = 3;
  int lists = 0;
  api_.before = [&](const kube::ListRequest& request) {
    if (!request.exact && request.type->plural == "widgets" && ++lists == 2)
      api_.Put("widgets", "a", "w1", "new");
  };
  // w0 was newer in both lists; w1 was seen as it was in the first one.
  EXPECT_EQ(Settled().way, "cached+settled(1)");
  EXPECT_THAT(keeper_.kept, UnorderedElementsAre("a/w0=old", "a/w1=old", "a/w2=old", "a/w3=old"));
  EXPECT_EQ(std::count_if(api_.requests.begin(), api_.requests.end(),
                          [](const std::string& r) { return r.find("field=") != r.npos; }),
            1);
}

TEST_F(SettleTest, ABusyKindIsListedExactly) {
  Fill(200);
  Fix();
  for (int i = 0; i < 150; ++i) api_.Put("widgets", "a", "w" + std::to_string(i), "new");
  KindOutcome outcome = Settled();
  EXPECT_EQ(outcome.way, "cached+exact");
  EXPECT_TRUE(outcome.busy);
  EXPECT_EQ(keeper_.kept.size(), 200u);
  EXPECT_THAT(keeper_.kept, Each(HasSubstr("=old")));
  EXPECT_THAT(api_.requests, Not(Contains(HasSubstr("field="))));
  // The next attempt does not try the ordinary list.
  api_.requests.clear();
  EXPECT_EQ(Settled(ListMode::kWhole, /*busy=*/true).way, "exact");
  EXPECT_THAT(api_.requests, Not(Contains("widgets")));
  EXPECT_EQ(keeper_.kept.size(), 200u);
}

TEST_F(SettleTest, ManyDeletedSinceAreListedExactly) {
  Fill(300);
  Fix();
  for (int i = 0; i < 150; ++i) api_.Delete("widgets", "a", "w" + std::to_string(i));
  EXPECT_EQ(Settled().way, "cached+exact");
  EXPECT_EQ(keeper_.kept.size(), 300u);
  EXPECT_THAT(api_.requests, Not(Contains(HasSubstr("field="))));
}

TEST_F(SettleTest, ExactThroughoutOnOlderServers) {
  Fill(2);
  Fix();
  api_.Put("widgets", "a", "w0", "new");
  api_.Put("widgets", "a", "later", "new");
  EXPECT_EQ(Settled(ListMode::kExact).way, "exact");
  EXPECT_THAT(keeper_.kept, UnorderedElementsAre("a/w0=old", "a/w1=old"));
}

TEST_F(SettleTest, AStoreBehindRIsUnpinned) {
  api_.own_store["widgets"] = 5;
  Fill(3);
  Fix();
  KindOutcome outcome = Settled();
  EXPECT_FALSE(outcome.pinned);
  EXPECT_EQ(outcome.way, "unpinned");
  EXPECT_THAT(outcome.note, HasSubstr("not one of the API server's own store"));
  EXPECT_EQ(keeper_.kept.size(), 3u);
}

TEST_F(SettleTest, AStoreAheadOfEveryReadIsUnpinnedAndTakenAsItIs) {
  api_.own_store["widgets"] = 5000;
  Fill(3);
  Fix();
  KindOutcome outcome = Settled();
  EXPECT_FALSE(outcome.pinned);
  EXPECT_EQ(keeper_.kept.size(), 3u);
  EXPECT_THAT(api_.requests, Not(Contains(HasSubstr("exact"))));
}

TEST_F(SettleTest, AStoreOfItsOwnIsSeenInExactModeToo) {
  // It had revision R itself once, and would answer for it.
  api_.own_store["widgets"] = 5;
  Fill(1);
  api_.own_store["widgets"] = 5000;
  api_.Put("widgets", "a", "now", "x");
  Fix();
  KindOutcome outcome = Settled(ListMode::kExact);
  EXPECT_FALSE(outcome.pinned);
  EXPECT_THAT(keeper_.kept, UnorderedElementsAre("a/w0=old", "a/now=x"));
}

TEST_F(SettleTest, KindsWithoutRevisionsAreUnpinned) {
  api_.no_revisions.insert("widgets");
  Fill(2);
  Fix();
  KindOutcome outcome = Settled();
  EXPECT_FALSE(outcome.pinned);
  EXPECT_EQ(keeper_.kept.size(), 2u);
}

TEST_F(SettleTest, AServerThatRefusesExactListsIsUnpinned) {
  api_.no_exact.insert("widgets");
  Fill(2);
  Fix();
  api_.Put("widgets", "a", "w0", "new");
  KindOutcome outcome = Settled();
  EXPECT_FALSE(outcome.pinned);
  EXPECT_THAT(outcome.note, HasSubstr("refuses"));
  EXPECT_THAT(keeper_.kept, UnorderedElementsAre("a/w0=new", "a/w1=old"));
}

TEST_F(SettleTest, AServerThatIgnoresExactListsIsUnpinned) {
  api_.exact_ignored.insert("widgets");
  Fill(2);
  Fix();
  api_.Put("widgets", "a", "w0", "new");
  KindOutcome outcome = Settled();
  EXPECT_FALSE(outcome.pinned);
  EXPECT_THAT(outcome.note, HasSubstr("came back at"));
  EXPECT_THAT(keeper_.kept, UnorderedElementsAre("a/w0=new", "a/w1=old"));
  EXPECT_FALSE(Settled(ListMode::kExact).pinned);
}

TEST_F(SettleTest, ObjectsWithoutRevisionsAreUnpinned) {
  api_.no_object_revisions.insert("widgets");
  Fill(2);
  Fix();
  EXPECT_FALSE(Settled().pinned);
  EXPECT_EQ(keeper_.kept.size(), 2u);
}

TEST_F(SettleTest, ACompactedRevisionIsExpired) {
  Fill(2);
  Fix();
  api_.Put("widgets", "a", "w0", "new");
  api_.compacted = api_.revision();
  auto outcome = Settle();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind(), ErrorKind::kExpired);
  EXPECT_THAT(outcome.error().ToString(), StartsWith("listing widgets.x.io"));
}

TEST_F(SettleTest, AKindThatVanishedIsExpired) {
  Fill(2);
  Fix();
  api_.gone.insert("widgets");
  auto outcome = Settle();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind(), ErrorKind::kExpired);
}

TEST_F(SettleTest, ForbiddenClusterWideIsListedInItsNamespaces) {
  for (const char* ns : {"a", "b", "c"}) api_.Put("widgets", ns, "w", "old");
  Fix();
  api_.forbidden.insert("widgets");
  api_.Put("widgets", "b", "w", "new");
  api_.Delete("widgets", "a", "w");
  selection_.namespaces = {"a", "b"};
  EXPECT_EQ(Settled().way, "cached+settled(2)+namespaces(2)");
  EXPECT_THAT(keeper_.kept, UnorderedElementsAre("a/w=old", "b/w=old"));
}

TEST_F(SettleTest, ForbiddenWithoutNamespacesIsAnError) {
  Fix();
  api_.forbidden.insert("widgets");
  auto outcome = Settle();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code(), 403);
}

TEST_F(SettleTest, AServerFieldSelectorIsAskedExactly) {
  keeper_.by_label = true;
  api_.Put("widgets", "a", "w0", "blue");
  api_.Put("widgets", "a", "w1", "blue", R"({"pick":"1"})");
  api_.Put("widgets", "a", "w2", "red");
  Fix();
  api_.Put("widgets", "a", "w0", "red");
  api_.Put("widgets", "a", "w2", "blue");
  selection_.server_field_selectors = {{"value=blue", {3}}};
  EXPECT_EQ(Settled().way, "cached+exact+settled(2)");
  EXPECT_THAT(keeper_.kept, UnorderedElementsAre("a/w1=blue", "a/w0=blue"));
}

TEST_F(SettleTest, GetOnlyKindsAreReadOneByOneAndUnpinned) {
  Fill(3);
  Fix();
  selection_.access = resourceset::TypeSelection::Access::kGet;
  selection_.gets = {{"a", "w0"}, {"a", "w2"}};
  KindOutcome outcome = Settled();
  EXPECT_EQ(outcome.way, "get");
  EXPECT_FALSE(outcome.pinned);
  EXPECT_THAT(keeper_.kept, ElementsAre("a/w0=old", "a/w2=old"));

  selection_.gets = {{"a", "nobody"}};
  auto missing = Settle();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind(), ErrorKind::kNotFound);
  EXPECT_THAT(missing.error().ToString(), HasSubstr("widgets.x.io a/nobody"));
}

TEST_F(SettleTest, AnErrorOfTheTakerEndsIt) {
  class Refuser : public ObjectTaker {
    Result<bool> Offer(ObjectScan&, std::span<const size_t>) override {
      return Fail(ErrorKind::kCancelled, "enough");
    }
    Status Take(ObjectScan&) override { return {}; }
  } refuser;
  Fill(1);
  Fix();
  SettleRequest request;
  request.selection = &selection_;
  auto outcome = SettleKind(api_, *instant_, request, refuser, {});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind(), ErrorKind::kCancelled);
}

TEST(InstantTest, TakesTheFirstReferenceThatMayBeListed) {
  FakeApi api;
  api.Put("secrets", "a", "s", "1");
  api.forbidden = {"customresourcedefinitions", "secrets"};
  auto instant = Instant::Fix(api,
                              {{FakeType("customresourcedefinitions", false), ""},
                               {FakeType("secrets"), ""},
                               {FakeType("secrets"), "a"}},
                              {});
  ASSERT_TRUE(instant) << instant.error().ToString();
  EXPECT_EQ(instant->revision(), api.revision());
  EXPECT_EQ(instant->reference().ns, "a");
}

TEST(InstantTest, ReportsTheFirstRefusal) {
  FakeApi api;
  api.forbidden = {"customresourcedefinitions"};
  auto instant = Instant::Fix(api, {{FakeType("customresourcedefinitions", false), ""}}, {});
  ASSERT_FALSE(instant);
  EXPECT_EQ(instant.error().code(), 403);
}

TEST(InstantTest, RevisionsOfTheMainStoreLieBetweenRAndAReadMadeNow) {
  FakeApi api;
  api.Put("customresourcedefinitions", "", "c", "1");
  auto instant = Instant::Fix(api, {{FakeType("customresourcedefinitions", false), ""}}, {});
  ASSERT_TRUE(instant);
  uint64_t r = instant->revision();
  EXPECT_FALSE(*instant->IsOfMainStore(r - 1, {}));
  EXPECT_TRUE(*instant->IsOfMainStore(r, {}));
  EXPECT_FALSE(*instant->IsOfMainStore(r + 1, {}));
  api.Put("customresourcedefinitions", "", "c", "2");
  EXPECT_TRUE(*instant->IsOfMainStore(r + 1, {}));
  EXPECT_FALSE(*instant->IsOfMainStore(r + 2, {}));
}

TEST(NameFieldSelectorTest, EscapesWhatSelectorsGiveAMeaning) {
  EXPECT_EQ(NameFieldSelector("system:a,b=c\\d"), "metadata.name=system:a\\,b\\=c\\\\d");
}

}  // namespace
}  // namespace holdfast::backup
