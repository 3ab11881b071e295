#include "restore/pod_fields.h"

#include <optional>
#include <utility>

#include "base/json_canonical.h"
#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"

namespace holdfast::restore {
namespace {

constexpr std::string_view kAccessVolume = "kube-api-access-";
constexpr std::string_view kTokenMount = "/var/run/secrets/kubernetes.io/serviceaccount";

std::string NameIn(std::string_view object) {
  return json::FindString(object, {"name"}).value_or("");
}

// The volume with the account's bound token that admission adds; empty: none.
std::string AccessVolumeOf(std::string_view pod) {
  auto volumes = json::Find(pod, {"spec", "volumes"});
  if (!volumes) return {};
  for (json::ArrayReader reader(*volumes); auto volume = reader.Next();) {
    std::string name = NameIn(*volume);
    if (name.starts_with(kAccessVolume) && json::Find(*volume, {"projected"})) return name;
  }
  return {};
}

std::string ReplaceAll(std::string text, const std::string& from, const std::string& to) {
  if (from.empty() || from == to) return text;
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

// The name stands in the volume and in its mounts. Its random end makes it unlike any other text.
std::string RenameAccessVolume(std::string pod, const std::string& to) {
  std::string from = AccessVolumeOf(pod);
  auto spec = json::Find(pod, {"spec"});
  if (from.empty() || !spec) return pod;
  std::string renamed = ReplaceAll(std::string(*spec), json::Quote(from), json::Quote(to));
  return json::SetKey(pod, "spec", renamed);
}

// The array without the elements that `drop` takes.
template <typename Drop>
std::string WithoutElements(std::string_view array, const Drop& drop) {
  std::string out = "[";
  for (json::ArrayReader reader(array); auto element = reader.Next();) {
    if (drop(*element)) continue;
    if (out.size() > 1) out += ',';
    out += *element;
  }
  return out + "]";
}

std::string WithoutMount(std::string_view containers, const std::string& volume) {
  std::string out = "[";
  for (json::ArrayReader reader(containers); auto container = reader.Next();) {
    if (out.size() > 1) out += ',';
    auto mounts = json::Find(*container, {"volumeMounts"});
    if (!mounts) {
      out += *container;
      continue;
    }
    std::string left =
        WithoutElements(*mounts, [&](std::string_view mount) { return NameIn(mount) == volume; });
    out += left == "[]" ? json::RemoveKeys(*container, {"volumeMounts"})
                        : json::SetKey(*container, "volumeMounts", left);
  }
  return out + "]";
}

bool MountsToken(std::string_view pod, const std::string& volume) {
  auto containers = json::Find(pod, {"spec", "containers"});
  if (!containers) return false;
  for (json::ArrayReader reader(*containers); auto container = reader.Next();) {
    auto mounts = json::Find(*container, {"volumeMounts"});
    if (!mounts) continue;
    for (json::ArrayReader each(*mounts); auto mount = each.Next();)
      if (NameIn(*mount) == volume && json::FindString(*mount, {"mountPath"}) == kTokenMount)
        return true;
  }
  return false;
}

// Volumes "ACCOUNT-token-xxxxx" of the Secret of the same name, mounted where tokens are: clusters
// before 1.24 added them. Empty: none.
std::string TokenSecretVolumeOf(std::string_view pod) {
  auto volumes = json::Find(pod, {"spec", "volumes"});
  if (!volumes) return {};
  std::string prefix =
      json::FindString(pod, {"spec", "serviceAccountName"}).value_or("default") + "-token-";
  for (json::ArrayReader reader(*volumes); auto volume = reader.Next();) {
    std::string name = NameIn(*volume);
    if (name.starts_with(prefix) && json::FindString(*volume, {"secret", "secretName"}) == name &&
        MountsToken(pod, name))
      return name;
  }
  return {};
}

std::string WithoutVolume(std::string pod, const std::string& name) {
  auto volumes = json::Find(pod, {"spec", "volumes"});
  if (name.empty() || !volumes) return pod;
  pod = json::SetPath(
      pod, {"spec", "volumes"},
      WithoutElements(*volumes, [&](std::string_view volume) { return NameIn(volume) == name; }));
  for (std::string_view key : {"containers", "initContainers"})
    if (auto containers = json::Find(pod, {"spec", key}))
      pod = json::SetPath(pod, {"spec", key}, WithoutMount(*containers, name));
  return pod;
}

}  // namespace

bool IsMirrorPod(std::string_view pod) {
  return json::Find(pod, {"metadata", "annotations", "kubernetes.io/config.mirror"}).has_value();
}

std::string ComparedPod(std::string_view original) {
  std::string pod = WithoutVolume(std::string(original), AccessVolumeOf(original));
  pod = WithoutVolume(std::move(pod), TokenSecretVolumeOf(pod));
  auto volumes = json::Find(pod, {"spec", "volumes"});
  bool none = volumes && !json::ArrayReader(*volumes).Next();
  return none ? json::RemovePath(pod, {"spec", "volumes"}) : pod;
}

Result<std::string> PodToCreate(std::string pod, References* references,
                                std::vector<std::string>& notes) {
  if (auto containers = json::Find(pod, {"spec", "ephemeralContainers"})) {
    if (json::ArrayReader(*containers).Next())
      notes.push_back(
          "spec.ephemeralContainers are left out: they can only be added to a Pod "
          "that runs");
    pod = json::RemovePath(pod, {"spec", "ephemeralContainers"});
  }
  std::string node = json::FindString(pod, {"spec", "nodeName"}).value_or("");
  if (!node.empty() && references != nullptr) {
    auto live = references->Get("nodes", "", node);
    if (!live && live.error().kind() == ErrorKind::kCancelled) return Fail(std::move(live).error());
    if (live && !*live) {
      pod = json::RemovePath(pod, {"spec", "nodeName"});
      notes.push_back("spec.nodeName is left out: the cluster has no node " + node);
    }
  }
  if (std::string volume = TokenSecretVolumeOf(pod); !volume.empty()) {
    pod = WithoutVolume(std::move(pod), volume);
    notes.push_back("the volume " + volume +
                    " with the token of an earlier account is left out: the server adds one");
  }
  return pod;
}

std::string PodToUpdate(std::string pod, std::string_view live) {
  auto spec = [](std::string_view text) {
    std::string compared = *ComparedFields(Special::kPod, text);
    return json::Canonical(json::Find(compared, {"spec"}).value_or("null"));
  };
  auto live_spec = json::Find(live, {"spec"});
  if (live_spec && spec(pod) == spec(live)) return json::SetKey(pod, "spec", *live_spec);
  std::string name = AccessVolumeOf(live);
  return name.empty() ? pod : RenameAccessVolume(std::move(pod), name);
}

}  // namespace holdfast::restore
