#include "restore/volume_fields.h"

#include <optional>
#include <utility>

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"

namespace holdfast::restore {
namespace {

std::optional<std::string_view> ClaimRef(std::string_view volume) {
  auto found = json::Find(volume, {"spec", "claimRef"});
  if (!found || json::TypeOf(*found) != json::Type::kObject) return std::nullopt;
  return found;
}

std::string TextAt(std::string_view object, std::initializer_list<std::string_view> path) {
  return json::FindString(object, path).value_or("");
}

// "namespace/name"; empty: bound to none and reserved for none.
std::string ClaimName(std::string_view volume) {
  auto claim = ClaimRef(volume);
  return claim ? TextAt(*claim, {"namespace"}) + "/" + TextAt(*claim, {"name"}) : std::string();
}

// The claim that it was bound to is gone. Only in these phases does the uid in claimRef mean
// nothing any more.
bool IsReleased(std::string_view volume) {
  std::string phase = TextAt(volume, {"status", "phase"});
  return phase == "Released" || phase == "Failed";
}

bool IsBound(std::string_view volume) {
  return !TextAt(volume, {"spec", "claimRef", "uid"}).empty() && !IsReleased(volume);
}

std::string Reserved(std::string volume) {
  volume = json::RemovePath(volume, {"spec", "claimRef", "uid"});
  return json::RemovePath(volume, {"spec", "claimRef", "resourceVersion"});
}

}  // namespace

std::string ComparedVolume(std::string_view volume) {
  return json::RemovePath(volume, {"spec", "claimRef"});
}

FieldDifference LookAtVolume(std::string_view archived, std::string_view live) {
  FieldDifference out;
  std::string was = ClaimName(archived), is = ClaimName(live);
  if (IsBound(live)) {
    if (is != was)
      out.left = "spec.claimRef: the volume is bound to the claim " + is + ", archived " +
                 (was.empty() ? "none" : was);
    return out;
  }
  // One that was released already when it was backed up stays so.
  if (IsReleased(live)) {
    out.must_write = !IsReleased(archived);
  } else {
    out.must_write = is != was;
  }
  return out;
}

Result<std::string> VolumeToCreate(std::string volume, References* references) {
  auto claim = ClaimRef(volume);
  if (!claim) return volume;
  std::string uid;
  if (references != nullptr) {
    auto live = references->Get("persistentvolumeclaims", TextAt(*claim, {"namespace"}),
                                TextAt(*claim, {"name"}));
    if (!live && live.error().kind() == ErrorKind::kCancelled) return Fail(std::move(live).error());
    // A claim that is being deleted, or has another volume, does not come back to this one.
    if (live && *live &&
        TextAt(**live, {"spec", "volumeName"}) == TextAt(volume, {"metadata", "name"}) &&
        !json::Find(**live, {"metadata", "deletionTimestamp"}))
      uid = TextAt(**live, {"metadata", "uid"});
  }
  volume = Reserved(std::move(volume));
  if (!uid.empty()) volume = json::SetPath(volume, {"spec", "claimRef", "uid"}, json::Quote(uid));
  return volume;
}

std::string VolumeToUpdate(std::string volume, std::string_view live) {
  if (!IsBound(live)) return Reserved(std::move(volume));
  return json::SetPath(volume, {"spec", "claimRef"}, *ClaimRef(live));
}

FieldDifference LookAtClaim(std::string_view archived, std::string_view live) {
  FieldDifference out;
  std::string was = TextAt(archived, {"spec", "volumeName"});
  std::string is = TextAt(live, {"spec", "volumeName"});
  if (!was.empty() && !is.empty() && was != is)
    out.left = "spec.volumeName: the claim has the volume " + is + ", archived " + was;
  return out;
}

Result<std::string> ClaimToCreate(std::string claim, References* references,
                                  std::vector<std::string>& notes) {
  std::string name = TextAt(claim, {"spec", "volumeName"});
  if (name.empty() || references == nullptr) return claim;
  auto volume = references->Get("persistentvolumes", "", name);
  if (!volume && volume.error().kind() == ErrorKind::kCancelled)
    return Fail(std::move(volume).error());
  if (!volume) return claim;
  std::string self =
      TextAt(claim, {"metadata", "namespace"}) + "/" + TextAt(claim, {"metadata", "name"});
  if (!*volume) {
    if (references->InArchive("persistentvolumes", "", name)) return claim;
    notes.push_back("spec.volumeName is left out: the volume " + name +
                    " is neither in the archive nor in the cluster; the claim gets another one");
    return json::RemovePath(claim, {"spec", "volumeName"});
  }
  std::string holder = ClaimName(**volume);
  if (!holder.empty() && holder != self && IsBound(**volume))
    notes.push_back("its volume " + name + " is bound to the claim " + holder +
                    "; this claim stays pending until it is freed");
  else if (holder == self && !TextAt(**volume, {"spec", "claimRef", "uid"}).empty())
    notes.push_back("its volume " + name + " is held for an earlier claim of that name; remove " +
                    "spec.claimRef.uid from the volume to let this one have it");
  return claim;
}

std::string ComparedSnapshotContent(std::string_view original) {
  std::string content = json::RemovePath(original, {"spec", "volumeSnapshotRef", "uid"});
  return json::RemovePath(content, {"spec", "volumeSnapshotRef", "resourceVersion"});
}

std::string SnapshotContentToCreate(std::string content) {
  return ComparedSnapshotContent(content);
}

std::string SnapshotContentToUpdate(std::string content, std::string_view live) {
  content = ComparedSnapshotContent(content);
  for (std::string_view key : {"uid", "resourceVersion"}) {
    auto value = json::Find(live, {"spec", "volumeSnapshotRef", key});
    if (value) content = json::SetPath(content, {"spec", "volumeSnapshotRef", key}, *value);
  }
  return content;
}

}  // namespace holdfast::restore
