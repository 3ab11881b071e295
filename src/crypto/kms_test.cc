#include "crypto/kms.h"

#include <gmock/gmock.h>

#include "crypto/base64.h"
#include "crypto/key_cipher.h"
#include "crypto/kms_object.h"
#include "crypto/transformer.h"

namespace holdfast::crypto {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Seals by turning every byte around; counts its calls.
struct FakePlugin {
  int encrypts = 0, decrypts = 0;
  bool down = false;
  std::string key_id = "k1";

  class Service : public KmsService {
   public:
    explicit Service(FakePlugin& plugin) : plugin_(plugin) {}
    Result<KmsSealed> Encrypt(std::string_view plain, const std::string& uid) override {
      EXPECT_EQ(uid.size(), 32u);
      if (plugin_.down) return Fail(ErrorKind::kUnavailable, "connection refused");
      ++plugin_.encrypts;
      std::string sealed(plain);
      for (char& c : sealed) c = static_cast<char>(~c);
      return KmsSealed{sealed, plugin_.key_id, {{"a.b", "note"}}};
    }
    Result<SecretBytes> Decrypt(const KmsSealed& sealed, const std::string&) override {
      if (plugin_.down) return Fail(ErrorKind::kUnavailable, "connection refused");
      ++plugin_.decrypts;
      if (sealed.key_id != plugin_.key_id) return Fail(ErrorKind::kInvalid, "no such key");
      if (sealed.annotations != std::map<std::string, std::string>{{"a.b", "note"}})
        return Fail(ErrorKind::kInvalid, "other annotations");
      std::string plain = sealed.ciphertext;
      for (char& c : plain) c = static_cast<char>(~c);
      return SecretBytes::Take(std::move(plain));
    }

   private:
    FakePlugin& plugin_;
  };

  Transformers Make(const std::string& name = "vault") {
    auto config = EncryptionConfig::Parse(
        "{apiVersion: apiserver.config.k8s.io/v1, kind: EncryptionConfiguration, resources: "
        "[{resources: [secrets], providers: [{kms: {apiVersion: v2, name: " +
            name + ", endpoint: 'unix:///tmp/kms.sock', timeout: 2s}}]}]}",
        "test");
    EXPECT_TRUE(config) << config.error().ToString();
    auto built = Transformers::Build(
        std::move(*config),
        [this](const std::string& endpoint,
               std::chrono::nanoseconds timeout) -> Result<std::unique_ptr<KmsService>> {
          EXPECT_EQ(endpoint, "unix:///tmp/kms.sock");
          EXPECT_EQ(timeout, std::chrono::seconds(2));
          return std::make_unique<Service>(*this);
        });
    EXPECT_TRUE(built) << built.error().ToString();
    return std::move(*built);
  }
};

constexpr std::string_view kPlain = R"({"kind":"Secret"})";

TEST(Kms, EntriesComeBack) {
  FakePlugin plugin;
  Transformers writes = plugin.Make();
  auto one = writes.EncryptEntry("secrets", "", "ns#a", std::string(kPlain));
  auto two = writes.EncryptEntry("secrets", "", "ns#a", std::string(kPlain));
  ASSERT_TRUE(one && two) << one.error().ToString();
  EXPECT_NE(*one, *two);
  EXPECT_EQ(plugin.encrypts, 1);
  Transformers reads = plugin.Make();
  EXPECT_EQ(reads.DecryptEntry("secrets", "", "ns#a", *one), kPlain);
  EXPECT_EQ(reads.DecryptEntry("secrets", "", "ns#a", *two), kPlain);
  EXPECT_EQ(plugin.decrypts, 1);
  auto moved = reads.DecryptEntry("secrets", "", "ns#b", *one);
  ASSERT_FALSE(moved);
  EXPECT_THAT(moved.error().ToString(), AllOf(HasSubstr("message authentication failed"),
                                              HasSubstr("provider kms v2 named \"vault\"")));
}

TEST(Kms, PluginsFailuresAreTold) {
  FakePlugin plugin;
  auto stored = plugin.Make().EncryptEntry("secrets", "", "a", std::string(kPlain));
  ASSERT_TRUE(stored);
  plugin.down = true;
  auto opened = plugin.Make().DecryptEntry("secrets", "", "a", *stored);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(opened.error().ToString(),
              AllOf(HasSubstr("KMS plugin \"vault\" at unix:///tmp/kms.sock: connection refused"),
                    HasSubstr("socket")));
  auto sealed = plugin.Make().EncryptEntry("secrets", "", "a", std::string(kPlain));
  ASSERT_FALSE(sealed);
  EXPECT_EQ(sealed.error().kind(), ErrorKind::kUnavailable);
  plugin.down = false;
  plugin.key_id = "k2";
  opened = plugin.Make().DecryptEntry("secrets", "", "a", *stored);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().ToString(), HasSubstr("no such key"));
  EXPECT_FALSE(plugin.Make("other").DecryptEntry("secrets", "", "a", *stored));
}

// As API servers wrote before 1.29: the plugin seals the key itself.
TEST(Kms, KeyOfType0) {
  FakePlugin plugin;
  NonceSource nonces;
  std::string key(32, 'k');
  auto cipher = MakeAesGcm(SecretBytes(key), nonces);
  ASSERT_TRUE(cipher);
  KmsObject object;
  object.data.resize((*cipher)->SealedSize(kPlain.size()));
  ASSERT_TRUE((*cipher)->Seal(kPlain, "/registry/secrets/ns/a", object.data.data()));
  for (char& c : key) c = static_cast<char>(~c);
  object.key = {key, "k1", {{"a.b", "note"}}};
  std::string stored = "k8s:enc:kms:v2:vault:" + EncodeKmsObject(object);
  EXPECT_EQ(plugin.Make().DecryptStored("secrets", "", "/registry/secrets/ns/a", stored), kPlain);
  EXPECT_FALSE(plugin.Make().DecryptStored("secrets", "", "/registry/secrets/ns/b", stored));
}

TEST(Kms, DamagedPayloads) {
  FakePlugin plugin;
  Transformers keys = plugin.Make();
  auto stored = keys.EncryptEntry("secrets", "", "a", std::string(kPlain));
  ASSERT_TRUE(stored);
  std::string bytes;
  ASSERT_FALSE(Base64Decode(std::string_view(*stored).substr(1, stored->size() - 2), bytes));
  std::string_view prefix = "k8s:enc:kms:v2:vault:";
  ASSERT_TRUE(bytes.starts_with(prefix));
  for (size_t size = prefix.size(); size < bytes.size() - 2; ++size)
    EXPECT_FALSE(keys.DecryptStored("secrets", "", "a", bytes.substr(0, size))) << size;
  auto object = ParseKmsObject(std::string_view(bytes).substr(prefix.size()));
  ASSERT_TRUE(object);
  object->key.key_id.resize(2000, 'x');
  EXPECT_FALSE(ParseKmsObject(EncodeKmsObject(*object)));
}

TEST(Stored, ProtobufAndJsonOfEveryProvider) {
  auto config = EncryptionConfig::Parse(
      "{apiVersion: apiserver.config.k8s.io/v1, kind: EncryptionConfiguration, resources: "
      "[{resources: [secrets], providers: [{aescbc: {keys: [{name: k, secret: "
      "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=}]}}]}]}",
      "test");
  ASSERT_TRUE(config);
  auto keys = Transformers::Build(std::move(*config));
  ASSERT_TRUE(keys);
  std::string plain("k8s\0\x0a\x01", 6);
  auto entry = keys->EncryptEntry("secrets", "", "any", std::string(plain));
  ASSERT_TRUE(entry);
  std::string bytes;
  ASSERT_FALSE(Base64Decode(std::string_view(*entry).substr(1, entry->size() - 2), bytes));
  EXPECT_EQ(keys->DecryptStored("secrets", "", "key", bytes), plain);
  EXPECT_EQ(keys->DecryptStored("secrets", "", "key", plain), plain);
  auto other = keys->DecryptStored("configmaps", "", "key", bytes);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().ToString(),
              AllOf(HasSubstr("the value needs key \"k\" of provider aescbc"),
                    HasSubstr("does not give for configmaps")));
}

}  // namespace
}  // namespace holdfast::crypto
