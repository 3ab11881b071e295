#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/printable.h"
#include "base/rfc3339.h"
#include "storage/s3/ca.h"
#include "storage/s3/store_impl.h"

namespace holdfast::storage {
namespace s3 {
namespace {

std::string TrimSlashes(std::string_view folder) {
  while (folder.starts_with('/')) folder.remove_prefix(1);
  while (folder.ends_with('/')) folder.remove_suffix(1);
  return std::string(folder);
}

uint64_t ToNumber(const std::string* text) {
  uint64_t value = 0;
  if (text != nullptr) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

std::string Text(const net::HttpResponse& head, std::string_view name) {
  const std::string* value = head.Header(name);
  return value == nullptr ? "" : *value;
}

std::optional<Clock::Wall> LastModified(const net::HttpResponse& head) {
  net::HttpResponse copy;
  copy.headers.push_back({"date", Text(head, "last-modified")});
  return DateOf(copy);
}

}  // namespace

StoreImpl::StoreImpl(std::shared_ptr<Client> client) : client_(std::move(client)) {
  const S3Config& config = client_->config();
  std::string folder = TrimSlashes(config.folder);
  if (!folder.empty()) prefix_ = folder + "/";
  std::string literal = config.folder;
  while (literal.ends_with('/')) literal.pop_back();
  if (literal != folder) literal_prefix_ = literal + "/";
  no_sha256_ = config.checksum == Checksum::kMd5;
  list_v1_ = client_->endpoint().host == "storage.googleapis.com";
}

std::string StoreImpl::StoreUrl() const {
  std::string url = "s3://" + client_->config().bucket;
  if (!prefix_.empty()) url += "/" + prefix_.substr(0, prefix_.size() - 1);
  return url;
}

std::string StoreImpl::Describe() const { return StoreUrl() + " at " + client_->endpoint().Url(); }

Waits StoreImpl::CleanUpWaits(const Waits& waits) const {
  Waits own;
  own.clock = waits.clock;
  own.deadline = Deadline::After(*waits.clock, kCleanUpTime);
  return own;
}

Error StoreImpl::Missing(Error error, const std::string& name) const {
  if (error.kind() != ErrorKind::kNotFound) return error;
  return std::move(error)
      .Hint("`holdfast list --store " + StoreUrl() +
            "` (with the same endpoint) shows the archives there")
      .With("\"" + name + "\" in " + Describe());
}

Error StoreImpl::Taken(const std::string& name) const {
  return Error(ErrorKind::kConflict, "\"" + name + "\" exists already in " + Describe());
}

Result<ObjectHead> StoreImpl::Head(const std::string& key, const Waits& waits) {
  Request request;
  request.method = "HEAD";
  request.key = key;
  request.headers = {{"x-amz-checksum-mode", "ENABLED"}};
  request.action = "s3:GetObject";
  auto answer = client_->Send(request, waits);
  if (!answer) {
    // The answer to HEAD has no body that says what is wrong; the same GET's has.
    ErrorKind kind = answer.error().kind();
    if (kind == ErrorKind::kUnavailable || kind == ErrorKind::kCancelled ||
        answer.error().code() == 0)
      return Fail(std::move(answer).error());
    request.method = "GET";
    request.headers = {{"Range", "bytes=0-0"}};
    if (auto again = client_->Send(request, waits); !again && again.error().code() != 416)
      return Fail(std::move(again).error());
    return Fail(std::move(answer).error());
  }
  const net::HttpResponse& head = answer->head;
  if (head.Header("content-length") == nullptr)
    return Fail(ErrorKind::kInvalid, "the store does not say how long the file is");
  ObjectHead found;
  found.size = ToNumber(head.Header("content-length"));
  found.modified = LastModified(head).value_or(Clock::Wall{});
  found.etag = Text(head, "etag");
  found.checksum = Text(head, "x-amz-checksum-sha256");
  found.etag_is_digest = ETagIsDigest(head);
  found.mark = Text(head, kUploadMark);
  found.part_size = ToNumber(head.Header(kPartSizeMark));
  found.crc64 = Text(head, kCrcMark);
  if (auto until = ParseRfc3339(Text(head, "x-amz-object-lock-retain-until-date")))
    found.locked_until = *until;
  if (auto noted = ParseRfc3339(Text(head, kLockMark))) found.noted_lock = *noted;
  found.version = Text(head, "x-amz-version-id");
  found.legal_hold = Text(head, "x-amz-object-lock-legal-hold") == "ON";
  return found;
}

Result<ObjectHead> StoreImpl::Find(const std::string& name, const Waits& waits, std::string& key) {
  key = KeyOf(name);
  auto found = Head(key, waits);
  if (found || literal_prefix_.empty() || found.error().reason() != "NoSuchKey") return found;
  std::string literal = literal_prefix_ + name;
  auto there = Head(literal, waits);
  if (!there) return found;
  key = std::move(literal);
  return there;
}

Result<stream::Spool> StoreImpl::NewSpool() {
  const std::string& folder = client_->config().spool_dir;
  std::error_code error;
  std::filesystem::path path = std::filesystem::temp_directory_path(error);
  if (!folder.empty()) path = folder;
  return stream::Spool::Create(path, stream::Spool::Kind::kUnnamed);
}

Result<std::unique_ptr<stream::Source>> StoreImpl::Open(const std::string& name, uint64_t offset,
                                                        const Waits& waits) {
  HF_TRY(CheckName(name));
  std::string key;
  auto head = Find(name, waits, key);
  if (!head) return Fail(Missing(std::move(head).error(), name).With("reading"));
  if (offset > head->size)
    return Fail(ErrorKind::kInvalid, "\"" + name + "\" in " + Describe() + " has " +
                                         std::to_string(head->size) + " bytes; byte " +
                                         std::to_string(offset) + " lies beyond its end");
  return ReadRanges(client_, key, "reading \"" + name + "\" from " + Describe(), std::move(*head),
                    offset, waits);
}

Result<ObjectInfo> StoreImpl::Stat(const std::string& name, const Waits& waits) {
  HF_TRY(CheckName(name));
  std::string key;
  auto head = Find(name, waits, key);
  if (!head) return Fail(Missing(std::move(head).error(), name).With("looking at"));
  return ObjectInfo{name, head->size, head->modified};
}

Status StoreImpl::Delete(const std::string& name, const Waits& waits) {
  HF_TRY(CheckName(name));
  // S3 deletes what is not there as gladly as what is.
  auto head = Head(KeyOf(name), waits);
  if (!head && head.error().kind() != ErrorKind::kUnauthorized)
    return Fail(Missing(std::move(head).error(), name).With("deleting"));
  if (head) HF_TRY_CONTEXT(CheckLock(name, *head, waits), "deleting");
  Request request;
  request.method = "DELETE";
  request.key = KeyOf(name);
  request.action = "s3:DeleteObject";
  auto answer = client_->Send(request, waits);
  if (!answer) return Fail(Missing(std::move(answer).error(), name).With("deleting"));
  // Could the file not be looked at before, nothing is known of a lock on what the marker hides.
  if (!head && !no_lock_ && Text(answer->head, "x-amz-delete-marker") == "true")
    return Fail(std::move(head).error().With(
        "\"" + name + "\" in " + Describe() +
        " is hidden by a delete marker; whether its version is locked is not known"));
  return {};
}

Result<ListPage> StoreImpl::Page(const std::string& prefix, const std::string& next, bool v1,
                                 const Waits& waits) {
  Request request;
  request.query = {{"delimiter", "/"}, {"encoding-type", "url"}, {"prefix", prefix}};
  if (!v1) request.query.push_back({"list-type", "2"});
  if (!next.empty()) request.query.push_back({v1 ? "marker" : "continuation-token", next});
  request.action = "s3:ListBucket";
  HF_ASSIGN(Answer answer, client_->Send(request, waits));
  return ParseList(answer.body);
}

Result<std::vector<ObjectInfo>> StoreImpl::List(std::string_view prefix, const Waits& waits) {
  std::vector<ObjectInfo> found;
  std::string next, last;
  for (bool v1 = list_v1_;;) {
    auto page = Page(prefix_ + std::string(prefix), next, v1, waits);
    if (!page) {
      if (!v1 && next.empty() && IsUnknownFeature(page.error())) {
        list_v1_ = v1 = true;
        continue;
      }
      return Fail(std::move(page).error().With("listing " + Describe()));
    }
    for (const ListedObject& object : page->objects) {
      // A page that does not go on would go on for ever.
      if (!object.key.starts_with(prefix_) || object.key <= last)
        return Fail(ErrorKind::kInvalid, "the list of " + Describe() + " makes no sense at \"" +
                                             Printable(object.key) + "\"");
      last = object.key;
      std::string name = object.key.substr(prefix_.size());
      if (CheckName(name)) found.push_back({std::move(name), object.size, object.modified});
    }
    if (!page->truncated) break;
    if (page->next == next)
      return Fail(ErrorKind::kInvalid, "the list of " + Describe() + " does not go on");
    next = page->next;
    if (!v1 && !page->has_token) list_v1_ = v1 = true;  // it took V2 for V1
  }
  return found;
}

}  // namespace s3

Result<std::unique_ptr<S3Store>> NewS3Store(S3Config config, Clock& clock, const Logger* log,
                                            S3Surroundings around) {
  HF_TRY(s3::CheckBucketName(config.bucket));
  if (std::string why = s3::AmazonRefuses(config.bucket); !why.empty()) {
    std::string text =
        "\"" + Printable(config.bucket, 80) + "\" is not a bucket name that Amazon allows: " + why;
    if (config.endpoint.empty()) return Fail(ErrorKind::kInvalid, text);
    if (log != nullptr) log->Warn(text);
  }
  HF_ASSIGN(s3::Endpoint endpoint, s3::ParseEndpoint(config.endpoint, config.plain_http));
  std::string ca;
  if (!config.endpoint_ca.empty()) {
    HF_ASSIGN(ca, s3::LoadCa(config.endpoint_ca));
  }
  if (config.lock_mode != ObjectLockMode::kNone && config.lock_for.count() <= 0)
    return Fail(ErrorKind::kInvalid, "Object Lock needs the time for which archives are locked");
  if (config.folder.find('\0') != std::string::npos || config.folder.size() > 700)
    return Fail(ErrorKind::kInvalid,
                "the folder's name is longer than 700 bytes or has a NUL in it");
  // HTTP libraries and gateways resolve these, S3 does not: what is written would not be found.
  for (std::string_view rest = config.folder; !rest.empty();) {
    std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    if (part == "." || part == "..")
      return Fail(ErrorKind::kInvalid, "the folder \"" + Printable(config.folder) + "\" has a \"" +
                                           std::string(part) + "\" in it");
  }
  if (!around.env)
    around.env = [](const std::string& name) -> std::optional<std::string> {
      const char* value = std::getenv(name.c_str());
      return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
  std::string region = config.region;
  if (region.empty()) region = s3::RegionInHost(endpoint.host);
  if (region.empty()) region = around.env("AWS_REGION").value_or("");
  if (region.empty()) region = around.env("AWS_DEFAULT_REGION").value_or("");
  if (region.empty()) region = "us-east-1";
  config.parallel = std::clamp<size_t>(config.parallel, 1, 32);
  auto sources = s3::CredentialSources(config, around);
  auto client =
      std::make_shared<s3::Client>(std::move(config), std::move(endpoint), std::move(region),
                                   std::move(ca), around.env, std::move(sources), clock, log);
  return std::make_unique<s3::StoreImpl>(std::move(client));
}

}  // namespace holdfast::storage
