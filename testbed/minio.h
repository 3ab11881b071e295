// A real S3 server for one test: MinIO on loopback, over TLS or plain HTTP, with a drive, keys and
// certificates of its own.
//
//   HF_ASSIGN(auto minio, Minio::Start({.tls = true}));
//   HF_TRY(minio->MakeBucket("backups"));
//   HF_ASSIGN(auto keys, minio->MakeUser(R"({"Version": "2012-10-17", "Statement": [...]})"));
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "testbed/service.h"

namespace holdfast::testbed {

struct MinioOptions {
  bool tls = false;
  std::filesystem::path parent;  // as ServiceSpec
  // Where `minio` and `mc` are; empty: FindTools().
  std::filesystem::path tools;
  // "NAME=value": further settings of MinIO, such as MINIO_SITE_REGION=eu-west-9.
  std::vector<std::string> environment;
};

struct S3Keys {
  std::string access_key;
  std::string secret_key;
};

struct BucketOptions {
  bool versioned = false;
  bool object_lock = false;  // implies versioned
};

class Minio {
 public:
  // Some hundred milliseconds on an idle machine.
  static Result<std::unique_ptr<Minio>> Start(MinioOptions options = {});

  // "127.0.0.1:PORT" and "http(s)://127.0.0.1:PORT"; the same over restarts.
  std::string endpoint() const;
  std::string url() const;
  uint16_t port() const { return service_->port(); }
  // PEM of what signed the server's certificate, and of one that signed nothing. Empty without TLS.
  const std::string& ca_pem() const { return ca_pem_; }
  const std::string& wrong_ca_pem() const { return wrong_ca_pem_; }
  const S3Keys& root() const { return root_; }
  Service& service() { return *service_; }

  Status MakeBucket(const std::string& name, const BucketOptions& options = {});
  // Somebody new whom this policy (JSON, as AWS's IAM has it) alone allows things.
  Result<S3Keys> MakeUser(const std::string& policy_json);

  // `mc ARGS` with this server as the alias "m"; as root. The output; an error when it fails.
  Result<std::string> Mc(const std::vector<std::string>& args);
  // Names of all objects of a bucket, with their folders, sorted; by mc.
  Result<std::vector<std::string>> Objects(const std::string& bucket);
  // Multipart uploads that are neither completed nor aborted, in all buckets, counted on the drive:
  // what the server would say is not asked.
  Result<size_t> OpenUploads() const;

 private:
  Minio() = default;

  bool tls_ = false;
  std::filesystem::path tools_;
  std::string ca_pem_, wrong_ca_pem_;
  S3Keys root_;
  std::unique_ptr<Service> service_;
};

}  // namespace holdfast::testbed
