// Who owns an object's fields (metadata.managedFields), brought back as the archive has it.
//
// The API server gives the fields of a create, and those that an update changes, to the manager
// that the request names, and takes them from all others, whatever managedFields the body brings. A
// patch of metadata.managedFields alone replaces the list and makes nobody an owner.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "restore/api.h"

namespace holdfast::restore {

// The manager of fields whose owner is not known; the API server's own name for them.
inline constexpr std::string_view kUnknownManager = "before-first-apply";

struct FieldManagers {
  std::string main{kUnknownManager};    // the request's manager in a create or update
  std::string status{kUnknownManager};  // the same in a write of status
  // The create or update, or the write of status, leaves the owners as the archive has them; where
  // not, managedFields must be set afterwards.
  bool main_exact = true;
  bool status_exact = true;
};

// By metadata.managedFields of the archived object. One manager that owns everything by updates is
// exact; server-side apply, several managers and subresources other than status are not. Without
// managedFields nothing needs to be set.
FieldManagers ManagersOf(std::string_view archived);

// JSON of the managedFields that the object should have: the archive's entries, and of the live
// object's those of managers that the archive lacks, but for the one that the writes were made as
// (`written_as`). `live` is the object as the server answered.
std::string ManagedFieldsFor(std::string_view archived, std::string_view live,
                             std::string_view written_as);

// A merge patch that sets them, refused (409) when the object has changed since `live`.
std::string ManagedFieldsPatch(std::string_view archived, std::string_view live,
                               std::string_view written_as);

// Sends the merge patch to an object that is otherwise left alone, and leaves the owners of its
// fields as they are in `before` (the object's text): the patch makes this program the owner of
// what it changes, a second request takes that back. The second one is left out where `before` has
// no managedFields; when it fails the first one's answer is returned, and `taken_over` is the
// error. Blocks.
Result<std::string> PatchKeepingManagers(Api& api, const kube::ResourceType& type,
                                         std::string_view ns, std::string_view name,
                                         std::string_view patch, std::string_view before,
                                         std::optional<Error>& taken_over);

}  // namespace holdfast::restore
