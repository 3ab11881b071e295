// Files in one request, and what both ways of uploading share.
#include <algorithm>
#include <cstdio>

#include <sodium.h>

#include "base/rfc3339.h"
#include "storage/s3/digest.h"
#include "storage/s3/pace.h"
#include "storage/s3/store_impl.h"

namespace holdfast::storage::s3 {
namespace {

constexpr size_t kReadSize = 256 * 1024;

}  // namespace

bool IsMd5(std::string_view etag) {
  return etag.size() == 32 && etag.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string Unquoted(const std::string& etag) {
  if (etag.size() < 2 || etag.front() != '"') return etag;
  return etag.substr(1, etag.size() - 2);
}

std::string NewMark() {
  char bytes[16];
  randombytes_buf(bytes, sizeof bytes);
  return HexOf({bytes, sizeof bytes});
}

bool IsUnknownFeature(const Error& error) {
  return error.code() == 501 || error.reason() == "NotImplemented" ||
         error.reason() == "InvalidArgument" || error.reason() == "InvalidRequest";
}

net::Upload SpoolPart(const stream::Spool& spool, uint64_t begin, uint64_t size) {
  net::Upload upload;
  upload.size = size;
  upload.read_at = [&spool, begin, size](uint64_t offset, char* out, size_t capacity) {
    return spool.Read(begin + offset, out, std::min<uint64_t>(capacity, size - offset));
  };
  return upload;
}

Result<std::string> DigestOf(const stream::Spool& spool, uint64_t begin, uint64_t size,
                             bool sha256) {
  Hash hash(sha256 ? Hash::Kind::kSha256 : Hash::Kind::kMd5);
  std::string buffer(std::min<uint64_t>(kReadSize, size), '\0');
  for (uint64_t at = 0; at < size;) {
    HF_ASSIGN(size_t got,
              spool.Read(begin + at, buffer.data(), std::min<uint64_t>(buffer.size(), size - at)));
    if (got == 0) return Fail(ErrorKind::kInternal, "the spool ended early");
    hash.Update({buffer.data(), got});
    at += got;
  }
  return hash.Final();
}

bool ETagIsDigest(const net::HttpResponse& head) {
  const std::string* encryption = head.Header("x-amz-server-side-encryption");
  return encryption == nullptr || *encryption == "AES256";
}

Status CheckAnswer(const net::HttpResponse& head, const std::string& digest, bool sha256) {
  std::string theirs, ours;
  if (sha256) {
    if (const std::string* sum = head.Header("x-amz-checksum-sha256")) {
      theirs = *sum;
      ours = Base64(digest);
    }
  } else if (const std::string* etag = head.Header("etag"); etag != nullptr && ETagIsDigest(head)) {
    theirs = Unquoted(*etag);
    ours = HexOf(digest);
    if (!IsMd5(theirs)) return {};
  }
  if (theirs == ours) return {};
  return Fail(Error(ErrorKind::kUnavailable,
                    "the store got other bytes than were sent: its "
                    "checksum is " +
                        theirs + ", ours is " + ours)
                  .Reason("BadDigest"));
}

Result<bool> StoreImpl::IsOurs(const std::string& key, const std::string& mark,
                               const Waits& waits) {
  auto head = Head(key, waits);
  if (head) return head->mark == mark;
  if (head.error().kind() == ErrorKind::kNotFound) return false;
  return Fail(std::move(head).error());
}

Status StoreImpl::DecideTaken(const std::string& name, const std::string& mark, bool answer_lost,
                              const Waits& waits) {
  auto ours = IsOurs(KeyOf(name), mark, waits);
  if (ours && *ours) return {};
  if (ours) return Fail(Taken(name));
  // Who may not look still knows that the first answer is about another's file.
  if (ours.error().kind() == ErrorKind::kUnauthorized && !answer_lost) return Fail(Taken(name));
  if (ours.error().kind() == ErrorKind::kCancelled) return Fail(std::move(ours).error());
  return Fail(Error(ErrorKind::kUnavailable, ours.error().ToString())
                  .With("the name is taken, and it could not be found out whether by this upload"));
}

Result<std::string> CrcOf(const stream::Spool& spool) {
  uint64_t crc = 0, size = spool.Size();
  std::string buffer(std::min<uint64_t>(kReadSize, size), '\0');
  for (uint64_t at = 0; at < size;) {
    HF_ASSIGN(size_t got, spool.Read(at, buffer.data(), buffer.size()));
    if (got == 0) return Fail(ErrorKind::kInternal, "the spool ended early");
    crc = Crc64(crc, {buffer.data(), got});
    at += got;
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(crc));
  return std::string(text);
}

Result<std::vector<net::HttpHeader>> StoreImpl::ObjectHeaders(const stream::Spool& spool,
                                                              const std::string& mark) const {
  const S3Config& config = client_->config();
  std::vector<net::HttpHeader> headers = {{"Content-Type", "application/gzip"},
                                          {std::string(kUploadMark), mark}};
  HF_ASSIGN(std::string crc, CrcOf(spool));
  headers.push_back({std::string(kCrcMark), std::move(crc)});
  if (config.encryption == ServerSideEncryption::kS3)
    headers.push_back({"x-amz-server-side-encryption", "AES256"});
  if (config.encryption == ServerSideEncryption::kKms) {
    headers.push_back({"x-amz-server-side-encryption", "aws:kms"});
    if (!config.kms_key_id.empty())
      headers.push_back({"x-amz-server-side-encryption-aws-kms-key-id", config.kms_key_id});
  }
  if (!config.storage_class.empty())
    headers.push_back({"x-amz-storage-class", config.storage_class});
  if (!config.tags.empty())
    headers.push_back(
        {"x-amz-tagging", CanonicalQuery(Query(config.tags.begin(), config.tags.end()))});
  if (config.lock_mode != ObjectLockMode::kNone) {
    headers.push_back({"x-amz-object-lock-mode", config.lock_mode == ObjectLockMode::kGovernance
                                                     ? "GOVERNANCE"
                                                     : "COMPLIANCE"});
    std::string until = FormatRfc3339(client_->clock().Now() + config.lock_for);
    headers.push_back({"x-amz-object-lock-retain-until-date", until});
    headers.push_back({std::string(kLockMark), until});
  }
  return headers;
}

Status StoreImpl::Put(stream::Spool& spool, const std::string& name, const Waits& waits) {
  HF_TRY(CheckName(name));
  std::string doing = "storing \"" + name + "\" in " + Describe();
  HF_TRY_CONTEXT(spool.Flush(), doing);
  // Spares the sending, and is all there is where the store knows no conditions. Without the right
  // to look, the condition decides alone.
  auto there = Head(KeyOf(name), waits);
  if (there) return Fail(Taken(name));
  if (ErrorKind kind = there.error().kind();
      (kind != ErrorKind::kNotFound || there.error().reason() == "NoSuchBucket") &&
      there.error().reason() != "AccessDenied")
    return Fail(std::move(there).error().With(doing));
  Status put = spool.Size() > client_->config().single_put_max ? PutParts(spool, name, waits)
                                                               : PutWhole(spool, name, waits);
  if (put) return {};
  return Fail(std::move(put).error().With(doing));
}

Status StoreImpl::PutWhole(const stream::Spool& spool, const std::string& name,
                           const Waits& waits) {
  std::string key = KeyOf(name), mark = NewMark();
  // A store that does not know one of the headers does not always say which.
  const Guards ways[] = {{true, true}, {false, true}, {true, false}, {false, false}};
  Status put;
  bool answer_lost = false;
  for (Guards guards : ways) {
    if ((guards.conditional && no_conditional_) || (guards.sha256 && no_sha256_)) continue;
    put = SendWhole(spool, key, mark, guards, answer_lost, waits);
    if (!put && IsUnknownFeature(put.error())) continue;
    if (put) {
      if (!guards.conditional) no_conditional_ = true;
      if (!guards.sha256) no_sha256_ = true;
    }
    break;
  }
  if (put) return put;
  ErrorKind kind = put.error().kind();
  if (kind == ErrorKind::kConflict) return DecideTaken(name, mark, answer_lost, waits);
  if (kind == ErrorKind::kUnavailable || kind == ErrorKind::kCancelled) {
    if (put.error().reason() == "BadDigest") {
      RemoveDamaged(key, mark, waits);
    } else if (auto ours = IsOurs(key, mark, CleanUpWaits(waits)); ours && *ours) {
      return {};
    }
  }
  return put;
}

Status StoreImpl::SendWhole(const stream::Spool& spool, const std::string& key,
                            const std::string& mark, Guards guards, bool& answer_lost,
                            const Waits& waits) {
  const S3Config& config = client_->config();
  uint64_t size = spool.Size();
  HF_ASSIGN(std::string digest, DigestOf(spool, 0, size, guards.sha256));
  Request request;
  request.method = "PUT";
  request.key = key;
  request.action = "s3:PutObject";
  HF_ASSIGN(request.headers, ObjectHeaders(spool, mark));
  if (guards.conditional) request.headers.push_back({"If-None-Match", "*"});
  if (guards.sha256) {
    request.headers.push_back({"x-amz-checksum-sha256", Base64(digest)});
    request.payload_hash = HexOf(digest);
  } else {
    request.headers.push_back({"Content-MD5", Base64(digest)});
  }
  request.upload = Paced(SpoolPart(spool, 0, size), config, waits);
  for (int attempt = 1;; ++attempt) {
    auto answer = client_->SendOnce(request, waits);
    if (answer) return CheckAnswer(answer->head, digest, guards.sha256);
    Error error = std::move(answer).error();
    // Another upload of the same name is just being decided.
    if (error.reason() == "ConditionalRequestConflict")
      error = Error(ErrorKind::kUnavailable, error.message()).Reason(error.reason());
    if (!WaitBeforeRetry(config.retry, attempt, error, waits)) return Fail(std::move(error));
    answer_lost = true;
  }
}

void StoreImpl::RemoveDamaged(const std::string& key, const std::string& mark, const Waits& waits) {
  Waits own = CleanUpWaits(waits);
  auto ours = IsOurs(key, mark, own);
  if (!ours || !*ours) return;
  Request request;
  request.method = "DELETE";
  request.key = key;
  request.action = "s3:DeleteObject";
  auto removed = client_->Send(request, own);
  if (!removed)
    client_->Warn("the damaged file " + key + " could not be removed again", removed.error());
}

}  // namespace holdfast::storage::s3
