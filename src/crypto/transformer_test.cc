#include "crypto/transformer.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/base64.h"
#include "crypto/testdata/reference_entries.h"

namespace holdfast::crypto {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kPlainSecret = R"({"kind":"Secret"})";
constexpr std::string_view kSuffix = ", provide same encryption config as used for backup";

std::string Encoded(std::string_view bytes) {
  std::string text(Base64Size(bytes.size()), '\0');
  Base64Encode(bytes.data(), bytes.size(), text.data());
  return text;
}
std::string Stored(std::string_view bytes) { return '"' + Encoded(bytes) + '"'; }

// "aescbc: {keys: [{name: key1, secret: …}]}" with a key made of `fill`.
std::string With(std::string_view provider, std::string_view name, char fill, size_t size = 32) {
  return "{" + std::string(provider) + ": {keys: [{name: '" + std::string(name) +
         "', secret: " + Encoded(std::string(size, fill)) + "}]}}";
}

struct Element {
  std::string_view resources;
  std::vector<std::string> providers;
};

Result<Transformers> TryBuild(const std::vector<Element>& elements) {
  std::string text =
      "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n";
  for (const Element& element : elements) {
    text += "- resources: [" + std::string(element.resources) + "]\n  providers:\n";
    for (const std::string& provider : element.providers) text += "  - " + provider + "\n";
  }
  HF_ASSIGN(EncryptionConfig config, EncryptionConfig::Parse(text, "enc.yaml"));
  return Transformers::Build(std::move(config));
}
Transformers Build(const std::vector<Element>& elements) {
  auto built = TryBuild(elements);
  EXPECT_TRUE(built) << built.error().ToString();
  return built ? std::move(*built) : Transformers::None();
}
Transformers ForSecrets(std::vector<std::string> providers) {
  return Build({{"secrets", std::move(providers)}});
}
std::string Encrypt(const Transformers& t, std::string_view plain = kPlainSecret) {
  auto stored = t.EncryptEntry("secrets", "", "ns#name", std::string(plain));
  EXPECT_TRUE(stored) << stored.error().ToString();
  return stored.value_or("");
}
Result<std::string> Decrypt(const Transformers& t, std::string_view stored) {
  return t.DecryptEntry("secrets", "", "ns#name", stored);
}
std::string DecryptError(const Transformers& t, std::string_view stored) {
  auto opened = Decrypt(t, stored);
  return opened ? "no error" : opened.error().message();
}
// "aescbc/key1".
std::string NeedOf(std::string_view stored) {
  auto need = WhichKey(stored);
  return need ? need->provider + "/" + need->key_name : need.error().message();
}
std::string Decrypting(std::string_view why) {
  return "error decrypting encrypted resource [secrets]: " + std::string(why) +
         std::string(kSuffix);
}

TEST(Transformers, ReadsEntriesOfTheReference) {
  for (const ReferenceEntry& entry : kReferenceEntries) {
    auto config = EncryptionConfig::Parse(entry.config, "enc.yaml");
    ASSERT_TRUE(config) << config.error().ToString();
    auto t = Transformers::Build(std::move(*config));
    ASSERT_TRUE(t) << t.error().ToString();
    EXPECT_TRUE(IsEncrypted(entry.stored));
    EXPECT_TRUE(t->Encrypts(entry.plural, entry.group));
    auto plain = t->DecryptEntry(entry.plural, entry.group, entry.data_context, entry.stored);
    ASSERT_TRUE(plain) << plain.error().ToString();
    EXPECT_EQ(*plain, entry.plain);
    // And ours has its form: the same length, and opens again.
    auto ours = t->EncryptEntry(entry.plural, entry.group, entry.data_context, std::string(*plain));
    ASSERT_TRUE(ours);
    EXPECT_EQ(ours->size(), entry.stored.size());
    EXPECT_EQ(t->DecryptEntry(entry.plural, entry.group, entry.data_context, *ours), entry.plain);
  }
}

TEST(Transformers, ReadsWhatKubernetesSealed) {
  for (const Vector& v : kVectors) {
    Transformers t = ForSecrets(
        {"{" + std::string(v.provider) + ": {keys: [{name: key" + std::to_string(v.key_size) +
         ", secret: " + Encoded(kVectorKey.substr(0, v.key_size)) + "}]}}"});
    EXPECT_EQ(t.DecryptEntry("secrets", "", kVectorContext, v.stored), kVectorPlain);
    EXPECT_EQ(NeedOf(v.stored), std::string(v.provider) + "/key" + std::to_string(v.key_size));
  }
}

TEST(Transformers, RoundTripsEveryLength) {
  for (const char* provider : {"aescbc", "aesgcm", "secretbox"}) {
    Transformers t = ForSecrets({With(provider, "key1", 'k')});
    for (size_t size = 0; size < 100; ++size) {
      std::string plain = "{\"" + std::string(size, 'x') + "\":1}";
      std::string stored = Encrypt(t, plain);
      ASSERT_TRUE(stored.starts_with('"') && stored.ends_with('"'));
      ASSERT_EQ(stored.size() % 4, 2u);
      ASSERT_EQ(Decrypt(t, stored), plain);
    }
  }
}

TEST(Transformers, FirstProviderAndKeyWriteAllRead) {
  Transformers old_a = ForSecrets({With("aescbc", "a", 'a')});
  Transformers old_b = ForSecrets({With("secretbox", "b", 'b')});
  Transformers old_c = ForSecrets({With("aesgcm", "c", 'c', 16)});
  std::string two_keys = "{aesgcm: {keys: [{name: new, secret: " + Encoded(std::string(32, 'n')) +
                         "}, {name: c, secret: " + Encoded(std::string(16, 'c')) + "}]}}";
  Transformers now = ForSecrets({two_keys, With("aescbc", "a", 'a'), With("secretbox", "b", 'b')});
  std::string written = Encrypt(now);
  EXPECT_EQ(NeedOf(written), "aesgcm/new");
  EXPECT_EQ(Decrypt(now, written), kPlainSecret);
  for (const Transformers* t : {&old_a, &old_b, &old_c})
    EXPECT_EQ(Decrypt(now, Encrypt(*t)), kPlainSecret);
  EXPECT_FALSE(Decrypt(old_a, written));
}

// The same name for two keys: an error of one does not stop the next.
TEST(Transformers, TriesEveryKeyOfTheName) {
  for (const char* provider : {"aescbc", "aesgcm", "secretbox"}) {
    Transformers both = ForSecrets({With(provider, "k", 'a'), With(provider, "k", 'b')});
    Transformers second = ForSecrets({With(provider, "k", 'b')});
    // Often enough that the wrong aescbc key meets padding that fits.
    for (int i = 0; i < 1000; ++i)
      ASSERT_EQ(Decrypt(both, Encrypt(second)), kPlainSecret) << provider;
  }
}

TEST(Transformers, KeyNamesMayHoldColons) {
  Transformers t = ForSecrets({With("aesgcm", "a:b", 'a'), With("aesgcm", "a", 'b')});
  EXPECT_EQ(Decrypt(t, Encrypt(t)), kPlainSecret);
}

TEST(Transformers, IdentityFirstWritesPlainAndReadsAll) {
  Transformers t = ForSecrets({"{identity: {}}", With("aescbc", "k", 'k')});
  EXPECT_FALSE(t.Encrypts("secrets", ""));
  EXPECT_EQ(Encrypt(t), kPlainSecret);
  EXPECT_EQ(Decrypt(t, kPlainSecret), kPlainSecret);
  EXPECT_EQ(Decrypt(t, Encrypt(ForSecrets({With("aescbc", "k", 'k')}))), kPlainSecret);
  // Kubernetes takes a string that holds a plain object.
  EXPECT_EQ(Decrypt(t, Stored(kPlainSecret)), kPlainSecret);
  EXPECT_EQ(Decrypt(Transformers::None(), Stored(kPlainSecret)), kPlainSecret);
}

TEST(Transformers, PlainEntriesAreLeftAlone) {
  Transformers t = ForSecrets({With("aescbc", "k", 'k')});
  EXPECT_EQ(Decrypt(t, kPlainSecret), kPlainSecret);
  EXPECT_EQ(Decrypt(t, "hello"), "hello");
  EXPECT_EQ(Decrypt(t, ""), "");
  EXPECT_FALSE(IsEncrypted("{}"));
  EXPECT_FALSE(IsEncrypted(""));
}

TEST(Transformers, MatchesResources) {
  Transformers t = Build({{"secrets, deployments.apps", {With("aescbc", "exact", 'a')}},
                          {"'*.apps', 'pods.'", {With("aescbc", "group", 'b')}},
                          {"'*.'", {With("aescbc", "core", 'c')}},
                          {"'*.*'", {With("aescbc", "all", 'd')}}});
  struct Case {
    std::string_view plural, group, key;
  };
  for (auto [plural, group, key] :
       {Case{"secrets", "", "exact"}, Case{"deployments", "apps", "exact"},
        Case{"secrets", "apps", "group"}, Case{"daemonsets", "apps", "group"},
        Case{"pods", "", "group"}, Case{"configmaps", "", "core"},
        Case{"pods", "metrics.k8s.io", "all"}, Case{"users", "management.cattle.io", "all"}}) {
    EXPECT_TRUE(t.Encrypts(plural, group));
    auto stored = t.EncryptEntry(plural, group, "n", std::string(kPlainSecret));
    ASSERT_TRUE(stored);
    EXPECT_EQ(NeedOf(*stored), "aescbc/" + std::string(key)) << plural << "." << group;
    EXPECT_EQ(t.DecryptEntry(plural, group, "n", *stored), kPlainSecret);
  }
  Transformers some = Build({{"'*.apps'", {With("aescbc", "k", 'a')}}});
  EXPECT_FALSE(some.Encrypts("secrets", ""));
  EXPECT_FALSE(some.Encrypts("apps", ""));
  EXPECT_TRUE(some.Encrypts("deployments", "apps"));
}

TEST(Transformers, LaterElementsAppendProviders) {
  Transformers t = Build({{"secrets", {With("aescbc", "a", 'a')}},
                          {"configmaps, secrets", {With("aesgcm", "b", 'b')}}});
  EXPECT_EQ(NeedOf(Encrypt(t)), "aescbc/a");
  EXPECT_EQ(Decrypt(t, Encrypt(ForSecrets({With("aesgcm", "b", 'b')}))), kPlainSecret);
  EXPECT_EQ(NeedOf(t.EncryptEntry("configmaps", "", "n", "{}").value_or("")), "aesgcm/b");
}

TEST(Transformers, MaskedRulesAreRefused) {
  struct Case {
    std::string_view wildcard, later, message;
  };
  for (auto [wildcard, later, message] :
       {Case{"'*.'", "secrets", R"(resource "secrets" is masked by earlier rule "*.")"},
        Case{"'*.*'", "'*.apps'", R"(resource "*.apps" is masked by earlier rule "*.*")"},
        Case{"'*.apps'", "deployments.apps",
             R"(resource "deployments.apps" is masked by earlier rule "*.apps")"},
        Case{"'*.apps'", "'*.apps'", R"(resource "*.apps" is masked by earlier rule "*.apps")"},
        Case{"'*.*'", "'*.'", R"(resource "*." is masked by earlier rule "*.*")"}}) {
    auto built = TryBuild({{wildcard, {"{identity: {}}"}}, {later, {"{identity: {}}"}}});
    ASSERT_FALSE(built);
    EXPECT_EQ(built.error().message(),
              "error while building transformers: " + std::string(message));
  }
}

TEST(Transformers, SaysWhichKeyIsMissing) {
  std::string stored = Encrypt(ForSecrets({With("aescbc", "key1", 'a')}));
  struct Case {
    Transformers t;
    std::string_view message;
  };
  Case cases[] = {
      {Transformers::None(), "identity transformer tried to read encrypted data"},
      {Build({{"configmaps", {With("aescbc", "key1", 'a')}}}),
       "identity transformer tried to read encrypted data"},
      {ForSecrets({With("aescbc", "key2", 'a')}),
       "no matching key was found for the provided AES transformer"},
      {ForSecrets({With("aesgcm", "key1", 'a')}), "no matching prefix found"},
      {ForSecrets({With("secretbox", "key1", 'a'), "{identity: {}}"}), "no matching prefix found"},
  };
  for (const Case& c : cases) {
    auto opened = Decrypt(c.t, stored);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().message(), Decrypting(c.message));
    EXPECT_EQ(opened.error().kind(), ErrorKind::kInvalid);
    EXPECT_THAT(opened.error().hint(), HasSubstr("key \"key1\" of provider aescbc"));
  }
  EXPECT_EQ(DecryptError(ForSecrets({With("secretbox", "key2", 'a')}),
                         Encrypt(ForSecrets({With("secretbox", "key1", 'a')}))),
            Decrypting("no matching key was found for the provided Secretbox transformer"));
}

TEST(Transformers, SaysThatTheKeyIsWrong) {
  struct Case {
    std::string_view provider, message;
  };
  for (auto [provider, message] :
       {Case{"aesgcm", "cipher: message authentication failed"},
        Case{"secretbox", "output array was not large enough for encryption"}}) {
    std::string stored = Encrypt(ForSecrets({With(provider, "k", 'a')}));
    auto opened = Decrypt(ForSecrets({With(provider, "k", 'b')}), stored);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().message(), Decrypting(message));
    EXPECT_EQ(opened.error().kind(), ErrorKind::kCorrupt);
    EXPECT_THAT(opened.error().hint(),
                AllOf(HasSubstr("key \"k\" of provider"), HasSubstr("secret is another one")));
  }
  // aescbc sees it in the padding, or else in what comes out.
  Transformers right = ForSecrets({With("aescbc", "k", 'a')});
  Transformers wrong = ForSecrets({With("aescbc", "k", 'b')});
  bool padding = false;
  bool empty = false;
  for (int i = 0; i < 1000; ++i) {
    std::string error = DecryptError(wrong, Encrypt(right));
    padding |= error == Decrypting("invalid padding on input");
    empty |= error == Decrypting("invalid PKCS7 data (empty or not padded)");
    EXPECT_THAT(error, StartsWith("error decrypting"));
  }
  EXPECT_TRUE(padding);
  EXPECT_TRUE(empty);
}

TEST(Transformers, ContextBindsAesgcmOnly) {
  for (const char* provider : {"aescbc", "aesgcm", "secretbox"}) {
    Transformers t = ForSecrets({With(provider, "k", 'a')});
    auto moved = t.DecryptEntry("secrets", "", "other#name", Encrypt(t));
    EXPECT_EQ(moved.has_value(), provider != std::string_view("aesgcm"));
    if (moved) continue;
    EXPECT_EQ(moved.error().message(), Decrypting("cipher: message authentication failed"));
    EXPECT_THAT(moved.error().hint(), HasSubstr("renamed or moved"));
  }
}

// The messages are those of Kubernetes for the same bytes.
TEST(Transformers, SaysWhatIsWrongWithTheBytes) {
  std::string two_keys = "{aesgcm: {keys: [{name: k, secret: " + Encoded(std::string(32, 'n')) +
                         "}, {name: 'k:x', secret: " + Encoded(std::string(16, 'c')) + "}]}}";
  Transformers t = ForSecrets({With("aescbc", "k", 'a'), With("secretbox", "k", 'b'), two_keys,
                               With("aesgcm", "other", 'c')});
  struct Case {
    std::string_view bytes, message;
  };
  for (auto [bytes, message] :
       {Case{"k8s:enc:aescbc:v1:x:abc",
             "no matching key was found for the provided AES transformer"},
        Case{"k8s:enc:aescbc:v1:k:abc", "the stored data was shorter than the required size"},
        Case{"k8s:enc:aescbc:v1:k:0123456789abcdefX",
             "the stored data is not a multiple of the block size"},
        Case{"k8s:enc:aescbc:v1:k:0123456789abcdef", "invalid PKCS7 data (empty or not padded)"},
        Case{"k8s:enc:secretbox:v1:k:0123", "the stored data was shorter than the required size"},
        Case{"k8s:enc:secretbox:v1:k:0123456789012345678901234567890123456789012345",
             "output array was not large enough for encryption"},
        Case{"k8s:enc:aesgcm:v1:k:012",
             "[the stored data was shorter than the required size, no matching key was found for "
             "the provided AES transformer]"},
        Case{"k8s:enc:aesgcm:v1:k:0123456789012",
             "[cipher: message authentication failed, no matching key was found for the provided "
             "AES transformer]"},
        Case{"k8s:enc:aesgcm:v1:k:x:0123456789012",
             "[cipher: message authentication failed, no matching key was found for the provided "
             "AES transformer]"},
        Case{"k8s:enc:aesgcm:v1:other:0",
             "[no matching key was found for the provided AES transformer, the stored data was "
             "shorter than the required size]"},
        Case{"k8s:enc:foo:", "no matching prefix found"}, Case{"{}", "no matching prefix found"}}) {
    EXPECT_EQ(DecryptError(t, Stored(bytes)), Decrypting(message)) << bytes;
  }
}

TEST(Transformers, SaysWhatIsWrongWithTheText) {
  Transformers t = ForSecrets({With("aescbc", "k", 'a')});
  auto error = [&](std::string_view stored) {
    std::string message = DecryptError(t, stored);
    std::string_view prefix = "error unmarshaling encrypted data for resource [secrets]: ";
    EXPECT_TRUE(message.starts_with(prefix)) << stored << " gives " << message;
    return message.substr(std::min(prefix.size(), message.size()));
  };
  EXPECT_EQ(error(R"("*")"), "illegal base64 data at input byte 0");
  EXPECT_EQ(error(R"("YWJjZ*Jj")"), "illegal base64 data at input byte 5");
  EXPECT_EQ(error(R"("YWJj\t")"), "illegal base64 data at input byte 4");
  EXPECT_EQ(error(R"("YWJj\u00e9")"), "illegal base64 data at input byte 4");
  EXPECT_EQ(error(R"(")"), "unexpected end of JSON input");
  EXPECT_EQ(error(R"("YWJj)"), "unexpected end of JSON input");
  EXPECT_EQ(error(R"("YWJj" x)"), "invalid character after top-level value");
  EXPECT_EQ(error(R"("YW\qJj")"), "invalid character in string escape code");
  EXPECT_EQ(error(R"("YW\u00")"), "invalid character in string escape code");
  EXPECT_EQ(error("\"YWJj\n\""), "invalid character in string literal");
  auto grouped = t.DecryptEntry("deployments", "apps", "n", "\"*\"");
  ASSERT_FALSE(grouped);
  EXPECT_THAT(grouped.error().message(), HasSubstr("[deployments.apps]"));
}

TEST(Transformers, TakesJsonEscapes) {
  Transformers t = ForSecrets({With("aescbc", "key1", 'k')});
  for (int i = 0; i < 20; ++i) {  // until every escape was needed
    std::string stored = Encrypt(t, R"({"k":")" + std::string(300, 'x') + "\"}");
    std::string escaped;
    for (char c : stored) {
      if (c == '/')
        escaped += i % 2 == 0 ? "\\/" : "\\u002f";
      else if (c == '+')
        escaped += "\\u002B";
      else if (c == '=')
        escaped += "\\u003d";
      else
        escaped += c;
    }
    EXPECT_EQ(Decrypt(t, " " + escaped).value_or(""), " " + escaped);  // a plain entry, as it is
    EXPECT_EQ(Decrypt(t, escaped + " \n"), R"({"k":")" + std::string(300, 'x') + "\"}");
    EXPECT_EQ(NeedOf(escaped), "aescbc/key1");
  }
}

TEST(Transformers, EveryTruncationIsAnError) {
  for (const char* provider : {"aescbc", "aesgcm", "secretbox"}) {
    Transformers t = ForSecrets({With(provider, "k", 'a')});
    std::string stored = Encrypt(t, kVectorPlain);
    for (size_t size = 1; size < stored.size(); ++size) {
      EXPECT_FALSE(Decrypt(t, stored.substr(0, size))) << provider << " " << size;
      // Cut within, the end put back.
      auto opened = Decrypt(t, stored.substr(0, size) + "\"");
      EXPECT_TRUE(!opened || *opened != kVectorPlain || size + 1 == stored.size());
    }
  }
}

TEST(Transformers, NoFlippedBitGoesUnnoticedWhereThereIsATag) {
  for (const char* provider : {"aescbc", "aesgcm", "secretbox"}) {
    Transformers t = ForSecrets({With(provider, "k", 'a')});
    std::string stored = Encrypt(t);
    for (size_t bit = 8; bit < stored.size() * 8; ++bit) {
      std::string bad = stored;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
      auto opened = Decrypt(t, bad);
      if (provider == std::string_view("aescbc")) continue;  // survives; nothing is promised
      // Bits of the last character that stand for nothing may differ.
      EXPECT_TRUE(!opened || *opened == kPlainSecret) << provider << " " << bit;
    }
  }
}

TEST(Transformers, KmsV1IsRefused) {
  auto built = TryBuild({{"secrets", {"{kms: {name: vault, endpoint: 'unix:///a'}}"}}});
  ASSERT_FALSE(built);
  EXPECT_THAT(built.error().ToString(),
              AllOf(StartsWith("error while building transformers: KMS v1 is not supported"),
                    HasSubstr("vault"), HasSubstr("apiVersion: v2")));
}

TEST(Transformers, KmsV2FailsOnlyWhenNeeded) {
  std::string kms = "{kms: {apiVersion: v2, name: vault, endpoint: 'unix:///a'}}";
  Transformers reads = ForSecrets({With("aescbc", "k", 'a'), kms});
  EXPECT_EQ(Decrypt(reads, Encrypt(reads)), kPlainSecret);
  auto opened = Decrypt(reads, Stored("k8s:enc:kms:v2:vault:abc"));
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message(), HasSubstr("the value is no message of KMS v2"));
  EXPECT_EQ(DecryptError(reads, Stored("k8s:enc:kms:v2:other:abc")),
            Decrypting("no matching prefix found"));
  Transformers writes = ForSecrets({kms});
  EXPECT_TRUE(writes.Encrypts("secrets", ""));
  auto stored = writes.EncryptEntry("secrets", "", "n", "{}");
  ASSERT_FALSE(stored);
  EXPECT_THAT(stored.error().ToString(), HasSubstr("KMS v2 is not available here"));
  EXPECT_EQ(writes.EncryptEntry("configmaps", "", "n", "{}"), "{}");
}

TEST(Transformers, ManyThreadsAtOnce) {
  Transformers t = ForSecrets({With("aescbc", "k", 'a'), With("aesgcm", "g", 'b')});
  Transformers g = ForSecrets({With("aesgcm", "g", 'b')});
  std::atomic<int> bad = 0;
  {
    std::vector<std::jthread> threads;
    for (int n = 0; n < 4; ++n)
      threads.emplace_back([&, n] {
        for (int i = 0; i < 300; ++i) {
          std::string plain = "{\"" + std::to_string(n) + "\":" + std::to_string(i) + "}";
          for (const Transformers* from : {&t, &g}) {
            auto stored = from->EncryptEntry("secrets", "", "ns#name", std::string(plain));
            if (!stored || Decrypt(t, *stored) != plain) ++bad;
          }
        }
      });
  }
  EXPECT_EQ(bad, 0);
}

TEST(WhichKey, ReadsThePrefix) {
  auto key = [](std::string_view bytes) { return NeedOf(Stored(bytes)); };
  EXPECT_EQ(key("k8s:enc:aescbc:v1:key1:abc"), "aescbc/key1");
  EXPECT_EQ(key("k8s:enc:kms:v1:vault:abc"), "kms v1/vault");
  EXPECT_EQ(key("k8s:enc:kms:v2:vault:" + std::string(100'000, 'x')), "kms v2/vault");
  EXPECT_EQ(key("k8s:enc:aescbc:v1:key1"), "no key name after the prefix \"k8s:enc:aescbc:v1:\"");
  EXPECT_EQ(key("k8s:enc:rot13:v1:k:"), "the entry has no prefix of a known encryption provider");
  EXPECT_EQ(WhichKey("{}").error().kind(), ErrorKind::kInvalid);
  EXPECT_EQ(WhichKey("\"*\"").error().kind(), ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace holdfast::crypto
