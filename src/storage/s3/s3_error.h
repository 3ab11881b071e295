// What a store's refusal means and what helps. Private to storage.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "net/http_message.h"
#include "storage/s3/documents.h"

namespace holdfast::storage::s3 {

// Who asked for what, where; all of it may be shown.
struct Asked {
  std::string action;  // the right it takes: "s3:PutObject"
  std::string endpoint;
  std::string bucket;
  std::string key;  // empty: the bucket
  std::string region;
  std::string masked_key;  // of MaskedKey()
  std::string credentials_from;
  Clock::Wall now;  // by our clock
};

// `document` may be empty (HEAD has no body). The reason is S3's code; where there is none it is
// made up from the status: NoSuchKey, AccessDenied, PreconditionFailed...
Error S3Error(const net::HttpResponse& head, const ErrorDocument& document, const Asked& asked);

// The region that the answer sends us to; empty when it names none.
std::string RegionNamed(const net::HttpResponse& head, const ErrorDocument& document);
// The answer says that the request was signed for, or sent to, another region than the bucket's.
bool IsWrongRegion(const net::HttpResponse& head, const ErrorDocument& document);
bool IsExpiredToken(const ErrorDocument& document);

// When the answer was given, by the store's clock; none without a Date.
std::optional<Clock::Wall> DateOf(const net::HttpResponse& head);

}  // namespace holdfast::storage::s3
