#include "etcd/kube_object.h"

#include <algorithm>

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "crypto/base64.h"

namespace holdfast::etcd {
namespace {

constexpr std::string_view kProtobufMark("k8s\0", 4);

// Resources that lie under another name than their plural.
constexpr std::pair<std::string_view, std::string_view> kOldNames[] = {
    {"nodes", "minions"},
    {"services", "services/specs"},
    {"endpoints", "services/endpoints"},
    {"replicationcontrollers", "controllers"},
    {"ingresses", "ingress"},
    {"podsecuritypolicies", "podsecuritypolicy"}};

}  // namespace

KubeResource ParseResource(std::string_view text) {
  size_t dot = text.find('.');
  if (dot == std::string_view::npos) return {std::string(text), ""};
  return {std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
}

std::vector<std::string> FoldersOf(const KubeResource& resource) {
  std::vector<std::string> folders;
  bool custom_group = resource.group.find('.') != std::string::npos;
  if (custom_group) folders.push_back(resource.group + "/" + resource.plural);
  // Groups of built-in types have no dot, or end in k8s.io as those of some custom ones do.
  if (custom_group && !resource.group.ends_with(".k8s.io")) return folders;
  if (resource.group.empty() && resource.plural == "customresourcedefinitions")
    folders.push_back("apiextensions.k8s.io/customresourcedefinitions");
  if (resource.group.empty() && resource.plural == "apiservices")
    folders.push_back("apiregistration.k8s.io/apiservices");
  auto old = std::find_if(std::begin(kOldNames), std::end(kOldNames),
                          [&](const auto& pair) { return pair.first == resource.plural; });
  folders.emplace_back(old == std::end(kOldNames) ? resource.plural : std::string(old->second));
  return folders;
}

std::optional<ObjectKey> ParseObjectKey(std::string_view prefix, std::string_view folder,
                                        std::string_view key) {
  for (std::string_view part : {prefix, std::string_view("/"), folder, std::string_view("/")}) {
    if (!key.starts_with(part)) return std::nullopt;
    key.remove_prefix(part.size());
  }
  size_t slash = key.find('/');
  ObjectKey object{.folder = folder, .ns = {}, .name = key};
  if (slash != std::string_view::npos) {
    object.ns = key.substr(0, slash);
    object.name = key.substr(slash + 1);
  }
  if (object.name.empty() || object.name.find('/') != std::string_view::npos) return std::nullopt;
  return object;
}

ValueForm FormOf(std::string_view value) {
  if (value.starts_with('{')) return ValueForm::kJson;
  if (value.starts_with(kProtobufMark)) return ValueForm::kProtobuf;
  if (value.starts_with("k8s:enc:")) return ValueForm::kEncrypted;
  return ValueForm::kUnknown;
}

Result<std::string> Decrypt(const crypto::Transformers& keys, const KubeResource& resource,
                            std::string_view key, std::string_view value) {
  if (FormOf(value) != ValueForm::kEncrypted) return std::string(value);
  // An archive holds the same bytes, base64 between quotes; its context is there what the etcd key
  // is here.
  std::string entry(crypto::Base64Size(value.size()) + 2, '"');
  crypto::Base64Encode(value.data(), value.size(), entry.data() + 1);
  return keys.DecryptEntry(resource.plural, resource.group, key, entry);
}

Result<DecodedObject> ToJson(std::string_view plain, int64_t mod_revision) {
  std::string revision = std::to_string(mod_revision);
  switch (FormOf(plain)) {
    case ValueForm::kJson: break;
    case ValueForm::kProtobuf: return ProtobufToJson(plain, revision);
    default: return Fail(ErrorKind::kCorrupt, "the value is no Kubernetes object");
  }
  while (!plain.empty() && plain.back() == '\n') plain.remove_suffix(1);
  HF_TRY(json::Validate(plain));
  return DecodedObject{json::SetPath(plain, {"metadata", "resourceVersion"}, json::Quote(revision)),
                       {}};
}

}  // namespace holdfast::etcd
