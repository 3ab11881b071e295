// No block of memory may be given back with a decoded key in it. This program's operator delete and
// OpenSSL's free look into every block before they free it. Out of reach: registers and stack
// frames, and the base64 text that yaml-cpp keeps in strings of its own.
#include <cstdlib>
#include <cstring>
#include <new>

#include <gtest/gtest.h>
#include <malloc.h>
#include <openssl/crypto.h>

#include "crypto/transformer.h"

namespace {

constexpr std::string_view kKey = "abcdefghijklmnopqrstuvwxyz123456";
constexpr std::string_view kKeyBase64 = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=";

thread_local bool watching = false;
thread_local int leaks = 0;
thread_local int freed = 0;

void Look(const void* block) {
  if (!watching || block == nullptr) return;
  ++freed;
  size_t size = malloc_usable_size(const_cast<void*>(block));
  if (memmem(block, size, kKey.data(), kKey.size()) != nullptr) ++leaks;
}

void* Allocate(size_t size) {
  void* block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void Free(void* block) {
  Look(block);
  std::free(block);
}

// Before OpenSSL's first allocation.
const bool hooked =
    CRYPTO_set_mem_functions([](size_t size, const char*, int) { return std::malloc(size); },
                             [](void* block, size_t size, const char*, int) -> void* {
                               void* fresh = std::malloc(size);
                               if (fresh == nullptr || block == nullptr) return fresh;
                               std::memcpy(fresh, block, std::min(size, malloc_usable_size(block)));
                               Free(block);
                               return fresh;
                             },
                             [](void* block, const char*, int) { Free(block); }) == 1;

}  // namespace

void* operator new(size_t size) { return Allocate(size); }
void* operator new[](size_t size) { return Allocate(size); }
void operator delete(void* block) noexcept { Free(block); }
void operator delete[](void* block) noexcept { Free(block); }
void operator delete(void* block, size_t) noexcept { Free(block); }
void operator delete[](void* block, size_t) noexcept { Free(block); }

namespace holdfast::crypto {
namespace {

// What is freed, with the key in it, while `work` runs.
template <typename Work>
int LeaksOf(const Work& work) {
  leaks = 0;
  freed = 0;
  watching = true;
  work();
  watching = false;
  return leaks;
}

TEST(KeyWiping, TheWatchWorks) {
  EXPECT_TRUE(hooked);
  EXPECT_EQ(LeaksOf([] { std::string copy(kKey); }), 1);
  EXPECT_EQ(LeaksOf([] { SecretBytes copy(kKey); }), 0);
  EXPECT_EQ(freed, 1);
  EXPECT_EQ(LeaksOf([] {
              void* block = OPENSSL_malloc(100);
              std::memcpy(block, kKey.data(), kKey.size());
              OPENSSL_free(block);
            }),
            1);
}

TEST(KeyWiping, NoProviderLeavesItsKeyBehind) {
  for (std::string provider : {"aescbc", "aesgcm", "secretbox"}) {
    std::string text =
        "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n"
        "- resources: [secrets]\n  providers:\n  - " +
        provider + ": {keys: [{name: k, secret: " + std::string(kKeyBase64) + "}]}\n";
    std::string plain;
    EXPECT_EQ(LeaksOf([&] {
                auto config = EncryptionConfig::Parse(text, "enc.yaml");
                ASSERT_TRUE(config);
                auto transformers = Transformers::Build(std::move(*config));
                ASSERT_TRUE(transformers);
                auto stored = transformers->EncryptEntry("secrets", "", "a#b", "{\"a\":\"b\"}");
                ASSERT_TRUE(stored);
                auto opened = transformers->DecryptEntry("secrets", "", "a#b", *stored);
                ASSERT_TRUE(opened);
                plain = *opened;
              }),
              0)
        << provider;
    EXPECT_EQ(plain, "{\"a\":\"b\"}");
    EXPECT_GT(freed, 50);
  }
}

TEST(KeyWiping, NotOnErrorsEither) {
  std::string text =
      "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n"
      "- resources: [secrets]\n  providers:\n  - aescbc: {keys: [{name: k, secret: " +
      std::string(kKeyBase64) +
      "}, {name: k2, secret: YWJj}, {name: k3, secret: " + std::string(kKeyBase64.substr(0, 43)) +
      "!}]}\n";
  EXPECT_EQ(LeaksOf([&] { EXPECT_FALSE(EncryptionConfig::Parse(text, "enc.yaml")); }), 0);
}

}  // namespace
}  // namespace holdfast::crypto
