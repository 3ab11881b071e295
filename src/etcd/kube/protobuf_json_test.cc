#include "etcd/kube/protobuf_json.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>

#include "base/json_canonical.h"
#include "base/json_scan.h"
#include "base/protobuf_wire.h"
#include "etcd/kube/defaults.h"
#include "etcd/kube/spelling.h"

namespace holdfast::etcd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Read(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

std::string Envelope(std::string_view api_version, std::string_view kind, std::string_view raw) {
  std::string type, out("k8s\0", 4);
  AppendBytes(type, 1, api_version);
  AppendBytes(type, 2, kind);
  AppendBytes(out, 1, type);
  AppendBytes(out, 2, raw);
  return out;
}
std::string Message(uint32_t field, std::string_view bytes) {
  std::string out;
  AppendBytes(out, field, bytes);
  return out;
}

// Kubernetes ships one object of every type with every field set, as protobuf and as JSON.
TEST(ProtobufJson, SamplesOfEveryKind) {
  size_t compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(HOLDFAST_KUBE_SAMPLES "/HEAD")) {
    if (entry.path().extension() != ".pb") continue;
    SCOPED_TRACE(entry.path().filename());
    std::filesystem::path text = entry.path();
    std::string want = Read(text.replace_extension(".json"));
    auto api_version = json::FindString(want, {"apiVersion"});
    auto kind = json::FindString(want, {"kind"});
    if (!api_version || !kind || FindKind(*api_version, *kind) == nullptr) continue;
    FillInDefaults(*kind, want);  // which the samples have not been through
    auto got = ProtobufToJson(Read(entry.path()), "");
    ASSERT_TRUE(got) << got.error().ToString();
    EXPECT_THAT(got->unknown_fields, IsEmpty());
    EXPECT_EQ(json::Canonical(got->json), json::Canonical(want));
    ++compared;
  }
  EXPECT_GT(compared, 120u);
}

TEST(ProtobufJson, EmptyObjectHasWhatGoDoesNotLeaveOut) {
  auto got = ProtobufToJson(Envelope("v1", "ConfigMap", ""), "17");
  ASSERT_TRUE(got) << got.error().ToString();
  EXPECT_EQ(got->json,
            R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"17"}})");
  got = ProtobufToJson(Envelope("apps/v1", "Deployment", ""), "");
  ASSERT_TRUE(got) << got.error().ToString();
  EXPECT_EQ(got->json,
            R"({"kind":"Deployment","apiVersion":"apps/v1","metadata":{},"spec":{"selector":null,)"
            R"("template":{"metadata":{},"spec":{"containers":null}},"strategy":{}},"status":{}})");
}

TEST(ProtobufJson, ReadDefaults) {
  std::string labels = Message(11, Message(1, "a") + Message(2, "b"));
  std::string job = Message(2, Message(6, Message(1, labels)));
  auto got = ProtobufToJson(Envelope("batch/v1", "Job", job), "");
  ASSERT_TRUE(got) << got.error().ToString();
  EXPECT_EQ(json::Find(got->json, {"metadata", "labels"}), R"({"a":"b"})");
  got = ProtobufToJson(
      Envelope("batch/v1", "Job", Message(1, Message(11, Message(1, "own"))) + job), "");
  ASSERT_TRUE(got) << got.error().ToString();
  EXPECT_EQ(json::Find(got->json, {"metadata", "labels"}), R"({"own":""})");
  got = ProtobufToJson(Envelope("v1", "PersistentVolumeClaim", ""), "");
  ASSERT_TRUE(got) << got.error().ToString();
  EXPECT_EQ(json::Find(got->json, {"status"}), R"({"phase":"Pending"})");
}

TEST(ProtobufJson, UnknownFieldsAreTold) {
  std::string raw = Message(99, "x") + Message(99, "y");
  auto got = ProtobufToJson(Envelope("v1", "ConfigMap", raw), "");
  ASSERT_TRUE(got) << got.error().ToString();
  EXPECT_THAT(got->unknown_fields, ElementsAre("k8s.io.api.core.v1.ConfigMap: field 99"));
}

TEST(ProtobufJson, Refusals) {
  auto fails = [](const std::string& stored) {
    auto got = ProtobufToJson(stored, "");
    return got ? "decoded: " + got->json : got.error().ToString();
  };
  EXPECT_THAT(fails(Envelope("policy/v1beta1", "PodSecurityPolicy", "")),
              HasSubstr("policy/v1beta1 PodSecurityPolicy is stored as protobuf"));
  EXPECT_THAT(fails("k8s"), HasSubstr("no Kubernetes object"));
  EXPECT_THAT(fails(std::string("k8s\0\x0a\x7f", 6)), HasSubstr("envelope"));
  EXPECT_THAT(fails(Envelope("v1", "ConfigMap", "\x0a\x7f")),
              HasSubstr("no k8s.io.api.core.v1.ConfigMap"));
  EXPECT_THAT(fails(Envelope("v1", "ConfigMap", "\x08\x01")), HasSubstr("of another type"));
  EXPECT_THAT(fails(Envelope("v1", "ConfigMap", "") + Message(3, "gzip")), HasSubstr("gzip"));
  // ControllerRevision.data: JSON in a message in a message.
  EXPECT_THAT(fails(Envelope("apps/v1", "ControllerRevision", Message(2, Message(1, "{\"a\":")))),
              HasSubstr("JSON inside the object"));
}

TEST(ProtobufJson, Limits) {
  // JSONSchemaProps is not there; a deep type is ObjectMeta's managed fields, so limits are small.
  std::string raw = Message(1, Message(17, Message(1, "m")));
  EXPECT_TRUE(ProtobufToJson(Envelope("v1", "ConfigMap", raw), "", {.max_depth = 3}));
  auto deep = ProtobufToJson(Envelope("v1", "ConfigMap", raw), "", {.max_depth = 2});
  ASSERT_FALSE(deep);
  EXPECT_THAT(deep.error().ToString(), HasSubstr("nested deeper than 2"));
  auto wide = ProtobufToJson(Envelope("v1", "ConfigMap", raw), "", {.max_json = 50});
  ASSERT_FALSE(wide);
  EXPECT_THAT(wide.error().ToString(), HasSubstr("over 50 bytes"));
}

std::string Spelled(Spelling spelling, std::string_view message) {
  std::string out;
  auto done = AppendSpelled(out, spelling, message);
  return done ? out : done.error().ToString();
}
std::string Numbers(uint64_t one, uint64_t two) {
  std::string out;
  AppendNumber(out, 1, one);
  AppendNumber(out, 2, two);
  return out;
}

TEST(Spelling, Times) {
  EXPECT_EQ(Spelled(Spelling::kTime, ""), "null");
  EXPECT_EQ(Spelled(Spelling::kTime, Numbers(0, 0)), "\"1970-01-01T00:00:00Z\"");
  EXPECT_EQ(Spelled(Spelling::kTime, Numbers(1700000000, 999999999)), "\"2023-11-14T22:13:20Z\"");
  EXPECT_EQ(Spelled(Spelling::kMicroTime, Numbers(1700000000, 1500)),
            "\"2023-11-14T22:13:20.000001Z\"");
  EXPECT_EQ(Spelled(Spelling::kTime, Numbers(uint64_t(-62135596800), 0)), "null");
  EXPECT_THAT(Spelled(Spelling::kTime, Numbers(253402300800, 0)), HasSubstr("year 9999"));
  EXPECT_THAT(Spelled(Spelling::kTime, Numbers(0, 1000000000)), HasSubstr("fraction"));
}

TEST(Spelling, Others) {
  EXPECT_EQ(Spelled(Spelling::kQuantity, ""), "\"0\"");
  EXPECT_EQ(Spelled(Spelling::kQuantity, Message(1, "1500m")), "\"1500m\"");
  EXPECT_EQ(Spelled(Spelling::kIntOrString, Numbers(0, uint64_t(-5))), "-5");
  EXPECT_EQ(Spelled(Spelling::kIntOrString, Numbers(1, 0) + Message(3, "50%")), "\"50%\"");
  EXPECT_EQ(Spelled(Spelling::kRaw, ""), "null");
  EXPECT_EQ(Spelled(Spelling::kRaw, Message(1, "{ \"a b\" : [1.0, \"x\\\" y<\"] }\n")),
            "{\"a b\":[1.0,\"x\\\" y\\u003c\"]}");
}

TEST(Spelling, Durations) {
  EXPECT_EQ(FormatGoDuration(0), "0s");
  EXPECT_EQ(FormatGoDuration(1), "1ns");
  EXPECT_EQ(FormatGoDuration(1100), "1.1µs");
  EXPECT_EQ(FormatGoDuration(2'200'000), "2.2ms");
  EXPECT_EQ(FormatGoDuration(-3'300'000'000), "-3.3s");
  EXPECT_EQ(FormatGoDuration(3'600'000'000'000), "1h0m0s");
  EXPECT_EQ(FormatGoDuration(90'000'000'001), "1m30.000000001s");
  EXPECT_EQ(FormatGoDuration(INT64_MIN), "-2562047h47m16.854775808s");
}

}  // namespace
}  // namespace holdfast::etcd
