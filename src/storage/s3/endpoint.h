// Where an S3 request goes: host and path by endpoint, region and bucket. Private to storage.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/s3/s3_config.h"

namespace holdfast::storage::s3 {

struct Endpoint {
  bool https = true;
  std::string host;       // lower case
  std::string port;       // empty: the scheme's own
  bool default_ = false;  // none was given: Amazon

  // "https://host:port"
  std::string Url() const;
  // "host:port", without the scheme's own port: what goes into Host.
  std::string Authority(std::string_view host_name) const;
};

// kInvalid for a path, user information, another scheme or no host.
Result<Endpoint> ParseEndpoint(std::string_view text, bool plain_http);

bool IsAmazon(std::string_view host);
// The region in one of Amazon's host names; empty when there is none.
std::string RegionInHost(std::string_view host);
// The general or regional host of S3 itself, which is rewritten by region and dual-stack; FIPS,
// PrivateLink, access points and such are not.
bool IsRewritten(std::string_view host);

// kInvalid where no store can have such a bucket: empty, over 255 bytes, "." or "..", a "/" or a
// control character in it.
Status CheckBucketName(std::string_view bucket);
// Why Amazon would refuse the name (docs.aws.amazon.com, "General purpose bucket naming rules"):
// what cannot be a label of a host name. Empty where it would not. Other stores have rules of their
// own.
std::string AmazonRefuses(std::string_view bucket);
// Whether BUCKET.HOST is to be used instead of HOST/BUCKET.
bool UsesVirtualHost(BucketLookup lookup, const Endpoint& endpoint, std::string_view bucket);

struct Target {
  std::string url_base;   // "https://host:port", to be followed by encoded_path
  std::string authority;  // for Host
  std::string encoded_path;
};

// Of the key ("" is the bucket itself).
Target TargetOf(const S3Config& config, const Endpoint& endpoint, std::string_view region,
                std::string_view key);

}  // namespace holdfast::storage::s3
