// The half of a restore that changes the cluster.
#pragma once

#include <stop_token>

#include "base/result.h"
#include "restore/opened_archive.h"
#include "restore/session.h"

namespace holdfast::restore {

// Takes the Lease, records that a restore has begun, scales controllers down, reads the cluster,
// plans, writes, checks, prunes, scales up, removes the record and frees the Lease: what is written
// is planned on what was read here. `planned_empty`: a comparison before found nothing to write,
// and only the record of an earlier run is to be cleaned up; controllers are then scaled down only
// when that has changed.
//
// Whatever happens after controllers were scaled down, they are scaled up again, unless the Lease
// is lost: then whoever has it does. When the run ends early after it has written, the record stays
// and the cluster counts as half restored. Blocks. Errors as restore::Run().
Result<Report> RestoreUnderLease(const Session& session, const OpenedArchive& archive,
                                 bool planned_empty);

}  // namespace holdfast::restore
