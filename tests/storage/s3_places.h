// Object stores on loopback for tests, started once a process, and places in them that nothing else
// uses.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "storage/s3/s3_store.h"
#include "testbed/minio.h"
#include "testbed/moto.h"
#include "testbed/toxiproxy.h"

namespace holdfast::tests {

// The value, or an exception that says what went wrong.
template <typename T>
T Must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().ToString());
  return std::move(*result);
}
inline void Must(Status status) {
  if (!status) throw std::runtime_error(status.error().ToString());
}

testbed::Minio& MinioPlain();
testbed::Minio& MinioTls();
testbed::Moto& TheMoto();
testbed::Toxiproxy& TheToxiproxy();

// "bucket-17": never given out before.
std::string NewBucketName();

// Retries quickly, small parts, the root's keys.
storage::S3Config ConfigFor(const testbed::Minio& minio, const std::string& bucket);
storage::S3Config ConfigFor(const testbed::Moto& moto, const std::string& bucket);

std::unique_ptr<storage::S3Store> Open(storage::S3Config config,
                                       storage::S3Surroundings surroundings = {});

// `size` bytes, the same for the same seed, that do not repeat.
std::string Bytes(size_t size, unsigned seed = 1);
Status PutBytes(storage::Store& store, const std::string& name, std::string_view bytes,
                const Waits& waits = {});
// All of a file, or "error: ...".
std::string GetBytes(storage::Store& store, const std::string& name, const Waits& waits = {});

}  // namespace holdfast::tests
