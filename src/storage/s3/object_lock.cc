// Whether a file may be deleted, in buckets whose versions can be locked. There a DELETE always
// succeeds: it hides the file behind a delete marker, and the locked version goes on taking space.
#include "base/rfc3339.h"
#include "storage/s3/store_impl.h"
#include "storage/s3/xml.h"

namespace holdfast::storage::s3 {
namespace {

// No lock of the kind: the object has none, the bucket has none, or the store knows of none.
bool SaysNone(const Error& error) {
  return error.kind() == ErrorKind::kNotFound || error.kind() == ErrorKind::kInvalid;
}

// The text of an element of the document `root`; empty in any other document.
std::string LockText(const std::string& body, std::string_view root, std::string_view name) {
  auto xml = ParseXml(body);
  if (!xml || xml->name != root) return "";
  return std::string(xml->ChildText(name));
}

Error NotKnown(Error error, const std::string& name) {
  return std::move(error).With("it is not known whether \"" + name +
                               "\" is locked, and a locked version would only be hidden");
}

}  // namespace

Result<std::string> StoreImpl::Ask(const std::string& key, const std::string& what,
                                   std::string_view action, const Waits& waits) {
  Request request;
  request.key = key;
  request.query = {{what, ""}};
  request.action = action;
  HF_ASSIGN(Answer answer, client_->Send(request, waits));
  return std::move(answer.body);
}

Error StoreImpl::Locked(const std::string& name, Clock::Wall until) const {
  return Error(ErrorKind::kConflict,
               "\"" + name + "\" in " + Describe() + " is locked until " + FormatRfc3339(until))
      .Hint("it can be deleted after that");
}

Status StoreImpl::CheckLock(const std::string& name, const ObjectHead& head, const Waits& waits) {
  auto now = client_->clock().Now();
  auto held = [&] {
    return Fail(ErrorKind::kConflict, "\"" + name + "\" in " + Describe() + " is under legal hold");
  };
  if (head.locked_until && *head.locked_until > now) return Fail(Locked(name, *head.locked_until));
  if (head.legal_hold) return held();
  // Only versions can be locked.
  if (head.version.empty() || no_lock_) return {};
  std::string key = KeyOf(name);
  // HEAD shows a lock to those only who may see it: without the header it is asked for.
  if (!head.locked_until) {
    auto bucket = Ask("", "object-lock", "s3:GetBucketObjectLockConfiguration", waits);
    if ((!bucket && SaysNone(bucket.error())) ||
        (bucket &&
         LockText(*bucket, "ObjectLockConfiguration", "ObjectLockEnabled") != "Enabled")) {
      no_lock_ = true;
      return {};
    }
    if (!bucket && bucket.error().kind() != ErrorKind::kUnauthorized)
      return Fail(std::move(bucket).error());
    auto retention = Ask(key, "retention", "s3:GetObjectRetention", waits);
    if (!retention && !SaysNone(retention.error())) {
      // Our own note is as good while it lasts; after that somebody may have locked it for longer.
      if (head.noted_lock && *head.noted_lock > now) return Fail(Locked(name, *head.noted_lock));
      return Fail(NotKnown(std::move(retention).error(), name));
    }
    if (retention) {
      auto until = ParseRfc3339(LockText(*retention, "Retention", "RetainUntilDate"));
      if (until && *until > now) return Fail(Locked(name, *until));
    }
  }
  auto hold = Ask(key, "legal-hold", "s3:GetObjectLegalHold", waits);
  if (hold && LockText(*hold, "LegalHold", "Status") == "ON") return held();
  if (!hold && !SaysNone(hold.error())) return Fail(NotKnown(std::move(hold).error(), name));
  return {};
}

}  // namespace holdfast::storage::s3
