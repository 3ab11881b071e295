// etcd behind the API server's back, over its JSON gateway: what an administrator's compaction, a
// lost key or a damaged value looks like to those who read through the API server. Source of the
// paths and fields: etcd 3.6, api/etcdserverpb/rpc.proto (google.api.http).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::testbed {

// Every call blocks; kUnavailable when etcd does not answer, kInvalid with its message when it
// refuses. May be used by any number of threads.
class Etcd {
 public:
  explicit Etcd(std::string endpoint) : endpoint_(std::move(endpoint)) {}
  // "http://127.0.0.1:PORT"
  const std::string& endpoint() const { return endpoint_; }

  Result<int64_t> Revision() const;
  // Forgets what was before `revision` (0: the newest), and leaves the note that an API server's
  // own compaction leaves (key compact_rev_key). Returns when etcd has done it: from now on lists
  // at an older revision that are read from etcd answer 410. Lists that the API server's watch
  // cache has a snapshot for do so up to 15 s later, when its caches have read the note; with the
  // feature gate ListFromCacheSnapshot=false there are none (apiserver 1.36,
  // storage/cacher/compactor.go).
  Status Compact(int64_t revision = 0) const;
  Result<int64_t> CountPrefix(std::string_view prefix) const;
  // Returns how many keys were deleted.
  Result<int64_t> DeletePrefix(std::string_view prefix) const;
  Result<std::optional<std::string>> Get(std::string_view key) const;
  Status Put(std::string_view key, std::string_view value) const;

 private:
  Result<std::string> Post(std::string_view path, const std::string& body) const;

  std::string endpoint_;
};

}  // namespace holdfast::testbed
