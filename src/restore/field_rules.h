// Fields of built-in kinds that hold a uid or resourceVersion of another object, an address that
// the server allocates, or the bookkeeping of a controller. What is archived in them belongs to the
// cluster and the moment of the backup. One rule a field says what is compared, what is sent when
// the object is created, and what when it is updated. docs/formats/restore-fields.md lists them
// all; sources are named there.
//
// Pure functions on JSON text but for References; whatever no rule names stays byte for byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "restore/comparable.h"

namespace holdfast::restore {

// Looks up objects that a field refers to, of the core API group in version v1. The calls block and
// may come from any number of threads.
class References {
 public:
  virtual ~References() = default;
  // Text of the live object; none when it is not there. Errors: the server's.
  virtual Result<std::optional<std::string>> Get(std::string_view plural, std::string_view ns,
                                                 std::string_view name) = 0;
  virtual bool InArchive(std::string_view plural, std::string_view ns, std::string_view name) = 0;
};

// Fields that the server has refused to set as archived, and that it is left to fill in.
struct LeftFields {
  enum Field : uint32_t {
    kClusterIps = 1,
    kIpFamilies = 2,
    kHealthCheckPort = 4,
    kAllNodePorts = 8,
  };
  uint32_t fields = 0;
  std::vector<size_t> node_ports;  // indexes into the sent spec.ports

  bool operator==(const LeftFields&) const = default;
};

// Whether an update needs the text of the live object: some of its fields are sent back as they
// are. `token`: it is a Secret with a ServiceAccount's token.
bool UpdateNeedsLive(Special special, std::string_view name, bool token);

// The object without the fields that two texts of the same object may differ in. None when no rule
// concerns it. `object` is validated JSON.
std::optional<std::string> ComparedFields(Special special, std::string_view object);

// Of a live object whose compared fields equal the archived ones: what a second look finds.
struct FieldDifference {
  // The object must be written: a field that no digest covers is not as it should be.
  bool must_write = false;
  // A node port differs. The server can say whether it would take the archived one.
  bool node_ports = false;
  // What differs and stays so, for the reader; empty: nothing.
  std::string left;
};
// Whether LookAgain() has anything to look at.
bool NeedsSecondLook(Special special);
FieldDifference LookAgain(Special special, std::string_view archived, std::string_view live);

// The object as it is to be created. `references` may be null: then fields that depend on other
// objects are sent in the form that does no harm. Appends to `notes` what was left out. Errors:
// kCancelled only.
Result<std::string> FieldsToCreate(Special special, std::string object, References* references,
                                   const LeftFields& left, std::vector<std::string>& notes);

// The object as it is to be sent over `live`.
std::string FieldsToUpdate(Special special, std::string object, std::string_view live,
                           const LeftFields& left);

// The data of a Secret with a ServiceAccount's token. A token is accepted only with the uid of its
// account and as long as a Secret holds it.
struct TokenAccount {
  std::string_view uid;           // of the live account; empty: not known
  bool made_anew = false;         // this run creates the account, and its uid is not known yet
  std::string_view archived_uid;  // that the archived Secret names
};
std::string TokenToCreate(std::string secret, const TokenAccount& account,
                          std::vector<std::string>& notes);
std::string TokenToUpdate(std::string secret, std::string_view live, const TokenAccount& account);

// After a refusal: adds to `left` what `message` (of the server) says it cannot set. False when the
// refusal concerns no field that can be left to the server, or nothing was added.
bool LeaveToServer(Special special, std::string_view message, LeftFields& left);

// What a created or updated object (`answer`) has otherwise than the archived one among the fields
// that are left to the control plane, a line each: "spec.clusterIP is 10.0.0.7, archived 10.0.0.9".
std::vector<std::string> LeftToControlPlane(Special special, std::string_view archived,
                                            std::string_view answer);

}  // namespace holdfast::restore
