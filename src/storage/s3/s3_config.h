// What an S3 store is told: a bucket, where it is, who we are and how files are to be kept there.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/retry.h"
#include "base/secret.h"

namespace holdfast::storage {

// How a bucket is addressed. kUnset is kAuto, but virtual-hosted for hosts with "aliyun" in them.
enum class BucketLookup {
  kUnset,
  kAuto,  // virtual-hosted for Amazon, Google and Aliyun (not for https and a bucket with a dot),
          // else path
  kDns,   // https://BUCKET.HOST/KEY
  kPath,  // https://HOST/BUCKET/KEY
};

// "auto", "dns" or "path" in any case; anything else is kUnset, as the Backup CRD has it.
BucketLookup ParseBucketLookup(std::string_view text);

enum class ServerSideEncryption { kNone, kS3, kKms };
enum class ObjectLockMode { kNone, kGovernance, kCompliance };

// How the bytes of an upload are bound into the request's signature.
enum class PayloadSigning {
  kAuto,      // https: kUnsigned (TLS protects them), http: kSigned
  kUnsigned,  // UNSIGNED-PAYLOAD; the checksum header, which is signed, still names the bytes
  kSigned,    // SHA-256 of the body
  kChunked,   // STREAMING-AWS4-HMAC-SHA256-PAYLOAD
};

// What each request's body is checked by, at both ends.
enum class Checksum {
  kSha256,  // and Content-MD5 where the store does not know SHA-256
  kMd5,     // always: costs less where neither processor has instructions for SHA
};

struct S3Config {
  std::string bucket;  // required
  std::string folder;  // before every name; slashes at both ends do not count; may be empty
  std::string region;  // empty: from the environment, the endpoint's host, or what the store says
  // host[:port], or http(s)://host[:port] (a slash at the end is allowed, a path is not). Empty:
  // Amazon, in `region`. Without a scheme it is https unless plain_http.
  std::string endpoint;
  bool plain_http = false;
  // PEM, base64 of PEM, or the path of a PEM file; trusted in addition to the system's roots.
  std::string endpoint_ca;
  bool insecure_tls_skip_verify = false;
  BucketLookup bucket_lookup = BucketLookup::kUnset;
  bool dual_stack = true;  // acts on Amazon's hosts only

  // Static keys. Both empty: environment, web identity, profile, container, instance metadata, in
  // this order.
  std::string access_key;
  SecretBytes secret_key;
  SecretBytes session_token;
  std::string profile;  // of the shared config files; empty: AWS_PROFILE, else "default"

  ServerSideEncryption encryption = ServerSideEncryption::kNone;
  std::string kms_key_id;  // empty: the bucket's or the account's
  std::string storage_class;
  std::map<std::string, std::string> tags;
  ObjectLockMode lock_mode = ObjectLockMode::kNone;
  std::chrono::seconds lock_for{0};  // locked until upload time + this; > 0 with a lock_mode

  uint64_t single_put_max = 16 << 20;  // bytes; larger files go in parts
  uint64_t part_size = 0;              // bytes; 0: by length (8 MiB, more for over 80 GB)
  size_t parallel = 4;                 // parts or ranges under way at once
  size_t read_ahead = 32 << 20;        // bytes that a download may hold in memory
  PayloadSigning payload_signing = PayloadSigning::kAuto;
  Checksum checksum = Checksum::kSha256;
  std::chrono::milliseconds stall_timeout{60'000};  // no byte for this long breaks a request
  std::chrono::milliseconds connect_timeout{10'000};
  RetryPolicy retry;  // of each request, part or range; a range that made progress starts anew
  // Called before each piece of a file is sent, by several threads: slows uploads down. May be
  // empty.
  std::function<Status(uint64_t bytes, const Waits& waits)> pace_upload;
  std::string spool_dir;  // where NewSpool() makes its file; empty: the temporary folder
};

// What the world around looks like; tests give their own.
struct S3Surroundings {
  // Value of an environment variable; none when unset. Empty function: the process's environment.
  std::function<std::optional<std::string>(const std::string& name)> env;
  std::string instance_metadata = "http://169.254.169.254";
  std::string container_host = "http://169.254.170.2";
};

}  // namespace holdfast::storage
