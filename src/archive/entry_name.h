// The names of objects inside an archive: `<plural>.<group>#<version>/[<namespace>/]<name>.json`.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::archive {

inline constexpr std::string_view kFiltersPath = "filters/filters.json";
inline constexpr std::string_view kManifestPath = "filters/manifest.json";

struct EntryName {
  std::string plural;   // "secrets"
  std::string group;    // "" is core
  std::string version;  // "v1"
  std::string ns;       // empty: cluster-scoped
  std::string name;

  // "secrets.#v1/cattle-system/tls-ca.json". Names are not escaped.
  std::string ToPath() const;
  // "secrets.#v1": the folder, which is also the key of a kind in the manifest.
  std::string KindKey() const;
  // "secrets" for core, "deployments.apps" otherwise.
  std::string Resource() const;
  // "v1", "apps/v1".
  std::string ApiVersion() const;
  // What aesgcm binds an entry to: "<name>", or "<namespace>#<name>".
  std::string DataContext() const;
  // For messages: "secrets.v1 cattle-system/tls-ca", "clusters.v3.management.cattle.io local".
  std::string ToString() const;

  // kInvalid, naming the path: not two or three parts, no `#`, no `.` before it, an empty part,
  // not ending in `.json`. The text before `#` is split at its first `.`.
  static Result<EntryName> Parse(std::string_view path);

  auto operator<=>(const EntryName&) const = default;
};

}  // namespace holdfast::archive
