// Custom resources nested as deep as an API server takes them, on every command's path.
#include <chrono>
#include <thread>

#include "base/json_scan.h"
#include "tests/cli_rig.h"
#include "tests/plane_client.h"

namespace holdfast::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// Indented, an answer with such an object is hundreds of megabytes long.
constexpr char kCompact[] = "?pretty=false";
constexpr char kPath[] = "/apis/deep.example.com/v1/namespaces/default/deeps";

// An object whose spec is `levels` deep: of objects, or of objects and arrays in turn.
std::string Deep(const std::string& name, int levels, bool mixed, int bottom = 1) {
  std::string front, back;
  for (int i = 0; i < levels; ++i) {
    bool array = mixed && i % 2 == 1;
    front += array ? "[" : R"({"a":)";
    back.insert(back.begin(), array ? ']' : '}');
  }
  return R"({"apiVersion":"deep.example.com/v1","kind":"Deep","metadata":{"name":")" + name +
         R"("},"spec":)" + front + std::to_string(bottom) + back + "}";
}

class CliDeepObjectTest : public CliTest {
 protected:
  void SetUp() override {
    Create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", R"({
      "apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
      "metadata":{"name":"deeps.deep.example.com"},
      "spec":{"group":"deep.example.com","scope":"Namespaced",
        "names":{"plural":"deeps","singular":"deep","kind":"Deep","listKind":"DeepList"},
        "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":
          {"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}})");
    // Discovery follows the CRD after a moment.
    for (int tries = 0;
         tries < 200 && Must(plane().Request("GET", std::string(kPath) + kCompact)).code != 200;
         ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  Outcome Run(Words words) const {
    words.insert(words.end(), {"--store", store(), "--kubeconfig", plane().kubeconfig().string()});
    return Holdfast(words);
  }
};

TEST_F(CliDeepObjectTest, IsBackedUpAndRestored) {
  for (auto [name, levels, mixed] : {std::tuple("few", 300, false),
                                     {"many", 9000, false},
                                     {"mixed", 9000, true},
                                     {"most", 9990, true}})
    Create(std::string(kPath) + kCompact, Deep(name, levels, mixed));
  std::string set = folder().Write(
      "set.yaml",
      "apiVersion: resources.cattle.io/v1\nkind: ResourceSet\nmetadata: {name: deep}\n"
      "resourceSelectors:\n- {apiVersion: deep.example.com/v1, kinds: [Deep]}\n");
  Outcome outcome = Backup(set);
  ASSERT_EQ(outcome.code, 0) << ToText(outcome);
  ASSERT_THAT(StoreFiles(), SizeIs(1));
  const std::string archive = StoreFiles()[0];

  outcome = Holdfast({"verify", archive, "--store", store()});
  EXPECT_EQ(outcome.code, 0) << ToText(outcome);
  for (const char* format : {"json", "yaml"}) {
    outcome = Holdfast(
        {"show", archive, "deeps.deep.example.com/default/many", "-o", format, "--store", store()});
    EXPECT_EQ(outcome.code, 0) << ToText(outcome);
    EXPECT_LT(outcome.out.size(), 400'000u);
  }
  for (const char* name : {"few", "many", "mixed", "most"}) {
    auto answer = Must(plane().Request("DELETE", std::string(kPath) + "/" + name + kCompact));
    ASSERT_EQ(answer.code, 200) << answer.body;
  }
  // One that differs at its very bottom is found and mended, the others are made again.
  Create(std::string(kPath) + kCompact, Deep("many", 9000, false, 2));
  outcome = Run({"diff", archive});
  EXPECT_EQ(outcome.code, 0) << ToText(outcome).substr(0, 3000);
  EXPECT_THAT(outcome.out, HasSubstr("~ deeps.deep.example.com default/many"));
  EXPECT_THAT(outcome.out, HasSubstr(".a.a: 1 -> 2"));
  outcome = Run({"restore", archive, "--plan"});
  EXPECT_EQ(outcome.code, 0) << ToText(outcome).substr(0, 3000);
  EXPECT_LT(outcome.out.size(), 10'000u);

  outcome = Run({"restore", archive});
  EXPECT_EQ(outcome.code, 0) << ToText(outcome).substr(0, 3000);
  for (auto [name, levels, mixed] : {std::tuple("few", 300, false),
                                     {"many", 9000, false},
                                     {"mixed", 9000, true},
                                     {"most", 9990, true}}) {
    auto answer = Must(plane().Request("GET", std::string(kPath) + "/" + name + kCompact));
    auto spec = json::Find(answer.body, {"spec"});
    ASSERT_TRUE(spec) << name;
    std::string original = Deep(name, levels, mixed);
    EXPECT_TRUE(*spec == json::Find(original, {"spec"})) << name;
  }
  outcome = Run({"restore", archive});
  EXPECT_THAT(outcome.out, HasSubstr("Nothing to do")) << ToText(outcome).substr(0, 3000);
}

}  // namespace
}  // namespace holdfast::tests
