// Reads one selected kind as it was at the backup's revision R, at the price of an ordinary list.
//
// The rules, all of them the API's promises (resourceVersionMatch=Exact, comparable
// resourceVersions) but for one, remainingItemCount, which is believed only where it says that
// nothing is missing:
//  - An object in a consistent list made after R was fixed whose own revision is at most R is as it
//    was at R. A newer one is set aside before any selection and read again by an Exact list of
//    that one name; if that is empty, it did not exist at R.
//  - A list whose own revision is R is complete. Otherwise objects deleted since are missing from
//  it:
//    an Exact list with limit=1 tells how many there were; when that is not the number of those
//    found, an Exact list of names tells which.
//  - A kind whose lists carry revisions that cannot be the main store's has a store of its own. It
//  is
//    read as it is, and called unpinned.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "backup/instant.h"
#include "backup/key_set.h"
#include "backup/list_api.h"
#include "backup/object_scan.h"
#include "base/result.h"
#include "resourceset/selection.h"

namespace holdfast::backup {

// How lists are asked for.
enum class ListMode {
  kWhole,  // in one answer: from 1.34 on, where answers are streamed from the watch cache
  kPages,  // in pages: 1.31 to 1.33
  kExact,  // at R throughout: older servers, whose ordinary consistent lists are read from etcd too
};

// What is done with the objects; used by one thread at a time.
class ObjectTaker {
 public:
  virtual ~ObjectTaker() = default;
  // An object as it was at R, each once for each list of its kind. `server_matched`: the selectors
  // whose field selector it fulfils, as Selection::Match() takes them. The answer: whether some
  // selector took it. The scan is valid during the call only.
  virtual Result<bool> Offer(ObjectScan& object, std::span<const size_t> server_matched) = 0;
  // An object that was asked for by its name.
  virtual Status Take(ObjectScan& object) = 0;
};

// How a kind was read, for the manifest.
struct KindOutcome {
  std::string
      way;  // "cached", "pages", "exact", "get", "unpinned", with "+settled(n)" for n objects
            // read again at R, "+namespaces(n)" for lists made namespace by namespace
  bool pinned = true;
  std::string note;   // why not pinned
  bool busy = false;  // so much had changed since R that it was listed again, exactly
};

struct SettleRequest {
  const resourceset::TypeSelection* selection = nullptr;
  ListMode mode = ListMode::kWhole;
  // Found busy by an earlier attempt: go straight to the Exact list.
  bool busy = false;
};

// Reads the kind. Blocks. Errors: those of the lists, "listing secrets: ..."; kExpired when R has
// been compacted or the kind is no longer served: begin again at a new R.
Result<KindOutcome> SettleKind(ListApi& api, Instant& instant, const SettleRequest& request,
                               ObjectTaker& taker, const kube::Call& call);

// `metadata.name=<name>` with the name's special characters escaped.
std::string NameFieldSelector(std::string_view name);

}  // namespace holdfast::backup
