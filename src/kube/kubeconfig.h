// Kubeconfig files: the format of kubectl
// (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/config_data.h"

namespace holdfast::kube {

// Text of one file and where it lay; relative paths in it are relative to its folder.
struct KubeconfigText {
  std::filesystem::path file;
  std::string text;
};

// The files merged: of several clusters, users or contexts of one name the first counts, and so
// does the first current-context. `context` empty: the current-context. Reads the certificate files
// that are named. nullopt when the files name no context at all and none is asked for (an empty
// file). Errors (kInvalid) name the file, the entry and the field.
Result<std::optional<ClientConfig::Data>> ResolveKubeconfig(
    const std::vector<KubeconfigText>& files, std::string_view context);

}  // namespace holdfast::kube
