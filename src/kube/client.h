// Requests to one API server. All calls block; all may be used by any number of threads.
// Every call retries passing trouble (429 with Retry-After, 5xx, broken connections: kUnavailable)
// by the client's RetryPolicy, except that a create, update, patch or delete is sent again only
// when that cannot do harm: after 429/503-with-Retry-After, or when the connection was refused or
// broke before anything was answered (an AlreadyExists or NotFound that a repeat may cause is the
// caller's to expect). Errors carry Kubernetes' Status: code(), reason(), message; a 403's hint
// names the RBAC rule that is missing.
//   404 kNotFound · 409 kConflict (reason AlreadyExists or Conflict) · 401/403 kUnauthorized ·
//   400/405/413/415/422 kInvalid · 410 kExpired · 429/500/502/503/504 and transport kUnavailable ·
//   stop or deadline kCancelled
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "base/retry.h"
#include "kube/config.h"
#include "kube/types.h"

namespace holdfast::kube {

struct Call {
  Deadline deadline = Deadline::Never();
  std::stop_token stop;
};

struct ClientOptions {
  std::string user_agent;  // empty: "holdfast/<version>"
  RetryPolicy retry;
  // A response that sends no byte for this long is broken (kUnavailable).
  std::chrono::seconds stall_timeout{60};
  size_t max_connections = 64;
};

// One request of the given path (below the server's URL, with query).
struct RawRequest {
  std::string method = "GET";
  std::string path;
  std::string body;
  std::string content_type;  // with a body: default application/json
  std::string accept;        // default application/json
  // Where given, takes the texts of the Warning headers of a 2xx answer; outlives the call.
  std::vector<std::string>* warnings = nullptr;
};

// How an object is written. What is empty is not sent, and the server's default holds.
struct WriteOptions {
  // The owner of the fields that the write sets (metadata.managedFields), at most 128 bytes; the
  // server's default is the user agent up to its first slash.
  std::string field_manager;
  // Ignore, Warn (the default) or Strict: what becomes of fields that the type does not have.
  std::string field_validation;
  bool dry_run = false;  // everything but storing: admission, defaults, validation
  // Where given, takes the texts of the answer's Warning headers (RFC 7234, 5.5: the server drops
  // fields, the version is deprecated, an admission policy warns); outlives the call.
  std::vector<std::string>* warnings = nullptr;
};

struct ListRequest {
  const ResourceType* type = nullptr;
  std::string ns;     // empty: all namespaces
  int64_t limit = 0;  // objects a page; 0: whole
  std::string continue_token;
  std::string label_selector;
  std::string field_selector;
  // Empty: the newest, a consistent read. With `exact` sent as resourceVersionMatch=Exact.
  std::string resource_version;
  bool exact = false;
  // Ask for PartialObjectMetadataList: each object is its metadata only.
  bool metadata_only = false;
};

// What stands beside a list's items.
struct ListEnd {
  std::string resource_version;
  std::string continue_token;  // empty: this was the last page
  std::optional<int64_t> remaining_item_count;
  int64_t items = 0;   // handed over by this request
  uint64_t bytes = 0;  // of the response body
};

// Gets one item's exact bytes as the server wrote them; valid during the call only. Items of
// built-in types carry no apiVersion and kind. An error ends the list and is returned from it.
using ObjectSink = std::function<Status(std::string_view object)>;

enum class PatchType { kJson, kMerge, kStrategic, kApply };

struct DeleteOptions {
  std::string uid;               // precondition; empty: none
  std::string resource_version;  // precondition; empty: none
  std::string propagation;       // Background, Foreground, Orphan; empty: the server's default
};

struct WatchEvent {
  enum class Type { kAdded, kModified, kDeleted, kBookmark } type;
  std::string object;
};

// Requests and answers counted since the start, for reports and tests.
struct ClientCounters {
  uint64_t requests = 0;
  uint64_t writes = 0;  // all but GET and dry runs
  uint64_t retries = 0;
  uint64_t bytes_received = 0;
};

class Client {
 public:
  // Reads credentials; sends nothing yet. The logger must outlive the client.
  static Result<std::unique_ptr<Client>> Create(ClientConfig config, ClientOptions options,
                                                const Logger& log, Clock& clock = Clock::Real());
  ~Client();

  // Body of a 2xx answer (at most 64 MiB; longer is kInvalid).
  Result<std::string> Raw(const RawRequest& request, const Call& call = {});

  // `ns` is empty for cluster-scoped types. Each returns the object as the server answered; of a
  // dry run, as it would be stored.
  Result<std::string> Get(const ResourceType& type, std::string_view ns, std::string_view name,
                          const Call& call = {});
  Result<std::string> Create(const ResourceType& type, std::string_view ns, std::string_view object,
                             const Call& call = {}, const WriteOptions& options = {});
  Result<std::string> Update(const ResourceType& type, std::string_view ns, std::string_view name,
                             std::string_view object, const Call& call = {},
                             const WriteOptions& options = {});
  Result<std::string> UpdateStatus(const ResourceType& type, std::string_view ns,
                                   std::string_view name, std::string_view object,
                                   const Call& call = {}, const WriteOptions& options = {});
  Result<std::string> Patch(const ResourceType& type, std::string_view ns, std::string_view name,
                            PatchType patch_type, std::string_view patch, const Call& call = {},
                            const WriteOptions& options = {});
  Status Delete(const ResourceType& type, std::string_view ns, std::string_view name,
                const DeleteOptions& options = {}, const Call& call = {});

  // One LIST request, cut into objects while it comes in; memory is bounded by the largest object.
  // Retried by itself only while no object has been handed over.
  Result<ListEnd> ListPage(const ListRequest& request, const ObjectSink& sink,
                           const Call& call = {});

  // The whole list, page by page. A page that breaks off is fetched again with the same continue
  // token, so an object may be handed over more than once. `limit` 0 asks for it whole; if that
  // answer is cut off, the list is started again in pages of 500. An expired continue token is
  // kExpired, left to the caller. The result's items counts what was handed over, repeats included;
  // its resource_version is that of the first page.
  Result<ListEnd> List(const ListRequest& request, const ObjectSink& sink, const Call& call = {});

  // Watches from `resource_version` with bookmarks until the server ends it (Status ok), the
  // handler fails, or stop. 410 is kExpired.
  Status Watch(const ResourceType& type, std::string_view ns, std::string_view resource_version,
               const std::function<Status(const WatchEvent&)>& handler, const Call& call = {});

  const std::string& server() const;
  ClientCounters counters() const;

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::kube
