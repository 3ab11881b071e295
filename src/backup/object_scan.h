// One pass over an object's metadata that finds everything a backup needs to know of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace holdfast::backup {

// All views point into the object's text, or into this scan where that text had line breaks or
// escapes in names. Made to be used again for the next object, so that its buffers are reused.
class ObjectScan {
 public:
  ObjectScan() = default;
  ObjectScan(const ObjectScan&) = delete;
  ObjectScan& operator=(const ObjectScan&) = delete;

  // Reads up to the end of `metadata`; what follows (spec, data, status) is not looked at but for
  // line breaks, which are taken out. `text` must outlive the use of the scan. kInternal where
  // there is no metadata with a name that can be a file name: no `/`, no NUL, not "." or "..".
  Status Read(std::string_view text);

  std::string_view object() const { return object_; }
  std::string_view name() const { return name_; }
  std::string_view ns() const { return ns_; }  // empty: cluster-scoped
  // Of metadata.resourceVersion; none where it is absent or no decimal number.
  std::optional<uint64_t> revision() const { return revision_; }
  // metadata.deletionTimestamp is set.
  bool terminating() const { return terminating_; }
  // The key metadata.finalizers is there.
  bool has_finalizers() const { return has_finalizers_; }

  // A JSON object with the name, namespace and labels alone: what selectors look at.
  std::string_view selection_metadata();

 private:
  friend class Scrubber;
  struct Range {
    size_t begin, end;
  };

  void ReadMetadata();
  Status CheckName() const;

  std::string_view object_;
  std::string_view name_raw_, ns_raw_, labels_;  // as they stand, with quotes
  std::string_view name_, ns_;
  std::optional<uint64_t> revision_;
  bool terminating_ = false;
  bool has_finalizers_ = false;
  bool has_api_version_ = false;
  bool has_kind_ = false;
  size_t open_ = 0;            // of the object's brace
  size_t metadata_begin_ = 0;  // of metadata's braces
  size_t metadata_end_ = 0;
  std::vector<Range> kept_;  // runs of metadata's members that stay
  std::string name_text_, ns_text_, compact_, selection_metadata_;
};

// Decimal digits only, no leading zero but for "0" itself, at most 2^64-1: Kubernetes promises that
// resourceVersions of one store can be compared as such numbers (KEP-5504).
std::optional<uint64_t> ParseRevision(std::string_view text);

// JSON without the white space between its tokens.
std::string Compact(std::string_view json);

}  // namespace holdfast::backup
