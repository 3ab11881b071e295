// The order of writing: waves within a phase, so that an owner's uid is known when it is needed.
#include <algorithm>

#include "restore/cycles.h"
#include "restore/plan_impl.h"
#include "restore/write_order.h"

namespace holdfast::restore {

void Plan::Impl::MakeOrder() {
  Dependencies needs(index.size());
  std::vector<bool> late(index.size(), false);
  for (ObjectId id = 0; id < index.size(); ++id) {
    if (!actions[id].writes() || index.Owners(id).empty()) continue;
    for (const OwnerDecision& decision : Owners(id)) {
      if (decision.kind != OwnerDecision::Kind::kAfter) continue;
      Phase own = index.PhaseOf(id), owners = index.PhaseOf(decision.after);
      if (owners > own) late[id] = true;
      if (owners == own) needs.Add(id, decision.after);
    }
  }
  // The same object archived in two versions is created by one of them and updated by the other.
  for (ObjectId id = 0; id < index.size(); ++id) {
    if (actions[id].kind != ActionKind::kCreate) continue;
    const ArchivedType& type = index.Type(id);
    ObjectId first =
        index.FindAnyVersion(type.gv.group, type.plural, index.Namespace(id), index.Name(id));
    if (first != id && actions[first].writes()) needs.Add(id, first);
  }
  for (ObjectId id : needs.BreakCycles()) late[id] = true;

  std::vector<uint32_t> ranks(index.size());
  for (ObjectId id = 0; id < index.size(); ++id) ranks[id] = RankInPhase(index.Type(id));
  std::vector<uint32_t> level = needs.Levels(std::move(ranks));
  for (ObjectId id = 0; id < index.size(); ++id) {
    if (late[id]) {
      actions[id].deferred_owners = true;
      deferred.push_back(id);
    }
    if (!actions[id].writes()) continue;
    auto& phase = waves[static_cast<size_t>(index.PhaseOf(id))];
    if (phase.size() <= level[id]) phase.resize(level[id] + 1);
    phase[level[id]].push_back(id);
  }
  for (auto& phase : waves)
    std::erase_if(phase, [](const std::vector<ObjectId>& wave) { return wave.empty(); });
}

}  // namespace holdfast::restore
