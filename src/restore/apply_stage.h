// The stages of a restore that write the archive's objects: apply, and the check afterwards that
// nobody has changed them meanwhile. Called while the Lease is held and controllers are scaled
// down.
#pragma once

#include <set>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "restore/apply.h"
#include "restore/cluster_view.h"
#include "restore/opened_archive.h"
#include "restore/plan.h"
#include "restore/quiesce.h"
#include "restore/session.h"

namespace holdfast::restore {

// What the writing stages hand on: the cluster as it is known, and the plan made of it.
struct Applied {
  ClusterView cluster;
  Plan plan;
  // Downstream clusters whose agents connect anew, of all plans so far.
  std::set<ObjectId> reconnecting;
  // Types whose CRD was written in this run, by TypeId; up to `settling` the API server may still
  // answer as before.
  std::vector<bool> fresh_types;
  Deadline settling = Deadline::Never();
};

// What all of these stages take. `outcomes` is filled object by object, so that it also counts what
// was done before an error.
struct ApplyInput {
  const Session& session;
  const OpenedArchive& archive;
  const Quiesce& quiesce;
  Outcomes& outcomes;
  bool going_is_final = false;
};

// Writes what the plan says: CRDs (and plans anew with what they changed), cluster-scoped objects,
// namespaced objects, what could turn the API server against the rest, what a webhook held back,
// and types that could not be read before. Failures of objects are in report and outcomes; an error
// means that it makes no sense to go on. Blocks.
Result<Applied> Apply(const ApplyInput& input, Applied state);

// Lists the archive's types again (metadata only) and reads what is not as it was read or written.
// What another client has changed or deleted is written again, twice at the most; what differs even
// then is a failure that names the fields, or a note where only the status differs. Blocks.
Status Recheck(const ApplyInput& input, const Applied& state);

}  // namespace holdfast::restore
