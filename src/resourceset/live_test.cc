// What asks an API server: fetching a set, counting, explaining a live object.
#include <algorithm>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/test_client.h"
#include "resourceset/count.h"
#include "resourceset/explain.h"
#include "resourceset/selection_for_test.h"

namespace holdfast::resourceset {
namespace {

using net::TestReply;
using net::TestRequest;
using net::TestServer;
using testing::ElementsAre;
using testing::HasSubstr;

ResourceSet Set(const std::string& selectors) {
  auto set = ParseResourceSet(
      "kind: ResourceSet\napiVersion: resources.cattle.io/v1\n"
      "metadata: {name: s}\nresourceSelectors: [" +
          selectors + "]\n",
      "set.yaml");
  EXPECT_TRUE(set) << set.error().ToString();
  return set ? *set : ResourceSet();
}

std::string ListOf(const std::vector<std::string>& items) {
  std::string body = R"({"metadata":{"resourceVersion":"7"},"items":[)";
  for (size_t i = 0; i < items.size(); ++i) body += (i == 0 ? "" : ",") + items[i];
  return body + "]}";
}

// Answers GETs by path and query; everything else is a 404.
class FakeApi {
 public:
  FakeApi()
      : server_([this](const TestRequest& request, TestReply& reply) {
          std::lock_guard lock(mutex_);
          seen_.push_back(request.target);
          accepts_.push_back(request.headers.at("accept"));
          if (auto it = answers_.find(request.target); it != answers_.end()) {
            reply.Respond(it->second.first, it->second.second);
          } else {
            reply.Respond(404, kube::StatusBody(404, "NotFound", request.target + " not found"));
          }
        }),
        client_(kube::ClientFor(server_.url())) {}

  void Answer(const std::string& target, const std::string& body, int code = 200) {
    std::lock_guard lock(mutex_);
    answers_[target] = {code, body};
  }
  kube::Client& client() { return *client_; }
  std::vector<std::string> seen() {
    std::lock_guard lock(mutex_);
    return seen_;
  }
  std::vector<std::string> accepts() {
    std::lock_guard lock(mutex_);
    return accepts_;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::pair<int, std::string>> answers_;
  std::vector<std::string> seen_, accepts_;
  TestServer server_;
  std::unique_ptr<kube::Client> client_;
};

const std::string kSets = "/apis/resources.cattle.io/v1/resourcesets";

TEST(Fetch, ReadsTheSetOfTheCluster) {
  FakeApi api;
  api.Answer(kSets + "/s",
             R"({"apiVersion":"resources.cattle.io/v1","kind":"ResourceSet","metadata":)"
             R"({"name":"s","uid":"u"},"resourceSelectors":[{"apiVersion":"v1"}]})");
  auto set = FetchResourceSet(api.client(), "s");
  ASSERT_TRUE(set) << set.error().ToString();
  EXPECT_EQ(set->selectors.size(), 1u);
  EXPECT_EQ(set->json, R"({"kind":"ResourceSet","apiVersion":"resources.cattle.io/v1","metadata":)"
                       R"({"name":"s","uid":"u"},"resourceSelectors":[{"apiVersion":"v1"}]})");
}

TEST(Fetch, NotFoundSaysWhatThereIs) {
  FakeApi api;
  auto none = FetchResourceSet(api.client(), "s");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind(), ErrorKind::kNotFound);
  EXPECT_EQ(none.error().message(), "resourcesets.resources.cattle.io \"s\" not found");
  EXPECT_THAT(none.error().hint(), HasSubstr("CRD is not installed"));

  api.Answer(kSets, ListOf({R"({"metadata":{"name":"b"}})", R"({"metadata":{"name":"a"}})"}));
  auto other = FetchResourceSet(api.client(), "s");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().hint(), "there are: a, b");

  api.Answer(kSets + "/s", kube::StatusBody(403, "Forbidden", "no"), 403);
  auto forbidden = FetchResourceSet(api.client(), "s");
  ASSERT_FALSE(forbidden);
  EXPECT_EQ(forbidden.error().kind(), ErrorKind::kUnauthorized);
  EXPECT_THAT(forbidden.error().ToString(), HasSubstr("reading the ResourceSet \"s\""));
}

TEST(Count, ListsEachTypeOnceAndCounts) {
  FakeApi api;
  api.Answer("/api/v1/secrets?limit=500",
             ListOf({R"({"metadata":{"name":"s1","namespace":"a"}})",
                     R"({"metadata":{"name":"s2","namespace":"a"}})",
                     R"({"metadata":{"name":"s1","namespace":"b"}})"}));
  api.Answer("/api/v1/configmaps?limit=500", ListOf({}));
  api.Answer("/api/v1/namespaces?limit=500",
             ListOf({R"({"metadata":{"name":"a"},"status":{"phase":"Active"}})"}));
  const kube::Discovery discovery = FakeDiscovery();
  auto counts = CountMatches(
      api.client(), discovery,
      Set("{apiVersion: v1, kinds: [Secret]}, {apiVersion: v1, kinds: [secrets, configmaps], "
          "namespaces: [b], namespaceRegexp: ^z}, {apiVersion: v1, kinds: [ConfigMap]},"
          "{apiVersion: gone.io/v1}, {apiVersion: v1, kinds: [namespaces], fieldSelectors: "
          "{status.phase: Active}}"),
      kube::QuietLog());
  ASSERT_TRUE(counts) << counts.error().ToString();
  EXPECT_EQ(counts->objects, 4);
  ASSERT_EQ(counts->selectors.size(), 5u);
  EXPECT_EQ(counts->selectors[0].objects, 3);
  EXPECT_EQ(counts->selectors[0].first, 3);
  EXPECT_EQ(counts->selectors[1].objects, 1);
  EXPECT_EQ(counts->selectors[1].first, 0);
  EXPECT_EQ(counts->selectors[1].types.size(), 2u);
  EXPECT_THAT(counts->selectors[2].warnings, ElementsAre("matches nothing in this cluster"));
  EXPECT_THAT(counts->selectors[3].warnings, ElementsAre("the server has no gone.io/v1"));
  EXPECT_EQ(counts->selectors[4].objects, 1);
  EXPECT_THAT(counts->selectors[4].warnings, testing::IsEmpty());
  std::vector<std::string> seen = api.seen();
  ASSERT_EQ(seen.size(), 3u);
  for (size_t i = 0; i < seen.size(); ++i) {
    // Whole objects only where a field is looked at.
    EXPECT_EQ(api.accepts()[i].find("PartialObjectMetadataList") == std::string::npos,
              seen[i].find("/namespaces") != std::string::npos)
        << seen[i];
  }
}

TEST(Count, PerNamespaceWhereClusterWideIsForbidden) {
  FakeApi api;
  api.Answer("/api/v1/secrets?limit=500", kube::StatusBody(403, "Forbidden", "no"), 403);
  api.Answer("/api/v1/namespaces/a/secrets?limit=500",
             ListOf({R"({"metadata":{"name":"s1","namespace":"a"}})"}));
  api.Answer("/api/v1/namespaces/b/secrets?limit=500",
             ListOf({R"({"metadata":{"name":"s1","namespace":"b"}})"}));
  const kube::Discovery discovery = FakeDiscovery();
  auto counts =
      CountMatches(api.client(), discovery,
                   Set("{apiVersion: v1, kinds: [Secret], namespaces: [a, b]}"), kube::QuietLog());
  ASSERT_TRUE(counts) << counts.error().ToString();
  EXPECT_EQ(counts->objects, 2);
  auto forbidden = CountMatches(api.client(), discovery, Set("{apiVersion: v1, kinds: [Secret]}"),
                                kube::QuietLog());
  ASSERT_FALSE(forbidden);
  EXPECT_EQ(forbidden.error().kind(), ErrorKind::kUnauthorized);
}

TEST(Count, ServerFieldsAndReadByName) {
  FakeApi api;
  api.Answer("/apis/x.io/v1/widgets?limit=500&fieldSelector=spec.q%3Da",
             ListOf({R"({"metadata":{"name":"w1","namespace":"a"}})"}));
  api.Answer("/apis/x.io/v1/probes/p1", R"({"metadata":{"name":"p1"}})");
  const kube::Discovery discovery = FakeDiscovery();
  auto counts =
      CountMatches(api.client(), discovery,
                   Set("{apiVersion: x.io/v1, kinds: [Widget], fieldSelectors: {spec.q: a}},"
                       "{apiVersion: x.io/v1, kinds: [Probe], resourceNames: [p1, gone]}"),
                   kube::QuietLog());
  ASSERT_TRUE(counts) << counts.error().ToString();
  EXPECT_EQ(counts->objects, 2);
  EXPECT_EQ(counts->selectors[0].objects, 1);
  EXPECT_EQ(counts->selectors[1].objects, 1);
  EXPECT_THAT(counts->selectors[1].warnings,
              ElementsAre("probes.x.io gone is not there: a backup would fail"));
  // A field that the server refuses ends it, as it ends a backup.
  api.Answer("/apis/x.io/v1/widgets?limit=500&fieldSelector=spec.q%3Db",
             kube::StatusBody(400, "BadRequest", "field label not supported: spec.q"), 400);
  auto refused = CountMatches(
      api.client(), discovery,
      Set("{apiVersion: x.io/v1, kinds: [Widget], fieldSelectors: {spec.q: b}}"), kube::QuietLog());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::kInvalid);
  EXPECT_THAT(refused.error().ToString(), HasSubstr("with fieldSelectors spec.q=b: "));
}

TEST(Explain, AsksTheServerAboutItsFields) {
  FakeApi api;
  api.Answer("/apis/x.io/v1/namespaces/a/widgets/w1",
             R"({"metadata":{"name":"w1","namespace":"a"}})");
  api.Answer("/apis/x.io/v1/namespaces/a/widgets?fieldSelector=metadata.name%3Dw1%2Cspec.q%3Da",
             ListOf({R"({"metadata":{"name":"w1","namespace":"a"}})"}));
  api.Answer("/apis/x.io/v1/namespaces/a/widgets?fieldSelector=metadata.name%3Dw1%2Cspec.q%3Db",
             ListOf({}));
  const kube::Discovery discovery = FakeDiscovery();
  const ResourceSet set =
      Set("{apiVersion: x.io/v1, kinds: [Widget], fieldSelectors: {spec.q: b}},"
          "{apiVersion: x.io/v1, kinds: [Widget], fieldSelectors: {spec.q: a}}");
  auto selection = Selection::Build(set, discovery, kube::QuietLog());
  ASSERT_TRUE(selection);
  const kube::ResourceType& widgets = *discovery.ByKind({"x.io", "v1"}, "Widget");
  auto one = ExplainLiveObject(api.client(), set, *selection, widgets, "a", "w1");
  ASSERT_TRUE(one) << one.error().ToString();
  EXPECT_EQ(one->taken_by, 1u);
  EXPECT_THAT(one->verdicts[0].reason, HasSubstr("fieldSelectors spec.q=b"));
  auto missing = ExplainLiveObject(api.client(), set, *selection, widgets, "a", "w2");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind(), ErrorKind::kNotFound);
}

}  // namespace
}  // namespace holdfast::resourceset
