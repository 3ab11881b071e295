// How PersistentVolumes and their claims refer to each other. The control plane takes a volume
// whose spec.claimRef names the uid of a claim that is gone for released, and deletes it, and the
// data, when its reclaim policy is Delete; it takes a claim that says that it was bound, to a
// volume that is not bound to its uid, for lost.
// Source: kubernetes/kubernetes, pkg/controller/volume/persistentvolume.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "restore/field_rules.h"

namespace holdfast::restore {

std::string ComparedVolume(std::string_view volume);  // without spec.claimRef
FieldDifference LookAtVolume(std::string_view archived, std::string_view live);
// With the uid of the live claim that is bound to the volume by name, else with none: it is then
// reserved for the claim of that name. `references` may be null.
Result<std::string> VolumeToCreate(std::string volume, References* references);
// A claim that the live volume is bound to stays.
std::string VolumeToUpdate(std::string volume, std::string_view live);

FieldDifference LookAtClaim(std::string_view archived, std::string_view live);
// Without the name of a volume that is neither in the cluster nor in the archive.
Result<std::string> ClaimToCreate(std::string claim, References* references,
                                  std::vector<std::string>& notes);

// VolumeSnapshotContents of the snapshot controller (snapshot.storage.k8s.io), which deletes a
// snapshot whose spec.volumeSnapshotRef names another uid in the same way.
std::string ComparedSnapshotContent(std::string_view content);
std::string SnapshotContentToCreate(std::string content);
std::string SnapshotContentToUpdate(std::string content, std::string_view live);

}  // namespace holdfast::restore
