#include "tests/storage/s3_places.h"

#include <atomic>
#include <random>

namespace holdfast::tests {
namespace {

storage::S3Config Quick(const std::string& bucket) {
  storage::S3Config config;
  config.bucket = bucket;
  config.region = "us-east-1";
  config.bucket_lookup = storage::BucketLookup::kPath;
  config.single_put_max = 6 << 20;
  config.part_size = 5 << 20;
  config.retry = {.max_attempts = 4,
                  .first_wait = std::chrono::milliseconds(20),
                  .max_wait = std::chrono::milliseconds(200)};
  return config;
}

// Held until the process ends; what it started ends with it in any case.
template <typename T>
T& Once(Result<std::unique_ptr<T>> (*start)()) {
  static std::unique_ptr<T> server = Must(start());
  return *server;
}

}  // namespace

testbed::Minio& MinioPlain() {
  static std::unique_ptr<testbed::Minio> minio = Must(testbed::Minio::Start());
  return *minio;
}
testbed::Minio& MinioTls() {
  static std::unique_ptr<testbed::Minio> minio = Must(testbed::Minio::Start({.tls = true}));
  return *minio;
}
testbed::Moto& TheMoto() {
  return Once<testbed::Moto>([] { return testbed::Moto::Start(); });
}
testbed::Toxiproxy& TheToxiproxy() {
  return Once<testbed::Toxiproxy>([] { return testbed::Toxiproxy::Start(); });
}

std::string NewBucketName() {
  static std::atomic<int> number{0};
  return "bucket-" + std::to_string(++number);
}

storage::S3Config ConfigFor(const testbed::Minio& minio, const std::string& bucket) {
  storage::S3Config config = Quick(bucket);
  config.endpoint = minio.url();
  config.endpoint_ca = minio.ca_pem();
  config.access_key = minio.root().access_key;
  config.secret_key = SecretBytes(minio.root().secret_key);
  return config;
}

storage::S3Config ConfigFor(const testbed::Moto& moto, const std::string& bucket) {
  storage::S3Config config = Quick(bucket);
  config.endpoint = moto.url();
  config.access_key = "test";
  config.secret_key = SecretBytes("test");
  return config;
}

std::unique_ptr<storage::S3Store> Open(storage::S3Config config,
                                       storage::S3Surroundings surroundings) {
  return Must(
      storage::NewS3Store(std::move(config), Clock::Real(), nullptr, std::move(surroundings)));
}

std::string Bytes(size_t size, unsigned seed) {
  std::mt19937_64 random(seed);
  std::string bytes;
  bytes.reserve(size + 8);
  while (bytes.size() < size) {
    uint64_t word = random();
    bytes.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  bytes.resize(size);
  return bytes;
}

Status PutBytes(storage::Store& store, const std::string& name, std::string_view bytes,
                const Waits& waits) {
  HF_ASSIGN(auto spool, store.NewSpool());
  HF_TRY(spool.Append(bytes));
  return store.Put(spool, name, waits);
}

std::string GetBytes(storage::Store& store, const std::string& name, const Waits& waits) {
  auto source = store.Open(name, 0, waits);
  if (!source) return "error: " + source.error().ToString();
  auto bytes = stream::ReadAll(**source, size_t{1} << 28);
  return bytes ? std::move(*bytes) : "error: " + bytes.error().ToString();
}

}  // namespace holdfast::tests
