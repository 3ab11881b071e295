// How a user names objects: RESOURCE.GROUP/[NS/]NAME.
#pragma once

#include <string>
#include <string_view>

#include "archive/entry_name.h"
#include "base/result.h"

namespace holdfast::cli {

// "secrets/cattle-system/tls-ca", "users.management.cattle.io/user-1", or with the version as in
// the archive, "clusters.management.cattle.io#v3/local".
struct ObjectRef {
  std::string plural;
  std::string group;    // empty: core
  std::string version;  // empty: any
  std::string ns;       // empty: cluster-scoped
  std::string name;

  // kInvalid, with the form that is expected.
  static Result<ObjectRef> Parse(std::string_view text);
  bool Names(const archive::EntryName& entry) const;
};

}  // namespace holdfast::cli
