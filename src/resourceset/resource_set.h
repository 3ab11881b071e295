// The ResourceSet object (resources.cattle.io/v1): its fields, and reading it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/client.h"

namespace holdfast::resourceset {

// Where something stands in its source. Line and column count from 1; 0: not known.
struct Place {
  std::string source;  // file name, or what else was read
  int line = 0;
  int column = 0;

  // "set.yaml:12:5", or the source alone.
  std::string ToString() const;
};

// One of matchExpressions. The operators are Kubernetes': In, NotIn, Exists, DoesNotExist.
struct LabelRequirement {
  std::string key;
  std::string op;
  std::vector<std::string> values;
};

// metav1.LabelSelector; the parts are joined by "and". Without any part it selects everything.
struct LabelSelector {
  std::map<std::string, std::string> match_labels;
  std::vector<LabelRequirement> match_expressions;

  bool empty() const { return match_labels.empty() && match_expressions.empty(); }
};

// One of resourceSelectors. Empty strings, lists and maps are the same as absent ones.
struct Selector {
  size_t index = 0;  // in resourceSelectors
  Place place;

  std::string api_version;
  std::vector<std::string> kinds;
  std::string kinds_regexp;
  std::vector<std::string> exclude_kinds;
  std::vector<std::string> resource_names;
  std::string resource_name_regexp;
  std::string exclude_resource_name_regexp;
  std::vector<std::string> namespaces;
  std::string namespace_regexp;
  LabelSelector label_selectors;
  std::map<std::string, std::string> field_selectors;

  // "resourceSelectors[3]": how errors and reports name it.
  std::string Path() const;
  // `resourceSelectors[3] (v1, kinds [Secret], namespaces [a])`: enough to recognise it.
  std::string Summary() const;
};

// A workload that restore scales to zero while it writes.
struct ControllerReference {
  std::string api_version;
  std::string resource;  // plural
  std::string ns;
  std::string name;
  std::optional<int32_t> replicas;
};

struct ResourceSet {
  std::string name;  // metadata.name; may be empty in an archive
  std::vector<Selector> selectors;
  std::vector<ControllerReference> controllers;
  // The object as it belongs into filters/filters.json: one line, keys in the order kind,
  // apiVersion, metadata, resourceSelectors, controllerReferences (left out when empty), every
  // value as it was read. In kArchive mode: the text read.
  std::string json;
  // Fields inside selectors and controller references that are not known here and were ignored
  // (kServer and kArchive only), by path. A newer field may narrow what the set selects, so whoever
  // deletes by these selectors has to look at this.
  std::vector<std::string> ignored_fields;
};

enum class ParseMode {
  // A file written by a person: whatever is not exactly right is an error.
  kStrict,
  // As an API server returned it: unknown fields are ignored, values are checked.
  kServer,
  // filters/filters.json: JSON; only resourceSelectors and controllerReferences matter, and only
  // their types are checked. Regular expressions and labels are checked by Selection::Build.
  kArchive,
};

// Limits on the text; beyond them it is kInvalid.
inline constexpr size_t kMaxResourceSetBytes = 4 << 20;
inline constexpr size_t kMaxResourceSetDepth = 64;
inline constexpr size_t kMaxResourceSetNodes = 200'000;  // aliases counted as what they stand for

// Reads one ResourceSet from YAML (1.1, as kubectl reads it) or JSON. `source_name` is used in
// errors only. All problems found, at most 20, are in one error, a line each after the first:
//   set.yaml:7:17: resourceSelectors[0].kindsRegexp: error in kindsRegexp pattern [: error parsing
//   regexp: missing closing ]: `[`
// kInvalid; kCorrupt in kArchive mode. Does not block.
Result<ResourceSet> ParseResourceSet(std::string_view text, std::string_view source_name,
                                     ParseMode mode = ParseMode::kStrict);

// The same from a file on disk (kStrict). kNotFound when there is none; reads at most the limit.
Result<ResourceSet> ReadResourceSetFile(const std::string& path);

// resourcesets.resources.cattle.io "name" as the cluster has it. Blocks. kNotFound with the text
// `resourcesets.resources.cattle.io "<name>" not found`, and a hint that lists those there are, or
// says that the cluster has no such resource.
Result<ResourceSet> FetchResourceSet(kube::Client& client, std::string_view name,
                                     const kube::Call& call = {});

}  // namespace holdfast::resourceset
