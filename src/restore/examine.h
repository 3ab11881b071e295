// A plan that has asked the server, by dry runs, what the updates in it would come to.
#pragma once

#include "base/result.h"
#include "restore/cluster_view.h"
#include "restore/opened_archive.h"
#include "restore/plan.h"
#include "restore/quiesce.h"
#include "restore/session.h"

namespace holdfast::restore {

enum class Examine {
  // Up to the first update that changes something: only to learn whether the plan is empty. Nothing
  // is sent for a plan with creates, deletes or status writes, which is not.
  kWhetherEmpty,
  kAll,  // for a plan that is shown
};

// PlanCluster(), and for each planned update one read and one dry run of the update (which stores
// nothing): an update that would change nothing is none, because the texts differ by the server's
// defaults alone; one that the server refuses because a field cannot be updated, or of which it
// keeps nothing, is known to fail. Objects of types whose CRD the plan writes are left alone, and
// so is what the server lets nobody try (no right, a webhook with side effects, which is answered
// from a table of fields). Fills `cluster.verdicts`, which outlives the plan. Blocks.
Result<Plan> PlanExamined(const Session& session, const OpenedArchive& archive,
                          ClusterView& cluster, const Quiesce& quiesce, const PlanInput& input,
                          Examine how);

}  // namespace holdfast::restore
