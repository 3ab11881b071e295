// Signature Version 4 of AWS, in headers.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
// Private to storage.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "net/http_message.h"

namespace holdfast::storage::s3 {

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view kChunkedPayload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";

// Names and values as they are, not encoded.
using Query = std::vector<std::pair<std::string, std::string>>;

// "a=1&b=" encoded and sorted as the signature wants it, which is also fit for the URL.
std::string CanonicalQuery(const Query& query);
// Percent-encodes all but unreserved characters and `/`. S3 normalizes nothing: `//`, `.` and `..`
// stay as they are.
std::string EncodePath(std::string_view path);

struct SigningKey {
  std::string_view access_key;
  std::string_view secret_key;
  std::string_view session_token;  // empty: none
  std::string_view region;
  std::string_view service = "s3";
};

struct ToSign {
  std::string_view method;
  std::string_view encoded_path;  // as in the URL
  std::string_view canonical_query;
  std::vector<net::HttpHeader> headers;  // all that are to be signed, Host among them
  // Hex SHA-256 of the body, or one of the words above.
  std::string_view payload_hash;
};

// "20130524T000000Z".
std::string AmzDate(Clock::Wall time);
// "20130524/us-east-1/s3/aws4_request".
std::string Scope(std::string_view amz_date, const SigningKey& key);

std::string CanonicalRequest(const ToSign& request);
std::string StringToSign(const ToSign& request, std::string_view amz_date, const SigningKey& key);
// 32 secret bytes, good for one day, region and service.
std::string DeriveKey(std::string_view amz_date, const SigningKey& key);
// 64 hex digits.
std::string Signature(const ToSign& request, std::string_view amz_date, const SigningKey& key);

// Adds X-Amz-Date, X-Amz-Security-Token, X-Amz-Content-Sha256 (s3 only) and Authorization to the
// headers and returns them. Returns the signature in `signature` when it is not null.
std::vector<net::HttpHeader> Sign(ToSign request, Clock::Wall time, const SigningKey& key,
                                  std::string* signature = nullptr);

}  // namespace holdfast::storage::s3
