// Files in parts.
#include <algorithm>

#include "base/workers.h"
#include "storage/s3/digest.h"
#include "storage/s3/pace.h"
#include "storage/s3/part_digests.h"
#include "storage/s3/store_impl.h"
#include "storage/s3/xml.h"

namespace holdfast::storage::s3 {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kMaxSize = 5ull << 40;
constexpr uint64_t kMaxParts = 10'000;
constexpr uint64_t kUsualPart = 8 * kMiB;

}  // namespace

Result<PartPlan> PlanParts(uint64_t size, uint64_t wanted) {
  if (size > kMaxSize)
    return Fail(ErrorKind::kInvalid,
                "it has " + std::to_string(size) + " bytes; S3 takes no file over 5 TiB");
  PartPlan plan{size, wanted == 0 ? kUsualPart : wanted, 0};
  uint64_t least = (size + kMaxParts - 1) / kMaxParts;
  if (plan.part_size < least) plan.part_size = (least + kMiB - 1) / kMiB * kMiB;
  plan.count = static_cast<size_t>((size + plan.part_size - 1) / plan.part_size);
  return plan;
}

Result<StoreImpl::Multipart> StoreImpl::Begin(const stream::Spool& spool, const std::string& key,
                                              const std::string& mark, const PartPlan& plan,
                                              const Waits& waits) {
  HF_ASSIGN(auto headers, ObjectHeaders(spool, mark));
  Multipart upload;
  upload.plan = plan;
  upload.guards = {!no_conditional_, !no_sha256_};
  upload.parts.resize(plan.count);
  for (;;) {
    Request request;
    request.method = "POST";
    request.key = key;
    request.query = {{"uploads", ""}};
    request.action = "s3:PutObject";
    request.headers = headers;
    request.headers.push_back({std::string(kPartSizeMark), std::to_string(plan.part_size)});
    if (upload.guards.sha256) request.headers.push_back({"x-amz-checksum-algorithm", "SHA256"});
    auto answer = client_->Send(request, waits);
    if (answer) {
      HF_ASSIGN(upload.id, ParseUploadId(answer->body));
      return upload;
    }
    if (!upload.guards.sha256 || !IsUnknownFeature(answer.error()))
      return Fail(std::move(answer).error());
    upload.guards.sha256 = false;
  }
}

Result<StoreImpl::Part> StoreImpl::SendPart(const stream::Spool& spool, const std::string& key,
                                            const Multipart& upload, size_t part,
                                            const std::string& digest, const Waits& waits) {
  const S3Config& config = client_->config();
  uint64_t begin = upload.plan.Begin(part), size = upload.plan.Size(part);
  bool sha256 = upload.guards.sha256;
  Request request;
  request.method = "PUT";
  request.key = key;
  request.query = {{"partNumber", std::to_string(part + 1)}, {"uploadId", upload.id}};
  request.action = "s3:PutObject";
  request.upload = Paced(SpoolPart(spool, begin, size), config, waits);
  if (sha256) {
    request.headers = {{"x-amz-checksum-sha256", Base64(digest)}};
    request.payload_hash = HexOf(digest);
  } else {
    request.headers = {{"Content-MD5", Base64(digest)}};
  }
  auto sent = Retry(config.retry, waits, [&]() -> Result<Part> {
    HF_ASSIGN(Answer answer, client_->SendOnce(request, waits));
    HF_TRY(CheckAnswer(answer.head, digest, sha256));
    const std::string* etag = answer.head.Header("etag");
    if (etag == nullptr) return Fail(ErrorKind::kInvalid, "the store gave the part no ETag");
    // The part's checksum goes into the list of parts only where the store keeps it.
    bool kept = sha256 && answer.head.Header("x-amz-checksum-sha256") != nullptr;
    return Part{*etag, digest, kept, ETagIsDigest(answer.head)};
  });
  if (sent) return sent;
  return Fail(std::move(sent).error().With("part " + std::to_string(part + 1) + " of " +
                                           std::to_string(upload.plan.count)));
}

Status StoreImpl::CheckCompleted(const std::string& key, const Multipart& upload,
                                 const Answer& answer) {
  HF_ASSIGN(Completed done, ParseCompleted(answer.body));
  std::string all, theirs, ours;
  std::string suffix = "-" + std::to_string(upload.plan.count);
  bool etags_are_digests = ETagIsDigest(answer.head);
  for (const Part& part : upload.parts) {
    all += part.digest;
    etags_are_digests = etags_are_digests && part.etag_is_digest;
  }
  if (upload.guards.sha256 && done.checksum_sha256.ends_with(suffix)) {
    Hash hash(Hash::Kind::kSha256);
    hash.Update(all);
    theirs = done.checksum_sha256;
    ours = Base64(hash.Final()) + suffix;
  } else if (!upload.guards.sha256 && etags_are_digests && done.etag.size() == 32 + suffix.size() &&
             done.etag.ends_with(suffix)) {
    Hash hash(Hash::Kind::kMd5);
    hash.Update(all);
    theirs = done.etag;
    ours = HexOf(hash.Final()) + suffix;
  }
  if (theirs == ours) return {};
  return Fail(Error(ErrorKind::kUnavailable, "the store put " + key +
                                                 " together wrongly: its "
                                                 "checksum is " +
                                                 theirs + ", ours is " + ours)
                  .Reason("BadDigest"));
}

Status StoreImpl::Complete(const std::string& key, const std::string& mark, Multipart& upload,
                           const Waits& waits) {
  std::string body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (size_t i = 0; i < upload.parts.size(); ++i) {
    const Part& part = upload.parts[i];
    body += "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" +
            XmlEscape(part.etag) + "</ETag>";
    if (part.kept) body += "<ChecksumSHA256>" + Base64(part.digest) + "</ChecksumSHA256>";
    body += "</Part>";
  }
  body += "</CompleteMultipartUpload>";
  const RetryPolicy& policy = client_->config().retry;
  for (int attempt = 1;;) {
    Request request;
    request.method = "POST";
    request.key = key;
    request.query = {{"uploadId", upload.id}};
    request.body = body;
    request.action = "s3:PutObject";
    request.headers = {{"Content-Type", "application/xml"}};
    if (upload.guards.conditional)
      request.headers.push_back({"If-None-Match", "*"});
    else if (auto there = Head(key, waits); there && there->mark != mark)
      return Fail(ErrorKind::kConflict, key + " exists already");
    auto answer = client_->SendOnce(request, waits);
    Status done;
    if (answer && !ParseCompleted(answer->body))
      done = Fail(client_->ErrorIn(request, *answer));
    else if (answer)
      return CheckCompleted(key, upload, *answer);
    else
      done = Fail(std::move(answer).error());
    if (upload.guards.conditional && IsUnknownFeature(done.error())) {
      upload.guards.conditional = false;
      continue;
    }
    if (done.error().kind() == ErrorKind::kConflict || done.error().reason() == "NoSuchUpload") {
      // What an attempt whose answer was lost has completed is there.
      auto ours = IsOurs(key, mark, waits);
      if (ours && *ours) return {};
    }
    if (done.error().reason() == "ConditionalRequestConflict" && !Head(key, waits))
      return Fail(
          Error(ErrorKind::kUnavailable, done.error().message()).Reason(done.error().reason()));
    if (!WaitBeforeRetry(policy, attempt++, done.error(), waits)) return done;
    upload.answer_lost = true;
  }
}

Status StoreImpl::Abort(const std::string& key, const std::string& id, const Waits& waits) {
  Request request;
  request.method = "DELETE";
  request.key = key;
  request.query = {{"uploadId", id}};
  request.action = "s3:AbortMultipartUpload";
  auto answer = client_->Send(request, waits);
  if (!answer && answer.error().kind() != ErrorKind::kNotFound)
    return Fail(std::move(answer).error());
  return {};
}

Status StoreImpl::PutParts(const stream::Spool& spool, const std::string& name,
                           const Waits& waits) {
  std::string key = KeyOf(name), mark = NewMark();
  HF_ASSIGN(PartPlan plan, PlanParts(spool.Size(), client_->config().part_size));
  HF_ASSIGN(Multipart upload, Begin(spool, key, mark, plan, waits));
  {
    std::lock_guard lock(mutex_);
    open_uploads_.insert(upload.id);
  }
  PartDigests digests(spool, plan, upload.guards.sha256);
  Status put =
      ParallelFor(plan.count, client_->config().parallel, waits.stop,
                  [&](size_t i, std::stop_token stop) -> Status {
                    Waits part_waits = waits;
                    part_waits.stop = stop;
                    HF_ASSIGN(std::string digest, digests.Of(i, stop));
                    HF_ASSIGN(upload.parts[i], SendPart(spool, key, upload, i, digest, part_waits));
                    return {};
                  });
  if (put) put = Complete(key, mark, upload, waits);
  if (put) {
    auto head = Head(key, waits);
    if (head && (head->size != plan.size || (!head->mark.empty() && head->mark != mark)))
      put = Fail(Error(ErrorKind::kUnavailable, "the store has " + std::to_string(head->size) +
                                                    " bytes of the " + std::to_string(plan.size) +
                                                    " that were sent")
                     .Reason("BadDigest"));
  }
  if (put) {
    if (!upload.guards.conditional) no_conditional_ = true;
    if (!upload.guards.sha256) no_sha256_ = true;
  } else {
    Waits own = CleanUpWaits(waits);
    if (Status aborted = Abort(key, upload.id, own); !aborted)
      client_->Warn("the unfinished upload of " + key +
                        " could not be aborted; its parts take "
                        "space until it is",
                    aborted.error());
    if (put.error().reason() == "BadDigest") {
      RemoveDamaged(key, mark, waits);
    } else if (put.error().kind() == ErrorKind::kConflict) {
      put = DecideTaken(name, mark, upload.answer_lost, waits);
    } else if (auto ours = IsOurs(key, mark, own); ours && *ours) {
      put = {};  // the answer was lost, the file is there
    }
  }
  std::lock_guard lock(mutex_);
  open_uploads_.erase(upload.id);
  return put;
}

}  // namespace holdfast::storage::s3
