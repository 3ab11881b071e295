// What S3's XML documents say. Private to storage.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace holdfast::storage::s3 {

struct ListedObject {
  std::string key;
  uint64_t size = 0;
  Clock::Wall modified;
};

// One page of ListObjectsV2 or ListObjects.
struct ListPage {
  std::vector<ListedObject> objects;
  bool truncated = false;
  bool has_token = false;  // `next` is a token of V2
  std::string next;        // continuation token (V2), or marker (V1: the last name if it has none)
};
Result<ListPage> ParseList(std::string_view xml);

struct ListedUpload {
  std::string key;
  std::string upload_id;
  Clock::Wall initiated;
};
struct UploadPage {
  std::vector<ListedUpload> uploads;
  bool truncated = false;
  std::string next_key, next_id;
};
Result<UploadPage> ParseUploads(std::string_view xml);

struct PartPage {
  Clock::Wall newest;  // when the last part of this page came; the epoch when there is none
  bool truncated = false;
  std::string next;
};
Result<PartPage> ParseParts(std::string_view xml);

Result<std::string> ParseUploadId(std::string_view xml);

struct Completed {
  std::string etag;             // without quotes
  std::string checksum_sha256;  // "BASE64-N"; empty when the store has none
};
Result<Completed> ParseCompleted(std::string_view xml);

// GetBucketLocation: "" and "EU" in their present spelling.
Result<std::string> ParseLocation(std::string_view xml);

struct ErrorDocument {
  std::string code, message, request_id, region, endpoint, server_time, request_time;
};
// Also the form of STS. All empty when `xml` is no such document.
ErrorDocument ParseErrorDocument(std::string_view xml);

struct StsCredentials {
  std::string access_key, secret_key, session_token;
  Clock::Wall expires;
};
Result<StsCredentials> ParseStsCredentials(std::string_view xml);

// "%2F" and "+" resolved; broken escapes stay as they are.
std::string UrlDecode(std::string_view text);

}  // namespace holdfast::storage::s3
