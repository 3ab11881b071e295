// Comparing one live object with its archived namesake; for live*.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "restore/index.h"
#include "restore/live.h"
#include "restore/types.h"
#include "restore/uid.h"

namespace holdfast::restore {

// What is read of a live object's metadata, in one pass. Views into the object's text, or none.
struct LiveMetadata {
  std::string name, ns, uid;
  uint64_t resource_version = 0;
  std::optional<uint64_t> generation;
  std::string deletion_timestamp;  // empty: none
  bool terminating = false;
  std::string_view owners;       // JSON array; empty: none
  std::string_view labels;       // JSON object; empty: none
  std::string_view annotations;  // JSON object; empty: none
};
LiveMetadata ReadLiveMetadata(std::string_view object);

// Whether a Namespace or CRD (`special`) says in its status that it is being deleted: an archived
// body has no deletionTimestamp. False for other kinds.
bool IsTerminating(Special special, std::string_view object);

struct LiveComparison {
  LiveObject object;  // without owners_begin
  std::vector<LiveOwner> owners;
  std::vector<std::string> paths;  // only when asked for
  // Nothing but node ports differs; the server may refuse the archived ones.
  bool node_ports_only = false;
  // Fields that differ and are left to the control plane; empty: none.
  std::string left;
};

// `metadata_only`: the text holds nothing else, so it counts as different. Reads the archived body
// only where digests cannot tell. Thread-safe.
Result<LiveComparison> CompareLive(const Index& index, const TypeState& type, ObjectId id,
                                   std::string_view object, const LiveMetadata& metadata,
                                   bool metadata_only, bool explain, UidTable& uids);

}  // namespace holdfast::restore
