// Namespaces and CustomResourceDefinitions that are being deleted in the cluster. They take their
// contents with them, so what is in them counts as missing although it can still be read.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/result.h"
#include "restore/index.h"

namespace holdfast::restore {

class ObjectLister;
struct Session;

struct Going {
  // By name. The text says how far the deletion has come, as far as the server says it: may be
  // empty.
  std::map<std::string, std::string> namespaces;
  std::map<std::string, std::string> crds;  // "plants.x.io"

  // Namespaces that objects of the archive are in, and that neither the archive nor the cluster has
  // (or the cluster is deleting).
  std::set<std::string> absent_namespaces;

  // Whether nothing is being deleted.
  bool empty() const { return namespaces.empty() && crds.empty(); }
  // "namespace a", "CustomResourceDefinition plants.x.io"; comma-separated, at most ten.
  std::string Names() const;
};

// Those that have a deletionTimestamp and were not being deleted already when the backup was made
// (their contents are then compared as they are). `crds` are the names of all CRDs that are being
// deleted. Fills in absent_namespaces too. Blocks.
Result<Going> FindGoing(const Index& index, ObjectLister& lister,
                        const std::map<std::string, std::string>& crds);

// Whether any object of the archive is one of them or in one of them.
bool Concerns(const Index& index, const Going& going);

// Waits until each of `going` has gone (or was made anew), at most `session.options.going_timeout`
// for all together, and reports progress. Returns what still stands, with what holds it. Errors:
// kCancelled when stopped. Blocks.
Result<Going> WaitUntilGone(const Session& session, Going going);

}  // namespace holdfast::restore
