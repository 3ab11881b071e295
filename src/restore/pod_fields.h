// What admission, the scheduler and kubectl debug have put into a Pod.
// Source: kubernetes/kubernetes, plugin/pkg/admission/{priority,serviceaccount},
// pkg/registry/core/pod.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "restore/field_rules.h"

namespace holdfast::restore {

// A Pod that a node runs from a file of its own and shows in the API.
bool IsMirrorPod(std::string_view pod);

// Without the volumes of the account's token and their mounts.
std::string ComparedPod(std::string_view pod);
// Without a computed priority and ephemeral containers, which the server refuses; without a node
// that is not there, because the control plane deletes Pods of such; without the volume of a token
// Secret that clusters before 1.24 made.
Result<std::string> PodToCreate(std::string pod, References* references,
                                std::vector<std::string>& notes);
// With the live spec where it differs in nothing else, as the server lets hardly any of it be
// changed; else with the name that the token's volume has in `live`.
std::string PodToUpdate(std::string pod, std::string_view live);

}  // namespace holdfast::restore
