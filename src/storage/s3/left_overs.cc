// Unfinished uploads of runs that are no more.
#include <algorithm>

#include "base/printable.h"
#include "storage/s3/store_impl.h"

namespace holdfast::storage::s3 {
namespace {

constexpr int kMaxPages = 1000;

bool IsForbiddenOrUnknown(const Error& error) {
  return error.kind() == ErrorKind::kUnauthorized || IsUnknownFeature(error) || error.code() == 405;
}

}  // namespace

// The last sign of life: the newest part, where they may be listed, else the start.
Clock::Wall StoreImpl::LastSign(const ListedUpload& upload, const Waits& waits) {
  Clock::Wall newest = upload.initiated;
  std::string next;
  for (int i = 0; i < kMaxPages; ++i) {
    Request request;
    request.key = upload.key;
    request.query = {{"uploadId", upload.upload_id}};
    if (!next.empty()) request.query.push_back({"part-number-marker", next});
    request.action = "s3:ListMultipartUploadParts";
    auto answer = client_->Send(request, waits);
    auto page = answer ? ParseParts(answer->body) : Result<PartPage>(PartPage{});
    if (!page) break;
    newest = std::max(newest, page->newest);
    if (!page->truncated || page->next == next) break;
    next = page->next;
  }
  return newest;
}

Result<LeftOvers> StoreImpl::AbortLeftOvers(const LeftOverRule& rule, const Waits& waits) {
  LeftOvers result;
  std::string prefix = prefix_ + rule.prefix;
  HF_ASSIGN(size_t listed, AbortListed(rule, prefix, waits, result));
  // MinIO takes the prefix for a whole key; without one it lists all.
  if (listed == 0 && !prefix.empty() && result.warning.empty())
    HF_TRY(AbortListed(rule, "", waits, result));
  return result;
}

Result<size_t> StoreImpl::AbortListed(const LeftOverRule& rule, const std::string& prefix,
                                      const Waits& waits, LeftOvers& result) {
  std::string doing = "looking for unfinished uploads in " + Describe();
  size_t listed = 0;
  UploadPage page;
  for (int i = 0; i < kMaxPages; ++i) {
    Request request;
    request.query = {{"uploads", ""}, {"encoding-type", "url"}};
    if (!prefix.empty()) request.query.push_back({"prefix", prefix});
    if (!page.next_key.empty()) {
      request.query.push_back({"key-marker", page.next_key});
      request.query.push_back({"upload-id-marker", page.next_id});
    }
    request.action = "s3:ListBucketMultipartUploads";
    auto answer = client_->Send(request, waits);
    if (!answer) {
      Error error = std::move(answer).error().With(doing);
      if (!IsForbiddenOrUnknown(error)) return Fail(std::move(error));
      // A right may be bound to the folder: then what lies outside is not asked for.
      if (prefix == prefix_ + rule.prefix) result.warning = error.ToString();
      return listed;
    }
    HF_ASSIGN_CONTEXT(UploadPage found, ParseUploads(answer->body), doing);
    // Their clock, because it is theirs that the uploads' times are of.
    Clock::Wall now = DateOf(answer->head).value_or(client_->clock().Now());
    listed += found.uploads.size();
    for (const ListedUpload& upload : found.uploads) {
      HF_TRY(Consider(rule, upload, now, waits, result));
    }
    if (!found.truncated || (found.next_key == page.next_key && found.next_id == page.next_id))
      break;
    page = std::move(found);
  }
  return listed;
}

Status StoreImpl::Consider(const LeftOverRule& rule, const ListedUpload& upload, Clock::Wall now,
                           const Waits& waits, LeftOvers& result) {
  if (!upload.key.starts_with(prefix_ + rule.prefix)) return {};
  std::string name = upload.key.substr(prefix_.size());
  if (!CheckName(name) || (rule.is_ours && !rule.is_ours(name))) return {};
  bool open = false;
  {
    std::lock_guard lock(mutex_);
    open = open_uploads_.count(upload.upload_id) > 0;
  }
  if (open || now - upload.initiated < rule.min_age ||
      (rule.min_age.count() > 0 && now - LastSign(upload, waits) < rule.min_age)) {
    result.kept.push_back(std::move(name));
    return {};
  }
  Status aborted = Abort(upload.key, upload.upload_id, waits);
  if (aborted) {
    result.aborted.push_back(std::move(name));
    return {};
  }
  Error error =
      std::move(aborted).error().With("aborting the unfinished upload of " + Printable(upload.key));
  if (!IsForbiddenOrUnknown(error)) return Fail(std::move(error));
  if (result.warning.empty()) result.warning = error.ToString();
  result.kept.push_back(std::move(name));
  return {};
}

}  // namespace holdfast::storage::s3
