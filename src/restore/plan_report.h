// What a plan, and a run, come to in the report.
#pragma once

#include <set>

#include "restore/apply.h"
#include "restore/cluster_view.h"
#include "restore/opened_archive.h"
#include "restore/plan.h"
#include "restore/quiesce.h"
#include "restore/session.h"

namespace holdfast::restore {

// Objects that the plan leaves out, each with its reason: skipped by a rule, or known to fail. Sets
// their outcomes. Also what prune keeps, and why nothing may be pruned.
void ReportLeftOut(const Session& session, const OpenedArchive& archive, const ClusterView& cluster,
                   const Plan& plan, Outcomes& outcomes);

// The counts of the plan and, with Options::plan_only, its lines: to Options::plan_line where that
// is set, else into the report.
void ReportPlan(const Session& session, const OpenedArchive& archive, const ClusterView& cluster,
                const Plan& plan, const Quiesce& quiesce, bool nothing_to_do);

// The counts of what was done, and the downstream clusters of `reconnecting` that were written.
void ReportOutcomes(const OpenedArchive& archive, const Outcomes& outcomes,
                    const std::set<ObjectId>& reconnecting, Report& report);

}  // namespace holdfast::restore
