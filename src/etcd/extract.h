// Kubernetes' objects out of a store, as they were at a revision.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/transformer.h"
#include "etcd/database.h"
#include "etcd/keyspace.h"
#include "etcd/kube/resource_names.h"
#include "resourceset/resource_set.h"

namespace holdfast::etcd {

struct ExtractQuery {
  std::string prefix;                    // the API server's --etcd-prefix; empty: found
  std::optional<KubeResource> resource;  // none: all
  std::string ns, name;                  // empty: any
  std::optional<resourceset::LabelSelector> labels;
  int64_t revision = 0;  // 0: the last
};

struct ExtractedObject {
  KubeResource resource;
  std::string ns, name;
  std::string key;
  int64_t revision = 0;  // at which it was written
  std::string json;
  std::vector<std::string> unknown_fields;  // that the JSON lacks: DecodedObject
};

// Gets an object, or why one that the query may have meant cannot be read (the key is in the
// error). False ends the extraction.
using ExtractSink = std::function<bool(Result<ExtractedObject>)>;

// Hands every object that the query names to `take`, newest first: those that were there at the
// revision. Where it names one object, no more is read than it takes to find it. Objects that are
// left out by name are neither decrypted nor decoded. Errors: kExpired and kInvalid as VisitLive(),
// kCorrupt. Holds up to 48 bytes a key. Blocks.
Status Extract(const Database& database, const crypto::Transformers& keys,
               const ResourceNames& names, const ExtractQuery& query, const LookOptions& look,
               const ExtractSink& take);

// Teaches `names` the types that the CustomResourceDefinitions in the store define. One that cannot
// be read is left out.
Status LearnCustomTypes(const Database& database, const crypto::Transformers& keys,
                        const std::string& prefix, int64_t revision, const LookOptions& look,
                        ResourceNames& names);

// What an API server's keys lie under: found by the key of namespace kube-system, else "/registry".
Result<std::string> FindPrefix(const Database& database);

}  // namespace holdfast::etcd
