// The stages of a restore that read the cluster and plan. They change nothing.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "kube/discovery.h"
#include "resourceset/selection.h"
#include "restore/going.h"
#include "restore/live.h"
#include "restore/opened_archive.h"
#include "restore/plan.h"
#include "restore/quiesce.h"
#include "restore/session.h"
#include "restore/types.h"
#include "restore/update_verdicts.h"

namespace holdfast::restore {

// The cluster as it was read once. Movable; the parts point into each other, not into the struct.
struct ClusterView {
  std::shared_ptr<const kube::Discovery> discovery;
  std::set<std::string> crds;  // names of all
  // CRDs of the archive that this run could not bring: name and why. Set by who has tried.
  std::map<std::string, std::string> failed_crds;
  Going going;
  std::unique_ptr<const Types> types;
  std::unique_ptr<const resourceset::Selection> selection;  // only where something may be pruned
  // Why nothing may be pruned although it was asked for; empty: it may.
  std::string prune_problem;
  // Learns what is written, object by object; all else stays as it was read.
  std::unique_ptr<Live> live;
  // What dry runs have shown of planned updates (examine.h); null: nothing was asked.
  std::shared_ptr<const UpdateVerdicts> verdicts;
};

// Reads discovery, CRDs and every list that the archive's types and its selection need. Replicas of
// controllers whose counts `quiesce` keeps in the cluster are no difference. Sends reads only;
// blocks. Errors name what could not be read.
Result<ClusterView> ReadCluster(const Session& session, const OpenedArchive& archive,
                                const Quiesce& quiesce);

// The same cluster after CRDs were written or types became readable: discovery and CRDs are read
// again, and the lists of `changed` and of what could not be read before.
Result<ClusterView> RereadCluster(const Session& session, const OpenedArchive& archive,
                                  const Quiesce& quiesce, ClusterView before,
                                  std::shared_ptr<const kube::Discovery> discovery,
                                  std::set<std::string> crds, const std::vector<TypeId>& changed);

// What PlanCluster() needs beside archive and cluster.
struct PlanInput {
  // The run has written or will write something that is not in this plan.
  bool others_write = false;
  // What is in ClusterView::going was waited for in vain.
  bool going_is_final = false;
};

// Decides. Sends nothing, but where prune would delete ServiceAccounts or their tokens a
// SelfSubjectReview (a POST that stores nothing), so that the plan does not delete our own. The
// view must outlive the plan.
Result<Plan> PlanCluster(const Session& session, const OpenedArchive& archive,
                         const ClusterView& cluster, const PlanInput& input);

// The lists of this cluster: whole where the server streams them (from 1.34 on), else in pages.
ClientLister MakeLister(const Session& session, const kube::Discovery& discovery);

// How the lists are read: threads, selection, progress.
LiveOptions HowToRead(const Session& session, const ClusterView& cluster);

}  // namespace holdfast::restore
