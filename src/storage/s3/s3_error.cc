#include "storage/s3/s3_error.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "base/printable.h"
#include "base/rfc3339.h"

namespace holdfast::storage::s3 {
namespace {

constexpr std::chrono::seconds kLongestRetryAfter{120};

struct Meaning {
  std::string_view code;
  ErrorKind kind;
};
// Codes of Amazon, MinIO and Ceph whose kind does not follow from the status.
constexpr Meaning kMeanings[] = {
    {"RequestTimeout", ErrorKind::kUnavailable},
    {"BadDigest", ErrorKind::kUnavailable},
    {"IncompleteBody", ErrorKind::kUnavailable},
    {"XAmzContentSHA256Mismatch", ErrorKind::kUnavailable},
    {"XAmzContentChecksumMismatch", ErrorKind::kUnavailable},
    {"OperationAborted", ErrorKind::kUnavailable},
    {"RequestTimeTooSkewed", ErrorKind::kUnauthorized},
    {"ExpiredToken", ErrorKind::kUnauthorized},
    {"InvalidToken", ErrorKind::kUnauthorized},
    {"TokenRefreshRequired", ErrorKind::kUnauthorized},
    {"KMS.DisabledException", ErrorKind::kUnauthorized},
    {"kms:KeyNotFound", ErrorKind::kInvalid},
    {"QuotaExceeded", ErrorKind::kUnavailable},
    {"XMinioAdminBucketQuotaExceeded", ErrorKind::kUnavailable},
    {"ObjectLocked", ErrorKind::kConflict},
};

ErrorKind KindOf(int status, std::string_view code) {
  for (const Meaning& meaning : kMeanings)
    if (meaning.code == code) return meaning.kind;
  switch (status) {
    case 401:
    case 403: return ErrorKind::kUnauthorized;
    case 404: return ErrorKind::kNotFound;
    case 409:
    case 412: return ErrorKind::kConflict;
    case 408:
    case 425:
    case 429: return ErrorKind::kUnavailable;
    case 501: return ErrorKind::kInvalid;
    default: return status >= 500 ? ErrorKind::kUnavailable : ErrorKind::kInvalid;
  }
}

std::string_view CodeOfStatus(int status) {
  switch (status) {
    case 301:
    case 308: return "PermanentRedirect";
    case 403: return "AccessDenied";
    case 404: return "NoSuchKey";
    case 412: return "PreconditionFailed";
    case 416: return "InvalidRange";
    case 501: return "NotImplemented";
    case 503: return "SlowDown";
    default: return "";
  }
}

std::string HintOf(std::string_view code, int status, const Asked& asked) {
  std::string bucket = "bucket \"" + asked.bucket + "\"";
  if (code == "NoSuchBucket")
    return "there is no " + bucket + " at " + asked.endpoint +
           "; create it, or check bucket, endpoint and region of the store (--store)";
  if (code == "AccessDenied" || code == "AllAccessDisabled" || code == "AccessForbidden")
    return "the access key " + asked.masked_key + " (from " + asked.credentials_from +
           ") needs the right " + asked.action + " on arn:aws:s3:::" + asked.bucket +
           (asked.key.empty() ? "" : "/" + Printable(asked.key, 300)) +
           "; check the policies of the user or role and of the bucket";
  if (code == "InvalidAccessKeyId")
    return "the store does not know the access key " + asked.masked_key + " (from " +
           asked.credentials_from + "); is it for " + asked.endpoint + ", and not deleted?";
  if (code == "SignatureDoesNotMatch")
    return "the secret key does not belong to the access key " + asked.masked_key + " (from " +
           asked.credentials_from + "), or a proxy changes requests on their way";
  if (code == "ExpiredToken" || code == "InvalidToken" || code == "TokenRefreshRequired")
    return "the temporary credentials from " + asked.credentials_from +
           " are no longer good; get new ones";
  if (code == "AuthorizationHeaderMalformed" || code == "PermanentRedirect" ||
      code == "IllegalLocationConstraintException")
    return bucket + " is in another region than " + asked.region +
           ", and the store does not say in which; set the store's region and endpoint";
  if (code == "SlowDown" || status == 429) return "the store is asked too much; try again later";
  if (code == "QuotaExceeded" || code == "XMinioAdminBucketQuotaExceeded" ||
      code == "XMinioStorageFull" || status == 507)
    return "the store has no room left: delete old archives (holdfast prune), or raise the quota";
  if (code == "EntityTooLarge" || code == "MaxMessageLengthExceeded")
    return "the store takes no parts of this size; set a smaller part size";
  if (code == "InvalidObjectState")
    return "the archive lies in a cold storage class; have the store bring it back first";
  if (code == "NoSuchKey") return "";
  if (code.starts_with("KMS.") || code.starts_with("kms:") ||
      code.find("Encryption") != std::string_view::npos)
    return "check the KMS key: it must exist in the bucket's region, be enabled, and allow "
           "kms:GenerateDataKey and kms:Decrypt";
  if (code.find("ObjectLock") != std::string_view::npos)
    return "Object Lock must have been switched on for the bucket, and the lock be allowed";
  return "";
}

std::string Skew(const net::HttpResponse& head, const ErrorDocument& document, const Asked& asked) {
  auto server = ParseRfc3339(document.server_time);
  std::optional<Clock::Wall> theirs = server ? std::optional(*server) : DateOf(head);
  std::string text = "this machine's clock says " + FormatRfc3339(asked.now);
  if (theirs) text += ", the store's says " + FormatRfc3339(*theirs);
  return text + "; set this machine's clock right (NTP)";
}

}  // namespace

std::optional<Clock::Wall> DateOf(const net::HttpResponse& head) {
  const std::string* date = head.Header("date");
  if (date == nullptr) return std::nullopt;
  std::tm utc{};
  const char* end = ::strptime(date->c_str(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&utc));
}

std::string RegionNamed(const net::HttpResponse& head, const ErrorDocument& document) {
  const std::string* header = head.Header("x-amz-bucket-region");
  std::string region = header != nullptr ? *header : document.region;
  // It goes into a host name.
  bool sane = region.size() <= 40 && std::all_of(region.begin(), region.end(), [](char c) {
                return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
              });
  return sane ? region : "";
}

bool IsWrongRegion(const net::HttpResponse& head, const ErrorDocument& document) {
  if (head.status == 301 || head.status == 307 || head.status == 308) return true;
  static constexpr std::array<std::string_view, 4> kCodes = {
      "AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException",
      "InvalidRegion"};
  if (std::find(kCodes.begin(), kCodes.end(), document.code) != kCodes.end()) return true;
  // HEAD tells it by the header alone.
  return head.status == 400 && document.code.empty() &&
         head.Header("x-amz-bucket-region") != nullptr;
}

bool IsExpiredToken(const ErrorDocument& document) {
  return document.code == "ExpiredToken" || document.code == "ExpiredTokenException" ||
         document.code == "TokenRefreshRequired";
}

Error S3Error(const net::HttpResponse& head, const ErrorDocument& document, const Asked& asked) {
  std::string code(document.code.empty() ? CodeOfStatus(head.status)
                                         : Printable(document.code, 80));
  std::string message = asked.endpoint + " answered " + std::to_string(head.status);
  if (!code.empty()) message += " " + code;
  if (!document.message.empty()) message += ": " + Printable(document.message, 300);
  const std::string* id = head.Header("x-amz-request-id");
  std::string request_id = id != nullptr ? *id : document.request_id;
  if (!request_id.empty()) message += " (request " + Printable(request_id, 80) + ")";
  Error error = Error(KindOf(head.status, code), message).Code(head.status).Reason(code);
  if (const std::string* wait = head.Header("retry-after")) {
    uint64_t seconds = 0;
    auto parsed = std::from_chars(wait->data(), wait->data() + wait->size(), seconds);
    if (parsed.ec == std::errc())
      error = std::move(error).RetryAfter(std::min(
          std::chrono::seconds(std::min<uint64_t>(seconds, 1'000'000)), kLongestRetryAfter));
  }
  std::string hint = code == "RequestTimeTooSkewed" ? Skew(head, document, asked)
                                                    : HintOf(code, head.status, asked);
  if (hint.empty() && document.code.empty() && id == nullptr && head.status != 412)
    hint = "is there an S3 service at " + asked.endpoint + "?";
  if (!hint.empty()) error = std::move(error).Hint(std::move(hint));
  return error;
}

}  // namespace holdfast::storage::s3
