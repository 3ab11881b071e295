// Inside of Plan; for plan*.cc only.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "restore/plan.h"

namespace holdfast::restore {

struct Plan::Impl {
  Impl(const Index& i, const Types& t, const Live& l, const PlanOptions& o)
      : index(i), types(t), live(l), options(o) {}

  // The action without owners and increments, by Live as it is now.
  Action Base(ObjectId id) const;
  // With them. `others_write`: something in the plan is written besides increments.
  Action Decide(ObjectId id, bool others_write) const;
  std::vector<OwnerDecision> Owners(ObjectId id) const;
  OwnerDecision DecideOwner(ObjectId id, const ArchivedOwner& owner) const;
  bool OwnersEqual(ObjectId id) const;
  // "its owner plants.x.io oak", for messages.
  std::string OwnerText(ObjectId id, const ArchivedOwner& owner) const;

  void DecideAll();
  void DecidePrune();
  std::vector<PruneKeep> Protected(std::vector<bool>& doomed) const;
  std::string WhyProtected(const ExtraObject& extra) const;
  void KeepWithKept(const std::map<Uid, uint32_t>& by_uid, const std::set<Uid>& archived,
                    std::vector<bool>& doomed_extras, std::vector<PruneKeep>& keeps) const;
  void DecideNamespaces();
  void MakeOrder();
  void CountAll();
  std::string Reason(ObjectId id, const Action& action) const;
  std::vector<std::string> Notes(ObjectId id) const;

  const Index& index;
  const Types& types;
  const Live& live;
  const PlanOptions options;

  std::vector<Action> actions;  // by ObjectId
  PlanCounts counts;
  std::vector<PruneDelete> deletes;
  std::vector<PruneKeep> kept;
  std::vector<std::string> refusals;
  std::string too_many_deletes;
  std::set<Uid> doomed;  // uids of the deletes
  std::array<std::vector<std::vector<ObjectId>>, kPhases> waves;
  std::vector<ObjectId> deferred;
  std::vector<std::string> new_namespaces;
  std::vector<ObjectId> reconnecting;
};

}  // namespace holdfast::restore
