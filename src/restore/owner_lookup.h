// Finding out whether owners that are in no list are in the cluster.
#pragma once

#include <stop_token>
#include <vector>

#include "base/result.h"
#include "kube/discovery.h"
#include "restore/index.h"
#include "restore/live.h"
#include "restore/uid.h"

namespace holdfast::restore {

// One answer for each of `owners`, in their order: looked for by group and kind, in the version
// named where the cluster has it, else in any; in the owner's namespace where its kind is
// namespaced. Few of a type are read one by one, many by one metadata-only list. Blocks.
Result<std::vector<Live::External>> LookUpOwners(const std::vector<ExternalOwner>& owners,
                                                 const kube::Discovery& discovery,
                                                 ObjectLister& lister, UidTable& uids,
                                                 size_t threads, std::stop_token stop);

}  // namespace holdfast::restore
