// Cuts the body of a LIST answer into its objects while it comes in. Private to kube.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/json_scan.h"
#include "base/result.h"
#include "kube/client.h"
#include "kube/nested_scanner.h"
#include "kube/status_error.h"

namespace holdfast::kube {

struct CutterLimits {
  size_t max_object = 64 << 20;
  size_t max_depth = json::kMaxNesting;
  size_t max_other = 1 << 20;  // of what stands beside the items, in all
};

// Takes the document in pieces of any size; metadata may stand before or after the items. An object
// that lies within one piece is handed over where it lies; no more than one object is held. Objects
// are found by their brackets and strings; what else is in them is not looked at.
class ListCutter {
 public:
  explicit ListCutter(const ObjectSink& sink, CutterLimits limits = {})
      : sink_(sink), limits_(limits), scanner_(limits.max_depth) {}

  // An error of the sink as it is; kInternal when this is no list; kInvalid beyond the limits, with
  // the object's namespace and name. To be called no more after an error.
  Status Feed(std::string_view piece);

  // At the end of the body. kUnavailable when the document is not complete; the error that it
  // describes when it is, or ends in, a Status of failure.
  Result<ListEnd> Finish(const RequestFacts& request);

  int64_t items() const { return items_; }
  bool sink_failed() const { return sink_failed_; }

 private:
  enum class State {
    kStart,
    kFirstKey,  // or }
    kKey,
    kInKey,
    kColon,
    kValue,
    kInString,  // a string value beside the items
    kInNested,  // an object or array beside the items
    kInScalar,
    kNext,       // , or }
    kFirstItem,  // or ]
    kItem,
    kInItem,
    kNextItem,  // , or ]
    kInStatus,  // a Status where , or ] should be: the server broke off
    kDone,
  };

  // Handles what begins at data[0]; returns how many bytes it took (at least 1).
  Result<size_t> Step(std::string_view rest);
  Result<size_t> Punctuation(char c);
  Result<size_t> BeginValue(char c);
  Result<size_t> TakeString(std::string_view rest);
  Result<size_t> TakeNested(std::string_view rest);
  Result<size_t> TakeScalar(std::string_view rest);
  Result<size_t> TakeItem(std::string_view rest);
  Status Keep(std::string_view text);
  Status Deliver(std::string_view object);
  Error BeyondLimit(std::string_view object, const std::string& what) const;
  void EndValue();
  Error Unexpected(char c, const char* wanted) const;

  const ObjectSink& sink_;
  const CutterLimits limits_;
  NestedScanner scanner_;
  State state_ = State::kStart;
  bool escape_ = false;  // within a key or string value
  bool sink_failed_ = false;
  bool has_items_ = false;
  std::string key_;      // raw
  std::string partial_;  // of an object, or of a value beside the items
  size_t other_bytes_ = 0;
  std::map<std::string, std::string> beside_;  // values beside the items that are needed
  int64_t items_ = 0;
  uint64_t bytes_ = 0;
};

}  // namespace holdfast::kube
