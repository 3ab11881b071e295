// After CRDs were written: waiting until the API server serves what they define.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "kube/discovery.h"
#include "restore/api.h"
#include "restore/index.h"
#include "restore/report.h"

namespace holdfast::restore {

// apiextensions.k8s.io/v1 customresourcedefinitions.
const kube::ResourceType& CrdType();

// Waits until each of the CRDs (by name) has condition Established, all together at most `timeout`.
// Those that have not are failures in the report and in the result (name and why), with the
// condition that says why; one that the API server refuses to establish (names that are taken, a
// caBundle that is none) is not waited for. An error means that the server cannot be asked, or
// stopped. Blocks.
Result<std::map<std::string, std::string>> WaitEstablished(Api& api,
                                                           const std::vector<std::string>& names,
                                                           std::chrono::seconds timeout,
                                                           ReportBuilder& report, Clock& clock,
                                                           std::stop_token stop);

// Discovery as soon as it has every served version of `wanted`, or as it is after `timeout` (then
// noted in the report: the objects of what is missing will fail on their own). Blocks.
Result<kube::Discovery> WaitServed(const std::function<Result<kube::Discovery>()>& fetch,
                                   const std::vector<const ArchivedCrd*>& wanted,
                                   std::chrono::seconds timeout, ReportBuilder& report,
                                   Clock& clock, std::stop_token stop);

}  // namespace holdfast::restore
