// Clusters kept as JSON lines: one object a line, in the order of creation, split at '\n' only.
// Files may be gzip-compressed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "kube/client.h"
#include "testbed/loader.h"

namespace holdfast::testbed {

// The lines that are not empty. kInvalid for a line that is not a JSON object.
Result<std::vector<std::string>> ReadJsonl(const std::filesystem::path& file);

// What an installed operator brings: namespace cattle-resources-system and its three CRDs (backups,
// restores, resourcesets of resources.cattle.io/v1, here with a schema that takes anything), where
// they are missing; waits until they are served.
Status InstallOperatorDefinitions(kube::Client& client);

// Creates the objects of all files: CRDs, then cluster-scoped objects, namespaces first, then
// namespaced ones. Each is created without its owner references; its status is written to /status
// where it is a custom resource whose version has that subresource; at the end the owner references
// are patched in with the live owners' uids, and with a made-up uid where the owner does not exist.
Result<LoadReport> LoadJsonl(kube::Client& client, const std::vector<std::filesystem::path>& files,
                             const LoadOptions& options = {});

// Deletes what each line names (apiVersion, kind, name, namespace), in order. What is gone already
// is no error; what has finalizers stays, terminating.
Status DeleteJsonl(kube::Client& client, const std::filesystem::path& file);

// Makes the changes of each line, in order: {"op": "delete", ...}, {"op": "merge-patch", "patch":
// ...},
// {"op": "create", "object": ...}. The patch "add-version-v2" of a CRD gives it a copy of its
// version v1 named v2, which becomes the storage version.
Status ApplyDriftJsonl(kube::Client& client, const std::filesystem::path& file);

}  // namespace holdfast::testbed
