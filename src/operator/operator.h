// The operator as a whole.
#pragma once

#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "kube/client.h"
#include "operator/settings.h"

namespace holdfast::op {

inline constexpr std::string_view kLeaderLease = "holdfast-operator";

// Serves metrics and health, waits until it leads, and works until `stop` (then Ok: a running
// backup is abandoned without a trace, a running restore is left to be continued). When the Lease
// of the leader is lost, work ends in the same way and it stands by again. An error means that the
// API server could not be reached at the start. Blocks. `client` is the one of this process alone.
Status Run(kube::Client& client, const Settings& settings, const Logger& log, Clock& clock,
           std::stop_token stop);

}  // namespace holdfast::op
