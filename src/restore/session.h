// What every stage of a restore needs, besides the values that the stages hand on to each other.
#pragma once

#include <stop_token>

#include "base/clock.h"
#include "base/log.h"
#include "kube/client.h"
#include "restore/api.h"
#include "restore/engine.h"
#include "restore/report.h"

namespace holdfast::restore {

// References to what one run works with. All of it outlives the session; a session is passed down,
// never stored. The stages that only read (opened_archive.h, cluster_view.h) send nothing but reads
// through it; those that write are called while the Lease is held (under_lease.cc), and `stop` is
// then requested when the Lease is lost.
struct Session {
  kube::Client& client;
  Api& api;
  const Options& options;
  Progress& progress;
  const Logger& log;
  Clock& clock;
  ReportBuilder& report;
  std::stop_token stop;

  kube::Call Call() const { return {Deadline::Never(), stop}; }
};

}  // namespace holdfast::restore
