// One object from the archive into the cluster: create, update, status, and what may go wrong
// there.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "restore/api.h"
#include "restore/index.h"
#include "restore/live.h"
#include "restore/plan.h"
#include "restore/quiesce.h"
#include "restore/types.h"

namespace holdfast::restore {

// What writing needs to know; everything outlives the calls.
struct WriteContext {
  const Index& index;
  const Types& types;
  Live& live;
  const Plan& plan;
  Api& api;
  const Quiesce& quiesce;
  Clock& clock;
  std::stop_token stop;
  // Up to then terminating namesakes are waited for, all of them together.
  Deadline terminating = Deadline::Never();
  // Types whose CRD was written in this run, by TypeId; empty: none. Up to `settling` the API
  // server may still answer as before, so a 404 or a field cut off is tried again.
  std::vector<bool> fresh_types = {};
  Deadline settling = Deadline::Never();

  // Options::recreate_immutable.
  bool recreate_immutable = false;

  bool Fresh(ObjectId id) const {
    return !fresh_types.empty() && fresh_types[index.TypeOf(id)] && !settling.Passed(clock);
  }
};

struct Written {
  enum class What : uint8_t {
    kNothing,  // somebody else had made it equal meanwhile
    kCreated,
    kUpdated,
    kStatusOnly,
    kForgiven,  // refused by the one webhook whose refusals do not count (spec 7.5)
  } what = What::kNothing;
  bool status = false;     // status was written too
  bool recreated = false;  // deleted and created again: it has another uid now
  std::vector<std::string> dropped_owners;
  std::vector<std::string> kept_crd_versions;
  std::vector<std::string> notes;
  std::vector<std::string> left;  // fields that the server filled in otherwise than archived
  // Fields that the server dropped or changed although they were sent (answer_check.h).
  std::vector<std::string> lost;
  std::vector<std::string> warnings;  // of the answers, as the server wrote them
  // The object was written, but not all of it: its status was refused.
  std::optional<Error> incomplete;
  // The object was written, but its managedFields could not be set as the archive has them.
  std::optional<Error> managers;
};

// Does what `action` says, at most a few times over when others write the same object; `live`
// learns what is there then. An object that turns out to be there, gone or changed is decided anew.
// Errors are the server's, with what was tried; kCancelled when stopped. Blocks; any number of
// threads for different objects.
Result<Written> WriteObject(const WriteContext& context, ObjectId id, Action action);

// Reads the object and takes what it finds into `live`; a controller that this run holds at zero
// counts as having its archived replicas. The text, or none when it is not there.
Result<std::optional<std::string>> Reread(const WriteContext& context, ObjectId id);

// The live text with spec.replicas as the archived text has it.
std::string WithReplicasOf(std::string_view archived, std::string_view live);

}  // namespace holdfast::restore
