#include "crypto/key_cipher.h"

#include <set>

#include <gtest/gtest.h>

namespace holdfast::crypto {
namespace {

struct Kind {
  std::string_view name;
  Result<std::unique_ptr<KeyCipher>> (*make)(SecretBytes, NonceSource&);
  size_t key_size;
  size_t nonce_size;
};

std::ostream& operator<<(std::ostream& out, const Kind& kind) {
  return out << kind.name << kind.key_size;
}

class KeyCipherTest : public ::testing::TestWithParam<Kind> {
 protected:
  std::unique_ptr<KeyCipher> Make(char fill) {
    auto cipher = GetParam().make(SecretBytes(std::string(GetParam().key_size, fill)), nonces_);
    EXPECT_TRUE(cipher);
    return cipher ? std::move(*cipher) : nullptr;
  }
  static std::string Seal(const KeyCipher& cipher, std::string_view plain,
                          std::string_view context = "ns#name") {
    std::string out(cipher.SealedSize(plain.size()), '\0');
    EXPECT_TRUE(cipher.Seal(plain, context, out.data()));
    return out;
  }

  NonceSource nonces_;
};

TEST_P(KeyCipherTest, OpensWhatItSealedAtEveryLength) {
  auto cipher = Make('k');
  for (size_t size : {0, 1, 15, 16, 17, 31, 32, 33, 1000, 100'000}) {
    std::string plain(size, 'x');
    std::string data = "prefix:" + Seal(*cipher, plain);
    Status opened = cipher->Open(data, 7, "ns#name");
    ASSERT_TRUE(opened) << size << ": " << opened.error().ToString();
    EXPECT_EQ(data, plain);
  }
}

TEST_P(KeyCipherTest, NeverUsesANonceTwice) {
  auto cipher = Make('k');
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i)
    EXPECT_TRUE(seen.insert(Seal(*cipher, "same").substr(0, GetParam().nonce_size)).second);
}

TEST_P(KeyCipherTest, RefusesAnotherKey) {
  std::string sealed = Seal(*Make('k'), R"({"kind":"Secret"})");
  std::string data = sealed;
  EXPECT_FALSE(Make('l')->Open(data, 0, "ns#name") && data == R"({"kind":"Secret"})");
  if (!Make('k')->authenticates()) return;
  EXPECT_FALSE(Make('l')->Open(sealed, 0, "ns#name"));
}

TEST_P(KeyCipherTest, NoticesEveryFlippedBit) {
  auto cipher = Make('k');
  const std::string plain = R"({"kind":"Secret","data":{}})";
  std::string sealed = Seal(*cipher, plain);
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string data = sealed;
    data[bit / 8] = static_cast<char>(data[bit / 8] ^ (1 << bit % 8));
    Status opened = cipher->Open(data, 0, "ns#name");
    if (cipher->authenticates()) {
      EXPECT_FALSE(opened) << bit;
    } else if (opened) {
      EXPECT_NE(data, plain) << bit;
    }
  }
}

TEST_P(KeyCipherTest, RefusesEveryTruncation) {
  auto cipher = Make('k');
  std::string sealed = Seal(*cipher, R"({"kind":"Secret","data":{}})");
  for (size_t size = 0; size < sealed.size(); ++size) {
    std::string data = sealed.substr(0, size);
    Status opened = cipher->Open(data, 0, "ns#name");
    EXPECT_FALSE(opened) << size;
  }
}

TEST_P(KeyCipherTest, RefusesAKeyOfAnotherLength) {
  EXPECT_FALSE(GetParam().make(SecretBytes(std::string(17, 'k')), nonces_));
}

INSTANTIATE_TEST_SUITE_P(
    All, KeyCipherTest,
    ::testing::Values(Kind{"aescbc", MakeAesCbc, 16, 16}, Kind{"aescbc", MakeAesCbc, 24, 16},
                      Kind{"aescbc", MakeAesCbc, 32, 16}, Kind{"aesgcm", MakeAesGcm, 16, 12},
                      Kind{"aesgcm", MakeAesGcm, 24, 12}, Kind{"aesgcm", MakeAesGcm, 32, 12},
                      Kind{"secretbox", MakeSecretbox, 32, 24}),
    ::testing::PrintToStringParamName());

TEST(AesGcm, IsBoundToItsContext) {
  NonceSource nonces;
  auto cipher = MakeAesGcm(SecretBytes(std::string(32, 'k')), nonces);
  ASSERT_TRUE(cipher);
  std::string data((*cipher)->SealedSize(2), '\0');
  ASSERT_TRUE((*cipher)->Seal("{}", "ns#name", data.data()));
  EXPECT_FALSE((*cipher)->Open(data, 0, "other#name"));
}

}  // namespace
}  // namespace holdfast::crypto
