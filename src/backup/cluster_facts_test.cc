#include "backup/cluster_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backup/fake_api.h"

namespace holdfast::backup {
namespace {

using ::testing::HasSubstr;

class CrdCheckTest : public ::testing::Test {
 protected:
  CrdCheckTest() {
    selected_[0].type = &widgets_;
    selected_[1].type = &secrets_;
    secrets_.gv = {"", "v1"};
    resourceset::Selector selector;
    selector.api_version = "x.io/v1";
    set_.selectors = {selector};
    api_.Put("customresourcedefinitions", "", "widgets.x.io", "");
    auto instant = Instant::Fix(api_, {{CrdType(), ""}}, {});
    instant_.emplace(std::move(*instant));
  }
  Status Check() {
    return CheckCrdsUnchanged(api_, *instant_, before_, after_, selected_, set_, {});
  }

  FakeApi api_;
  kube::ResourceType widgets_ = FakeType("widgets");
  kube::ResourceType secrets_ = FakeType("secrets");
  std::vector<resourceset::TypeSelection> selected_{2};
  resourceset::ResourceSet set_;
  std::optional<Instant> instant_;
  CrdStates before_ = {{"widgets.x.io", {"u1", "1"}}, {"others.y.io", {"u2", "1"}}};
  CrdStates after_ = before_;
};

TEST_F(CrdCheckTest, PassesWhereNothingThatMattersChanged) {
  EXPECT_TRUE(Check());
  after_["others.y.io"].generation = "2";
  after_["more.z.io"] = {"u4", "1"};
  EXPECT_TRUE(Check());
}

TEST_F(CrdCheckTest, FindsChangedReplacedDeletedAndCreated) {
  after_["widgets.x.io"].generation = "2";
  auto changed = Check();
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().kind(), ErrorKind::kExpired);
  EXPECT_THAT(changed.error().message(), HasSubstr("widgets.x.io changed"));

  after_["widgets.x.io"] = {"u9", "1"};
  EXPECT_FALSE(Check());
  after_.erase("widgets.x.io");
  EXPECT_THAT(Check().error().message(), HasSubstr("was deleted"));
  std::swap(before_, after_);
  EXPECT_THAT(Check().error().message(), HasSubstr("was created"));
}

TEST_F(CrdCheckTest, ACrdNewSinceDiscoveryMattersOnlyIfItWasThereAtR) {
  api_.Put("customresourcedefinitions", "", "late.x.io", "");
  after_["late.x.io"] = {"u3", "1"};
  EXPECT_TRUE(Check());
  auto instant = Instant::Fix(api_, {{CrdType(), ""}}, {});
  instant_.emplace(std::move(*instant));
  EXPECT_FALSE(Check());
}

TEST(ReadCrdsTest, ReadsGenerationsOrNoneWhereForbidden) {
  FakeApi api;
  api.Put("customresourcedefinitions", "", "widgets.x.io", "");
  auto crds = ReadCrds(api, {});
  ASSERT_TRUE(crds && *crds);
  EXPECT_TRUE((*crds)->contains("widgets.x.io"));
  EXPECT_THAT(api.requests, ::testing::ElementsAre("customresourcedefinitions meta"));
  api.forbidden.insert("customresourcedefinitions");
  crds = ReadCrds(api, {});
  ASSERT_TRUE(crds);
  EXPECT_FALSE(*crds);
}

TEST(ReferencesTest, AreKindsOfTheMainStoreOnly) {
  kube::ResourceType secrets = FakeType("secrets"), events = FakeType("events"),
                     widgets = FakeType("widgets");
  secrets.gv = events.gv = {"", "v1"};
  std::vector<resourceset::TypeSelection> selected(3);
  selected[0].type = &widgets;
  selected[1].type = &events;
  selected[2].type = &secrets;
  selected[2].namespaces = {"a", "b"};
  std::vector<std::string> names;
  for (const Reference& r : References(selected)) names.push_back(r.ns + "/" + r.type.plural);
  EXPECT_THAT(names, ::testing::ElementsAre("/customresourcedefinitions", "/namespaces", "/secrets",
                                            "a/secrets"));
}

}  // namespace
}  // namespace holdfast::backup
