// What all reconcilers have in common.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "kube/client.h"
#include "operator/cluster_access.h"
#include "operator/metrics.h"
#include "operator/notifier.h"
#include "operator/settings.h"

namespace holdfast::op {

// What they work with; outlives them.
struct Context {
  kube::Client& client;
  const Settings& settings;
  Metrics& metrics;
  Notifier& notifier;
  const Logger& log;
  Clock& clock;
  std::string cluster_id;  // uid of Namespace kube-system
};

// How a pass over one object ended.
struct PassResult {
  bool failed = false;                             // again after a back-off
  std::optional<std::chrono::milliseconds> again;  // else: again then
};

// A word for one run, by which its lines in the log are found.
std::string NewRunId();

class Reconciler {
 public:
  virtual ~Reconciler() = default;
  // Reads the object anew and does what is to be done. Blocks; several names at once.
  virtual PassResult Reconcile(const std::string& name, std::stop_token stop) = 0;
};

// Writes how far a run is into the object's status, at most every three seconds, on a thread of its
// own until it is destroyed.
class ProgressWriter {
 public:
  // `text`: a JSON object to be merged into the status; "" when there is nothing to say.
  ProgressWriter(Context& context, const kube::ResourceType& type, const ObjectMeta& meta,
                 std::function<std::string()> text);

 private:
  std::jthread thread_;
};

// PatchStatus(), tried again for half a minute when the API server is not there; when the process
// is being stopped, for five seconds.
Status WriteStatus(Context& context, const kube::ResourceType& type, const ObjectMeta& meta,
                   const std::string& status, std::stop_token stop);

// What came back and what was being done, as status shows it: without the hint, whose words are
// ours and not the reference's. Cut to what a status may hold.
std::string StatusText(const Error& error);

// Stops `target` when `source` is stopped, for as long as it lives.
class Link {
 public:
  Link(std::stop_token source, std::stop_source target)
      : callback_(std::move(source), [target]() mutable { target.request_stop(); }) {}

 private:
  std::stop_callback<std::function<void()>> callback_;
};

}  // namespace holdfast::op
