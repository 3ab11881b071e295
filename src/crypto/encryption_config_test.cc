#include "crypto/encryption_config.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/testdata/reference_entries.h"

namespace holdfast::crypto {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kHead =
    "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n";
constexpr std::string_view kKey16 = "MDEyMzQ1Njc4OWFiY2RlZg==";
constexpr std::string_view kKey32 = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=";

// One element, in flow style.
std::string One(std::string_view resources, std::string_view provider) {
  return std::string(kHead) + "resources:\n- resources: " + std::string(resources) +
         "\n  providers:\n  - " + std::string(provider) + "\n";
}
std::string Keys(std::string_view provider, std::string_view keys) {
  return "{" + std::string(provider) + ": {keys: [" + std::string(keys) + "]}}";
}
std::string OneProvider(std::string_view provider) { return One("[secrets]", provider); }
std::string OneResource(std::string_view resources) { return One(resources, "{identity: {}}"); }

std::string Message(std::string_view text) {
  auto config = EncryptionConfig::Parse(text, "enc.yaml");
  if (config) return "no error";
  EXPECT_EQ(config.error().kind(), ErrorKind::kInvalid);
  return config.error().message();
}

TEST(EncryptionConfig, ReadsAllProviders) {
  auto config = EncryptionConfig::Parse(
      std::string(kHead) +
          "resources:\n"
          "- resources: [secrets, configmaps, '*.apps']\n"
          "  providers:\n"
          "  - aescbc: {keys: [{name: a, secret: MDEyMzQ1Njc4OWFiY2RlZg==}]}\n"
          "  - aesgcm: {keys: [{name: b, secret: MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u},\n"
          "                    {name: 'c:d', secret: MDEyMzQ1Njc4OWFiY2RlZg==}]}\n"
          "  - secretbox:\n"
          "      keys:\n"
          "      - name: e\n"
          "        secret: |\n"
          "          YWJjZGVmZ2hpamtsbW5vcHFy\n"
          "          c3R1dnd4eXoxMjM0NTY=\n"
          "  - kms: {apiVersion: v2, name: vault, endpoint: 'unix:///run/kms.sock', timeout: 1m}\n"
          "- resources: ['*.*']\n"
          "  providers:\n"
          "  - identity: {}\n",
      "enc.yaml");
  ASSERT_TRUE(config) << config.error().ToString();
  ASSERT_EQ(config->rules().size(), 2u);
  const ResourceRule& rule = config->rules()[0];
  EXPECT_THAT(rule.resources, ::testing::ElementsAre("secrets", "configmaps", "*.apps"));
  ASSERT_EQ(rule.providers.size(), 4u);
  EXPECT_EQ(rule.providers[0].kind, ProviderKind::kAesCbc);
  EXPECT_EQ(rule.providers[0].keys.at(0).secret.view(), "0123456789abcdef");
  EXPECT_EQ(rule.providers[1].kind, ProviderKind::kAesGcm);
  EXPECT_EQ(rule.providers[1].keys.at(0).secret.view(), "0123456789abcdefghijklmn");
  EXPECT_EQ(rule.providers[1].keys.at(1).name, "c:d");
  EXPECT_EQ(rule.providers[2].kind, ProviderKind::kSecretbox);
  EXPECT_EQ(rule.providers[2].keys.at(0).secret.view(), "abcdefghijklmnopqrstuvwxyz123456");
  EXPECT_EQ(rule.providers[3].kind, ProviderKind::kKms);
  EXPECT_EQ(rule.providers[3].kms_name, "vault");
  EXPECT_EQ(rule.providers[3].kms_endpoint, "unix:///run/kms.sock");
  EXPECT_EQ(rule.providers[3].kms_timeout, std::chrono::minutes(1));
  EXPECT_EQ(config->rules()[1].providers.at(0).kind, ProviderKind::kIdentity);
}

TEST(EncryptionConfig, Accepts) {
  for (std::string_view text :
       {kAescbcSecretsConfig, kAesgcmSecretsConfigmapsConfig, kSecretboxAllConfig})
    EXPECT_EQ(Message(text), "no error");
  EXPECT_EQ(Message("apiVersion: v1\nkind: EncryptionConfig\nresources:\n- resources: [secrets]\n"
                    "  providers:\n  - identity: {}\n"),
            "no error");
  EXPECT_EQ(Message(R"({"apiVersion":"apiserver.config.k8s.io/v1","kind":"EncryptionConfiguration",
                        "resources":[{"resources":["secrets"],"providers":[{"identity":{}}]}]})"),
            "no error");
  EXPECT_EQ(Message(OneResource("['*.apps', secrets, '*.']")),  // NOLINT: the overlap is told below
            "error while parsing file: resources[0].resources: Invalid value: "
            "[\"*.apps\",\"secrets\",\"*.\"]: using overlapping resources such as 'secrets' and "
            "'*.' in the same resource list is not allowed as they will be masked");
  EXPECT_EQ(Message(OneResource("['*.apps', secrets]")), "no error");
  EXPECT_EQ(Message(std::string(kHead) + "resources:\n- resources: [a]\n  providers: &p\n"
                                         "  - identity: {}\n- resources: [b]\n  providers: *p\n"),
            "no error");
}

struct Case {
  std::string text;
  std::string_view message;  // behind "error while parsing file: "
};

// The messages are those of Kubernetes for the same documents.
TEST(EncryptionConfig, ValidatesAsKubernetes) {
  const std::string key16 = "secret: " + std::string(kKey16);
  const Case cases[] = {
      {std::string(kHead) + "resources: []\n",
       "resources: Required value: at least one resources is required"},
      {std::string(kHead) + "resources:\n- providers:\n  - identity: {}\n",
       "resources[0].resources: Required value: at least one resources[0].resources is required"},
      {std::string(kHead) + "resources:\n- resources: [secrets]\n",
       "resources[0].providers: Required value: at least one resources[0].providers is required"},
      {OneResource("[Secrets]"),
       R"(resources[0].resources[0]: Invalid value: "Secrets": resource name should not contain capital letters)"},
      {OneResource("['*']"),
       R"(resources[0].resources[0]: Invalid value: "*": use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources)"},
      {OneResource("['secrets.*']"),
       R"(resources[0].resources[0]: Invalid value: "secrets.*": encrypting the same resource across groups is not supported)"},
      {OneResource("['*.events.k8s.io']"),
       R"(resources[0].resources[0]: Invalid value: "*.events.k8s.io": '*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file)"},
      {OneResource("['ingresses.extensions']"),
       R"(resources[0].resources[0]: Invalid value: "ingresses.extensions": 'extensions' group has been removed and cannot be used for encryption)"},
      {OneResource("[apiserveripinfo]"),
       R"(resources[0].resources[0]: Invalid value: "apiserveripinfo": resources which do not have REST API/s cannot be encrypted)"},
      {OneResource("[secrets, secrets]"),
       R"(resources[0].resources: Invalid value: ["secrets","secrets"]: the same resource cannot be specified multiple times)"},
      {OneResource("[secrets, 'secrets.']"),
       R"(resources[0].resources: Invalid value: ["secrets","secrets."]: the same resource cannot be specified multiple times)"},
      {OneResource("[secrets, '*.*']"),
       R"(resources[0].resources: Invalid value: ["secrets","*.*"]: using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked)"},
      {OneResource("['*.apps', deployments.apps]"),
       R"(resources[0].resources: Invalid value: ["*.apps","deployments.apps"]: using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked)"},
      {OneResource("['*.', '*.']"),
       R"([resources[0].resources: Invalid value: ["*.","*."]: the same resource cannot be specified multiple times, resources[0].resources: Invalid value: ["*.","*."]: using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked])"},
      {OneProvider(Keys("aescbc", "")),
       "resources[0].providers[0].aescbc.keys: Required value: at least one keys is required"},
      {OneProvider(Keys("aesgcm", "{" + key16 + "}")),
       "resources[0].providers[0].aesgcm.keys[0].name: Required value: name is a mandatory field "
       "for a key"},
      {OneProvider(Keys("aesgcm", "{name: k}")),
       "resources[0].providers[0].aesgcm.keys[0].secret: Required value: secret is a mandatory "
       "field for a key"},
      {OneProvider(Keys("aesgcm", "{name: k, secret: 'not base64!'}")),
       R"(resources[0].providers[0].aesgcm.keys[0].secret: Invalid value: "REDACTED": secrets must be base64 encoded)"},
      {OneProvider(Keys("aescbc", "{name: k, secret: YWJj}")),
       R"(resources[0].providers[0].aescbc.keys[0].secret: Invalid value: "REDACTED": secret is not of the expected length, got 3, expected one of [16 24 32])"},
      {OneProvider(Keys("secretbox", "{name: k, " + key16 + "}")),
       R"(resources[0].providers[0].secretbox.keys[0].secret: Invalid value: "REDACTED": secret is not of the expected length, got 16, expected one of [32])"},
      {std::string(kHead) + "resources:\n- resources: [Secrets]\n  providers:\n"
                            "  - aescbc: {keys: [{name: '', secret: YWJj}]}\n"
                            "- resources: []\n  providers: []\n",
       R"([resources[0].resources[0]: Invalid value: "Secrets": resource name should not contain capital letters, resources[0].providers[0].aescbc.keys[0].name: Required value: name is a mandatory field for a key, resources[0].providers[0].aescbc.keys[0].secret: Invalid value: "REDACTED": secret is not of the expected length, got 3, expected one of [16 24 32], resources[1].resources: Required value: at least one resources[1].resources is required, resources[1].providers: Required value: at least one resources[1].providers is required])"},
      {OneProvider("{kms: {apiVersion: v3, name: 'a:b', endpoint: 'http://x', timeout: 0s, "
                   "cachesize: 3}}"),
       R"([resources[0].providers[0].kms.name: Invalid value: "a:b": invalid KMS provider name a:b, must not contain ':', resources[0].providers[0].kms.timeout: Invalid value: "0s": timeout should be a positive value, resources[0].providers[0].kms.endpoint: Invalid value: "http://x": unsupported scheme "http" for KMS provider, only unix is supported, resources[0].providers[0].kms.cachesize: Invalid value: 3: cachesize is not supported in v2, resources[0].providers[0].kms.apiVersion: Invalid value: "v3": unsupported apiVersion apiVersion for KMS provider, only v1 and v2 are supported])"},
      {OneProvider("{kms: {apiVersion: v2, name: a, endpoint: 'unix:///a'}}\n"
                   "  - {kms: {apiVersion: v2, name: a, endpoint: /a}}"),
       R"([resources[0].providers[1].kms.name: Invalid value: "a": duplicate KMS provider name a, names must be unique, resources[0].providers[1].kms.endpoint: Invalid value: "/a": unsupported scheme "" for KMS provider, only unix is supported])"},
      {OneProvider("{kms: {apiVersion: v2}}"),
       R"([resources[0].providers[0].kms.name: Required value: name is a mandatory field for a provider, resources[0].providers[0].kms.endpoint: Invalid value: "": endpoint is a mandatory field for a kms])"},
      {"",
       R"(error while loading file: encryption provider configuration file "enc.yaml" is empty)"},
      // Kubernetes shows the provider's value, and with it its keys.
      {OneProvider("{}"),
       R"(resources[0].providers[0]: Invalid value: "REDACTED": provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity)"},
      {OneProvider("{identity: null, aescbc: }"),
       R"(resources[0].providers[0]: Invalid value: "REDACTED": provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity)"},
      {OneProvider("{identity: {}, aescbc: {keys: [{name: k, " + key16 + "}]}}"),
       R"(resources[0].providers[0]: Invalid value: "REDACTED": more than one provider specified in a single element, should split into different list elements)"},
      // Kubernetes takes this, to no effect.
      {OneResource("['']"),
       R"(resources[0].resources[0]: Invalid value: "": resource name should not be empty)"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(Message(c.text), "error while parsing file: " + std::string(c.message)) << c.text;
}

TEST(EncryptionConfig, DecodesStrictly) {
  const std::string prefix =
      "error while parsing file: error decoding encryption provider configuration file "
      "\"enc.yaml\": ";
  const Case cases[] = {
      {OneProvider("{secretsboxes: {}}"),
       R"(strict decoding error: unknown field "resources[0].providers[0].secretsboxes")"},
      {OneProvider(Keys("aescbc", "{name: k, secrets: YWJj}")),
       R"(strict decoding error: unknown field "resources[0].providers[0].aescbc.keys[0].secrets")"},
      {OneProvider("{identity: {x: 1}}") + "metadata: {}\n",
       R"(strict decoding error: unknown field "resources[0].providers[0].identity.x", unknown field "metadata")"},
      {std::string(kHead) + "Resources: []\n",
       R"(strict decoding error: unknown field "Resources")"},
      {OneProvider("identity: {}\n    identity: {}"),
       R"(strict decoding error: line 7: key "identity" already set in map)"},
      {OneProvider(Keys("aescbc", "{name: 1, secret: yes}")),
       "strict decoding error: resources[0].providers[0].aescbc.keys[0].name: line 6: expected a "
       "string, got a number: put it in quotes, "
       "resources[0].providers[0].aescbc.keys[0].secret: line 6: expected a string, got a "
       "boolean: put it in quotes"},
      {OneResource("secrets"),
       "strict decoding error: resources[0].resources: line 4: expected a list, got a string"},
      {OneProvider("aescbc"),
       "strict decoding error: resources[0].providers[0]: line 6: expected a map, got a string"},
      {OneProvider("{kms: {apiVersion: v2, name: a, endpoint: 'unix:///a', timeout: 3, cachesize: "
                   "3000000000}}"),
       "strict decoding error: resources[0].providers[0].kms.timeout: line 6: expected a string, "
       "got a number: put it in quotes, resources[0].providers[0].kms.cachesize: line 6: expected "
       "an integer"},
      {"resources: []\n", "Object 'Kind' is missing"},
      {"apiVersion: v1\nkind: Secret\n", R"(no kind "Secret" is registered for version "v1")"},
      {"apiVersion: apiserver.config.k8s.io/v2\nkind: EncryptionConfiguration\n",
       R"(no kind "EncryptionConfiguration" is registered for version "apiserver.config.k8s.io/v2")"},
      {"- a\n", "the document is not a map"},
      {OneResource("[a]") + "---\nfoo: bar\n", "yaml: line 8: more than one document"},
      {std::string((1 << 20) + 1, '\n'), "larger than 1 MiB"},
  };
  for (const Case& c : cases) EXPECT_EQ(Message(c.text), prefix + std::string(c.message)) << c.text;
}

TEST(EncryptionConfig, AliasesDoNotMultiply) {
  std::string text(kHead);
  text += "resources:\n- resources: [a]\n  providers: &p\n";
  for (int i = 0; i < 200; ++i) text += "  - identity: {}\n";
  for (int i = 0; i < 200; ++i)
    text += "- resources: [a" + std::to_string(i) + "]\n  providers: *p\n";
  EXPECT_THAT(Message(text), HasSubstr("the document has too many values"));
  EXPECT_THAT(Message(std::string(kHead) + "resources: &a\n- resources: *a\n  providers: *a\n"),
              StartsWith("error while parsing file: "));
}

TEST(EncryptionConfig, ErrorsHoldNoSecret) {
  const std::string secret = "c2VjcmV0LXNlY3JldA";  // fits no provider
  for (const std::string& text : {
           OneProvider(Keys("aescbc", "{name: k, secret: " + secret + "==}")),
           OneProvider(Keys("aescbc", "{name: k, secret: [" + secret + "]}")),
           OneProvider(Keys("aescbc", "{name: k, secret: *" + secret + "}")),
           OneProvider(Keys("aescbc", "{name: k, secret: \"" + secret + "}")),
           OneProvider(Keys("aescbc", "{name: k, secret: !" + secret + " x}")),
           OneProvider(Keys("aescbc", "{name: k, secret: \"\\x" + secret + "\"}")),
           OneProvider("{aescbc: " + secret + "}"),
           "kind: " + std::string("EncryptionConfiguration\nx: ") + secret + "\n",
       }) {
    auto config = EncryptionConfig::Parse(text, "enc.yaml");
    ASSERT_FALSE(config) << text;
    EXPECT_THAT(config.error().ToString(), Not(HasSubstr(secret)));
  }
}

TEST(EncryptionConfig, LoadsAFile) {
  auto folder = std::filesystem::path(::testing::TempDir());
  auto file = folder / "encryption_config_test.yaml";
  std::ofstream(file) << kSecretboxAllConfig;
  auto config = EncryptionConfig::Load(file);
  ASSERT_TRUE(config) << config.error().ToString();
  EXPECT_EQ(config->rules().size(), 1u);

  std::ofstream(file) << OneProvider("{}");
  config = EncryptionConfig::Load(file);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().ToString(), HasSubstr(file.string()));

  std::ofstream(file) << std::string((1 << 20) + 1, '#');
  config = EncryptionConfig::Load(file);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().ToString(), HasSubstr("larger than 1 MiB"));
  EXPECT_THAT(config.error().ToString(), HasSubstr(file.string()));
  std::filesystem::remove(file);

  config = EncryptionConfig::Load(file);
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().kind(), ErrorKind::kNotFound);
  EXPECT_THAT(config.error().ToString(), HasSubstr(file.string()));
  config = EncryptionConfig::Load(folder);
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error().ToString(), HasSubstr("directory"));
}

}  // namespace
}  // namespace holdfast::crypto
