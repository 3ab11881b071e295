// Scales the ResourceSet's controllers to zero for the time of the writes, and back.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "kube/discovery.h"
#include "resourceset/resource_set.h"
#include "restore/api.h"
#include "restore/report.h"
#include "restore/run_state.h"

namespace holdfast::restore {

// The type behind apiVersion and plural; none when the server does not have it.
using TypeOf = std::function<const kube::ResourceType*(const std::string& api_version,
                                                       const std::string& resource)>;
// As `discovery` knows it, which must outlive the function.
TypeOf TypeOfDiscovery(const kube::Discovery& discovery);

// What always holds: a controller is at zero because of us only while its count is stored in the
// cluster. Used by one thread at a time.
class Quiesce {
 public:
  struct Settings {
    std::string ns;  // of the stored state
    std::string run;
    std::string archive;
    std::chrono::seconds pods_timeout{30};
  };

  // `report` and `log` must outlive this.
  Quiesce(Settings settings, ReportBuilder& report, const Logger& log, Clock& clock);

  // Takes over what a run that died has left. Sends one GET. Call it before Down().
  Status Adopt(Api& api);
  // Stores that this restore has begun: from here on the cluster counts as half restored until Up()
  // removes the record, whatever happens to this process. Keeps the counts of an adopted run. Call
  // it after Adopt() and before the first change. Blocks.
  Status Begin(Api& api);
  // Whether there is anything to be scaled up.
  bool anything() const { return !state_.controllers.empty() || !held_.empty(); }
  // The run whose state was taken over; empty: none was.
  const std::string& adopted_run() const { return adopted_run_; }

  // For every controller that is live with replicas: stores its count, scales it to zero, and waits
  // for its pods to end, all together at most pods_timeout. One that cannot be scaled is noted in
  // the report and left alone; an error means that the counts could not be stored, and then nothing
  // was scaled. kCancelled when stopped; Up() must then be called too.
  //
  // `to_come`: those of the controllers that will be written, with the archive's counts. One that
  // is absent or at zero now would start in the middle of the restore, so it is at zero until Up(),
  // which gives it that count. Of an absent one the count is stored too; one that is at zero is
  // not, so that an Abort() leaves it there (a further restore finds that its count differs).
  Status Down(Api& api, const TypeOf& type_of,
              const std::vector<resourceset::ControllerReference>& controllers,
              const std::vector<ScaledController>& to_come, std::stop_token stop);
  // Of those that were at zero before: Up() leaves alone what was not written.
  void LeaveAlone(const std::function<bool(const ScaledController&)>& not_written);

  // The count that the object is at now because of us: writing it with another would start it.
  // Thread-safe between Down() and Up().
  bool IsDown(const std::string& api_group, const std::string& resource, const std::string& ns,
              const std::string& name) const;
  // The same of those only whose counts are stored: they were at zero before the archive was looked
  // at, or run with a count that stays.
  bool IsStored(const std::string& api_group, const std::string& resource, const std::string& ns,
                const std::string& name) const;
  const std::vector<ScaledController>& controllers() const { return state_.controllers; }

  // What becomes of the stored record: removed when the restore has come to its end, or kept (with
  // no controllers in it) so that the cluster still counts as half restored.
  enum class Record { kRemove, kKeep };
  // Scales all up again. What fails stays in the stored record, and the error names it. May be
  // called again. Fine when nothing was scaled.
  Status Up(Api& api, const TypeOf& type_of, Record record);
  // `cause` as the reason why Up() could not even be tried: names the controllers and the cure.
  Error NotScaledUp(Error cause) const;

 private:
  struct Live {
    const kube::ResourceType* type;
    ScaledController controller;
    std::string resource_version;
    std::string pod_selector;  // empty: pods cannot be told
    std::string text;          // of the object
  };

  struct Seen {
    bool absent = false;
    std::optional<Live> live;  // none: absent, or cannot be scaled
  };
  Seen Look(Api& api, const kube::ResourceType& type, ScaledController controller);
  void NoteTakenOver(const ScaledController& controller, const std::optional<Error>& why);
  Status Scale(Api& api, Live& live);
  Status ScaleUp(Api& api, const TypeOf& type_of, const ScaledController& controller);
  Status WaitForPods(Api& api, const std::vector<Live>& scaled, std::stop_token stop);

  Settings settings_;
  ReportBuilder& report_;
  const Logger& log_;
  Clock& clock_;
  RunState state_;
  std::vector<ScaledController> held_;  // were at zero before; not stored
  std::string adopted_run_;
};

// spec.replicas; none when there is none, or it is no integer.
std::optional<int64_t> ReplicasOf(std::string_view object);

// The text of a label selector for a list request: {"matchLabels": ...} as JSON. Empty when it
// selects everything or has an operator that is not known.
std::string SelectorText(std::string_view selector_json);

}  // namespace holdfast::restore
