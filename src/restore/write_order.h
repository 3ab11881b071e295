// Which kinds are written before which. Owners come first all the same.
#pragma once

#include <cstdint>

#include "restore/index.h"

namespace holdfast::restore {

// The phase of an object of the type. Phase::kLast holds what could refuse or limit others that are
// restored: quotas and limits of a namespace, admission policies, webhook configurations, API
// priority and fairness, and APIServices.
Phase PhaseOfType(const ArchivedType& type, bool cluster_scoped);

// The order within the phase, from 0: what others of the phase are refused or misjudged without
// comes before them (roles before bindings, accounts and classes before Pods), and what refuses
// others of the phase comes after them.
uint8_t RankInPhase(const ArchivedType& type);

}  // namespace holdfast::restore
