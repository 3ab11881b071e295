#include "operator/cluster_access.h"

#include <fmt/format.h>

#include <atomic>
#include <utility>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/rfc3339.h"
#include "crypto/base64.h"
#include "crypto/encryption_config.h"
#include "etcd/client/kms_client.h"
#include "kube/lease_record.h"
#include "restore/run_lock.h"

namespace holdfast::op {
namespace {

constexpr const char* kConfigKey = "encryption-provider-config.yaml";
constexpr size_t kMostEventText = 1000;

Error NotFound(const std::string& name) {
  return Error(ErrorKind::kNotFound, "secrets \"" + name + "\" not found").Code(404);
}

}  // namespace

const SecretBytes* SecretData::Find(std::string_view key) const {
  for (const SecretValue& value : values)
    if (value.key == key) return &value.value;
  return nullptr;
}

Result<SecretData> ReadSecret(kube::Client& client, const std::string& ns, const std::string& name,
                              const kube::Call& call) {
  auto object = client.Get(SecretType(), ns, name, call);
  if (!object && object.error().kind() == ErrorKind::kNotFound)
    return Fail(NotFound(name).Hint("create it in namespace " + ns));
  if (!object) return Fail(std::move(object).error().With("reading Secret " + ns + "/" + name));
  SecretData secret;
  std::optional<std::string> bad;
  if (auto data = json::Find(*object, {"data"});
      data && json::TypeOf(*data) == json::Type::kObject) {
    secret.has_data = true;
    for (json::ObjectReader reader(*data); auto member = reader.Next();) {
      std::string key = json::Unescape(member->key);
      std::string encoded = json::StringOf(member->value);
      std::string value;
      if (crypto::Base64Decode(encoded, value)) bad = key;
      Wipe(encoded);
      secret.values.push_back({std::move(key), SecretBytes::Take(std::move(value))});
    }
  }
  Wipe(*object);
  if (bad)
    return Fail(ErrorKind::kInvalid, "malformed secret [" + name + "] in namespace [" + ns + "], " +
                                         *bad + " could not be base64 decoded");
  return secret;
}

Result<std::optional<SecretBytes>> ReadSecretKey(kube::Client& client, const std::string& ns,
                                                 const std::string& name, const std::string& key,
                                                 const kube::Call& call) {
  HF_ASSIGN(SecretData secret, ReadSecret(client, ns, name, call));
  const SecretBytes* value = secret.Find(key);
  if (value == nullptr) return std::optional<SecretBytes>();
  return std::optional<SecretBytes>(value->Clone());
}

Result<crypto::Transformers> ReadKeys(kube::Client& client, const std::string& ns,
                                      const std::string& name, const kube::Call& call) {
  if (name.empty()) return crypto::Transformers::None();
  HF_ASSIGN(auto text, ReadSecretKey(client, ns, name, kConfigKey, call));
  if (!text)
    return Fail(Error(ErrorKind::kInvalid, "no encryptionConfig provided")
                    .Hint("Secret " + ns + "/" + name + " needs the key " + kConfigKey));
  HF_ASSIGN(auto config, crypto::EncryptionConfig::Parse(
                             text->view(), "Secret " + ns + "/" + name + ", key " + kConfigKey));
  return crypto::Transformers::Build(std::move(config), etcd::GrpcKms());
}

Status PatchStatus(kube::Client& client, const kube::ResourceType& type, const ObjectMeta& meta,
                   const std::string& status, const kube::Call& call) {
  kube::RawRequest request;
  request.method = "PATCH";
  request.path = type.ObjectPath("", meta.name) + "/status";
  request.content_type = "application/merge-patch+json";
  // The uid makes it fail on another object of the same name.
  request.body = "{\"metadata\":{\"uid\":" + json::Quote(meta.uid) + "},\"status\":" + status + "}";
  auto patched = client.Raw(request, call);
  if (!patched)
    return Fail(
        std::move(patched).error().With("writing the status of " + type.kind + " " + meta.name));
  return {};
}

Status PatchFinalizers(kube::Client& client, const kube::ResourceType& type, const ObjectMeta& meta,
                       const std::vector<std::string>& finalizers, const kube::Call& call) {
  std::string list;
  for (const std::string& finalizer : finalizers)
    list += (list.empty() ? "" : ",") + json::Quote(finalizer);
  auto patched =
      client.Patch(type, "", meta.name, kube::PatchType::kMerge,
                   "{\"metadata\":{\"resourceVersion\":" + json::Quote(meta.resource_version) +
                       ",\"finalizers\":[" + list + "]}}",
                   call);
  if (!patched)
    return Fail(std::move(patched).error().With("writing the finalizers of " + type.kind + " " +
                                                meta.name));
  return {};
}

void EmitEvent(kube::Client& client, const kube::ResourceType& type, const ObjectMeta& meta,
               const EventText& event, Clock& clock, const Logger& log) {
  static std::atomic<uint64_t> number{0};
  std::string now = json::Quote(FormatRfc3339(clock.Now()));
  std::string message = event.message.substr(0, kMostEventText);
  auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(clock.Now().time_since_epoch());
  std::string name = fmt::format("{}.{:x}{:x}", meta.name.substr(0, 200), nanos.count(), ++number);
  std::string object = fmt::format(
      R"({{"apiVersion":"v1","kind":"Event","metadata":{{"name":{},"namespace":"default"}},)"
      R"("involvedObject":{{"apiVersion":"{}","kind":"{}","name":{},"uid":{}}},)"
      R"("reason":{},"message":{},"type":"{}","count":1,"firstTimestamp":{},"lastTimestamp":{},)"
      R"("source":{{"component":"holdfast"}}}})",
      json::Quote(name), type.gv.ToString(), type.kind, json::Quote(meta.name),
      json::Quote(meta.uid), json::Quote(event.reason), json::Quote(message),
      event.warning ? "Warning" : "Normal", now, now);
  auto created = client.Create(EventType(), "default", object,
                               {.deadline = Deadline::After(clock, std::chrono::seconds(5))});
  if (!created) log.Debug("an Event could not be written", {{"error", created.error().ToString()}});
}

namespace {

// Whether `holder`, "<name>:<uid>" as the reference writes it, is a Restore that is still to be
// brought to its end.
Result<bool> IsUnfinishedRestore(kube::Client& client, const std::string& holder,
                                 const kube::Call& call) {
  size_t colon = holder.rfind(':');
  if (colon == holder.npos || colon == 0) return false;
  auto text = client.Get(RestoreType(), "", holder.substr(0, colon), call);
  if (!text &&
      (text.error().kind() == ErrorKind::kNotFound || text.error().kind() == ErrorKind::kInvalid))
    return false;
  if (!text) return Fail(std::move(text).error());
  HF_ASSIGN(RestoreObject restore, ParseRestore(*text));
  return restore.meta.uid == holder.substr(colon + 1) && restore.completed.empty() &&
         !restore.meta.deleting && Find(restore.conditions, "Stalled") == nullptr;
}

struct RestoreLease {
  std::string holder, uid, resource_version;
  bool expires = false;  // false: the reference's, which does not renew it
};

// None when nobody holds it.
Result<std::optional<RestoreLease>> ReadRestoreLease(kube::Client& client, const std::string& ns,
                                                     const kube::Call& call) {
  auto text = client.Get(kube::LeaseType(), ns, restore::kLeaseName, call);
  if (!text && text.error().kind() == ErrorKind::kNotFound) return std::optional<RestoreLease>();
  if (!text) return Fail(std::move(text).error().With("reading the Lease of restores"));
  RestoreLease lease;
  kube::LeaseRecord record = kube::LeaseRecord::Of(*text);
  lease.holder = record.holder;
  lease.expires = record.expires();
  lease.uid = json::FindString(*text, {"metadata", "uid"}).value_or("");
  lease.resource_version = json::FindString(*text, {"metadata", "resourceVersion"}).value_or("");
  if (lease.holder.empty()) return std::optional<RestoreLease>();
  return std::optional(std::move(lease));
}

}  // namespace

Result<std::string> RemoveDeadRestoreLease(kube::Client& client, const std::string& ns,
                                           const kube::Call& call) {
  HF_ASSIGN(auto lease, ReadRestoreLease(client, ns, call));
  if (!lease || lease->expires) return std::string();
  HF_ASSIGN(bool unfinished, IsUnfinishedRestore(client, lease->holder, call));
  if (unfinished) return std::string();  // it takes its own Lease over
  Status gone =
      client.Delete(kube::LeaseType(), ns, restore::kLeaseName,
                    {.uid = lease->uid, .resource_version = lease->resource_version}, call);
  if (!gone && gone.error().kind() != ErrorKind::kNotFound) return Fail(std::move(gone).error());
  return lease->holder;
}

}  // namespace holdfast::op
