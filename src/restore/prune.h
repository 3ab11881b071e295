// Deletes what the plan dooms: live objects that the archive's selectors take and the archive
// lacks.
#pragma once

#include <chrono>
#include <stop_token>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "restore/api.h"
#include "restore/live.h"
#include "restore/report.h"

namespace holdfast::restore {

// Whether the object (JSON) has a finalizer besides that by which the API server cleans up after a
// CRD, whose removal would leave the CRD's objects in etcd, out of reach.
bool HasRemovableFinalizers(std::string_view object);

struct PruneSettings {
  size_t threads = 25;
  // How long deleted objects may take to go before their finalizers are removed.
  std::chrono::seconds delete_timeout{0};
  // For those that need nothing more from us (namespaces, CRDs, pods) to go in the end. Controllers
  // are at zero meanwhile, so the wait ends sooner when nothing has moved for settle_quiet.
  std::chrono::seconds settle_timeout{10};
  std::chrono::seconds settle_quiet{2};
};

// Pass 1 deletes every object, if it still is the one that was seen (by uid). Only where something
// is then still terminating, it is waited for up to delete_timeout; pass 2 removes the finalizers
// of what is still terminating after that, but for the one by which the API server cleans up after
// a CRD. What then is left is waited for up to settle_timeout, as long as
// some of it goes or changes at least every settle_quiet; the rest is reported as left over, and
// not tried again. Failures
// go into the report; an error means stopped. Blocks.
Status Prune(Api& api, const UidTable& uids, const std::vector<const ExtraObject*>& doomed,
             const PruneSettings& settings, ReportBuilder& report, Clock& clock,
             std::stop_token stop);

}  // namespace holdfast::restore
