#include "kube/client.h"

#include "base/json_text.h"
#include "kube/client_impl.h"
#include "net/http_message.h"

namespace holdfast::kube {
namespace {

// `secrets "default/a"`.
std::string Named(const ResourceType& type, std::string_view ns, std::string_view name) {
  std::string full = ns.empty() ? std::string(name) : std::string(ns) + "/" + std::string(name);
  return type.ResourceName() + " \"" + full + "\"";
}

const char* ContentType(PatchType type) {
  switch (type) {
    case PatchType::kJson: return "application/json-patch+json";
    case PatchType::kMerge: return "application/merge-patch+json";
    case PatchType::kStrategic: return "application/strategic-merge-patch+json";
    case PatchType::kApply: return "application/apply-patch+yaml";
  }
  return "application/json";
}

std::string DeleteBody(const DeleteOptions& options) {
  std::string preconditions;
  if (!options.uid.empty()) preconditions = "\"uid\":" + json::Quote(options.uid);
  if (!options.resource_version.empty())
    preconditions += (preconditions.empty() ? "" : ",") + std::string("\"resourceVersion\":") +
                     json::Quote(options.resource_version);
  std::string body = "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\"";
  if (!preconditions.empty()) body += ",\"preconditions\":{" + preconditions + "}";
  if (!options.propagation.empty())
    body += ",\"propagationPolicy\":" + json::Quote(options.propagation);
  return body + "}";
}

// The query of the options, with the question mark; nothing when there is none.
std::string QueryOf(const WriteOptions& options) {
  std::string query;
  auto add = [&](const char* key, std::string_view value) {
    if (value.empty()) return;
    query += (query.empty() ? "?" : "&") + std::string(key) + "=" + net::PercentEncode(value);
  };
  add("dryRun", options.dry_run ? "All" : "");
  add("fieldManager", options.field_manager);
  add("fieldValidation", options.field_validation);
  return query;
}

Result<std::string> Exchange(Transport& transport, const RawRequest& request, const Call& call) {
  std::string body;
  HF_TRY(transport.Repeat(
      request, [&] { body.clear(); },
      [&](std::string_view piece) -> Status {
        if (piece.size() > kMaxObject - body.size())
          return Fail(ErrorKind::kInvalid,
                      "the answer is longer than " + std::to_string(kMaxObject) + " bytes");
        body += piece;
        return {};
      },
      call));
  return body;
}

}  // namespace

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::Create(ClientConfig config, ClientOptions options,
                                               const Logger& log, Clock& clock) {
  if (config.server().empty())
    return Fail(ErrorKind::kInvalid, "the configuration names no API server");
  if (options.max_connections == 0) options.max_connections = 1;
  auto impl = std::make_unique<Impl>(std::move(config.data()), std::move(options), log, clock);
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

const std::string& Client::server() const { return impl_->transport.server(); }
ClientCounters Client::counters() const { return impl_->transport.counters(); }

Result<std::string> Client::Raw(const RawRequest& request, const Call& call) {
  HF_ASSIGN_CONTEXT(std::string body, Exchange(impl_->transport, request, call),
                    request.method + " " + request.path.substr(0, request.path.find('?')));
  return body;
}

Result<std::string> Client::Get(const ResourceType& type, std::string_view ns,
                                std::string_view name, const Call& call) {
  RawRequest request;
  request.path = type.ObjectPath(ns, name);
  HF_ASSIGN_CONTEXT(std::string body, Exchange(impl_->transport, request, call),
                    "getting " + Named(type, ns, name));
  return body;
}

Result<std::string> Client::Create(const ResourceType& type, std::string_view ns,
                                   std::string_view object, const Call& call,
                                   const WriteOptions& options) {
  RawRequest request;
  request.method = "POST";
  request.path = type.CollectionPath(ns) + QueryOf(options);
  request.warnings = options.warnings;
  request.body = std::string(object);
  HF_ASSIGN_CONTEXT(std::string body, Exchange(impl_->transport, request, call),
                    "creating " + type.ResourceName() + InNamespace(ns));
  return body;
}

Result<std::string> Client::Update(const ResourceType& type, std::string_view ns,
                                   std::string_view name, std::string_view object, const Call& call,
                                   const WriteOptions& options) {
  RawRequest request;
  request.method = "PUT";
  request.path = type.ObjectPath(ns, name) + QueryOf(options);
  request.warnings = options.warnings;
  request.body = std::string(object);
  HF_ASSIGN_CONTEXT(std::string body, Exchange(impl_->transport, request, call),
                    "updating " + Named(type, ns, name));
  return body;
}

Result<std::string> Client::UpdateStatus(const ResourceType& type, std::string_view ns,
                                         std::string_view name, std::string_view object,
                                         const Call& call, const WriteOptions& options) {
  RawRequest request;
  request.method = "PUT";
  request.path = type.ObjectPath(ns, name) + "/status" + QueryOf(options);
  request.warnings = options.warnings;
  request.body = std::string(object);
  HF_ASSIGN_CONTEXT(std::string body, Exchange(impl_->transport, request, call),
                    "updating the status of " + Named(type, ns, name));
  return body;
}

Result<std::string> Client::Patch(const ResourceType& type, std::string_view ns,
                                  std::string_view name, PatchType patch_type,
                                  std::string_view patch, const Call& call,
                                  const WriteOptions& options) {
  RawRequest request;
  request.method = "PATCH";
  WriteOptions how = options;
  // The server refuses an apply without a field manager.
  if (patch_type == PatchType::kApply && how.field_manager.empty()) how.field_manager = "holdfast";
  request.path = type.ObjectPath(ns, name) + QueryOf(how);
  request.warnings = how.warnings;
  request.body = std::string(patch);
  request.content_type = ContentType(patch_type);
  HF_ASSIGN_CONTEXT(std::string body, Exchange(impl_->transport, request, call),
                    "patching " + Named(type, ns, name));
  return body;
}

Status Client::Delete(const ResourceType& type, std::string_view ns, std::string_view name,
                      const DeleteOptions& options, const Call& call) {
  RawRequest request;
  request.method = "DELETE";
  request.path = type.ObjectPath(ns, name);
  request.body = DeleteBody(options);
  HF_TRY_CONTEXT(Exchange(impl_->transport, request, call), "deleting " + Named(type, ns, name));
  return {};
}

}  // namespace holdfast::kube
