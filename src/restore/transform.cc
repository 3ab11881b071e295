#include "restore/transform.h"

#include <cctype>

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "restore/crd_repair.h"
#include "restore/job_fields.h"
#include "restore/pod_fields.h"
#include "restore/special_cases.h"

namespace holdfast::restore {
namespace {

bool IsTrueOrTrueText(std::optional<std::string_view> value) {
  if (!value) return false;
  if (json::TypeOf(*value) == json::Type::kTrue) return true;
  return json::TypeOf(*value) == json::Type::kString && json::StringOf(*value) == "true";
}

std::string LabelOf(std::string_view object, std::string_view key) {
  return json::FindString(object, {"metadata", "labels", key}).value_or("");
}

bool HasOwners(std::string_view object) {
  auto owners = json::Find(object, {"metadata", "ownerReferences"});
  return owners && json::ArrayReader(*owners).Next().has_value();
}

// The array with the owners' live uids, without those that are dropped; empty text: none is left.
std::string WriteOwners(std::string_view references, std::span<const OwnerWrite> owners) {
  std::string out;
  size_t i = 0;
  for (json::ArrayReader reader(references); auto reference = reader.Next(); ++i) {
    if (i >= owners.size() || !owners[i].keep) continue;
    out += out.empty() ? '[' : ',';
    out += json::SetKey(*reference, "uid", json::Quote(owners[i].uid));
  }
  if (!out.empty()) out += ']';
  return out;
}

std::string WriteMetadata(std::string_view metadata, const TransformInput& input) {
  // What the server sets itself, whatever made the archive (D12).
  std::string out =
      json::RemoveKeys(metadata, {"uid", "resourceVersion", "creationTimestamp", "generation",
                                  "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"});
  if (input.drop_managed_fields) out = json::RemoveKeys(out, {"managedFields"});
  if (auto references = json::Find(out, {"ownerReferences"})) {
    std::string written = WriteOwners(*references, input.owners);
    out = written.empty() ? json::RemoveKeys(out, {"ownerReferences"})
                          : json::SetKey(out, "ownerReferences", written);
  }
  if (!input.token_account_uid.empty())
    out = json::SetPath(out, {"annotations", "kubernetes.io/service-account.uid"},
                        json::Quote(input.token_account_uid));
  if (!input.resource_version.empty())
    out = json::SetKey(out, "resourceVersion", json::Quote(input.resource_version));
  return out;
}

}  // namespace

SkipRule SkipRuleOf(const kube::GroupVersion& gv, std::string_view plural, std::string_view ns,
                    std::string_view name, std::string_view object) {
  switch (SpecialOf(gv, plural)) {
    case Special::kRole:
      return IsTrueOrTrueText(json::Find(object, {"builtin"})) ? SkipRule::kBuiltinRole
                                                               : SkipRule::kNone;
    case Special::kSecret:
      return json::FindString(object, {"type"}) == "fleet.cattle.io/cluster-registration-values"
                 ? SkipRule::kRegistrationValues
                 : SkipRule::kNone;
    case Special::kDeployment: {
      bool rancher = name.ends_with("rancher") || name.ends_with("rancher-webhook");
      return ns == "cattle-system" && rancher ? SkipRule::kRancherDeployment : SkipRule::kNone;
    }
    case Special::kPod: return IsMirrorPod(object) ? SkipRule::kMirrorPod : SkipRule::kNone;
    case Special::kEndpoints:
      return LabelOf(object, "endpoints.kubernetes.io/managed-by") == "endpoint-controller"
                 ? SkipRule::kControllerEndpoints
                 : SkipRule::kNone;
    case Special::kEndpointSlice: {
      // The controller also adopts slices, but one that it makes has its Service as owner.
      std::string by = LabelOf(object, "endpointslice.kubernetes.io/managed-by");
      bool made = by == "endpointslice-controller.k8s.io" ||
                  by == "endpointslicemirroring-controller.k8s.io";
      return made && HasOwners(object) ? SkipRule::kControllerEndpoints : SkipRule::kNone;
    }
    case Special::kIpAddress:
      return LabelOf(object, "ipaddress.kubernetes.io/managed-by") == "ipallocator"
                 ? SkipRule::kAllocatedAddress
                 : SkipRule::kNone;
    case Special::kCertificateRequest: return SkipRule::kCertificateRequest;
    case Special::kApiService:
      return LabelOf(object, "kube-aggregator.kubernetes.io/automanaged").empty()
                 ? SkipRule::kNone
                 : SkipRule::kAutomaticApiService;
    default: return SkipRule::kNone;
  }
}

Result<TransformResult> Transform(std::string_view archived, const TransformInput& input) {
  TransformResult result;
  std::optional<std::string_view> metadata = json::Find(archived, {"metadata"});
  if (!metadata || json::TypeOf(*metadata) != json::Type::kObject)
    return Fail(ErrorKind::kInvalid, "the object has no metadata");
  std::string object = json::SetKey(archived, "metadata", WriteMetadata(*metadata, input));
  const bool create = input.live.empty();
  if (input.special == Special::kJob)
    object = create ? JobToCreate(object) : JobToUpdate(object, input.live);
  if (input.special == Special::kSecret) {
    std::string uid =
        json::FindString(archived, {"metadata", "annotations", "kubernetes.io/service-account.uid"})
            .value_or("");
    TokenAccount account{input.token_account_uid, input.token_account_made_anew, uid};
    object = create ? TokenToCreate(std::move(object), account, result.notes)
                    : TokenToUpdate(std::move(object), input.live, account);
  }
  if (create) {
    HF_ASSIGN(object, FieldsToCreate(input.special, std::move(object), input.references, input.left,
                                     result.notes));
  } else {
    object = FieldsToUpdate(input.special, std::move(object), input.live, input.left);
  }
  if (input.drop_status || input.special == Special::kCrd)
    object = json::RemoveKeys(object, {"status"});
  if (HasIncrement(input.special) && !input.without_increment)
    object = ApplyIncrement(input.special, std::move(object), result.notes);
  if (input.special == Special::kCrd) {
    if (HasVoidCaBundle(object)) {
      result.notes.push_back(
          "the caBundle of its conversion webhook is void, which the API server would refuse, and "
          "was left out; what serves the webhook must fill it in");
    }
    HF_ASSIGN(object, MergeCrd(std::move(object), input.live, input.replace_crd_schemas,
                               result.kept_crd_versions));
  }
  result.body = std::move(object);
  return result;
}

std::string WithStatus(std::string_view returned, std::string_view archived) {
  std::optional<std::string_view> status = json::Find(archived, {"status"});
  return status ? json::SetKey(returned, "status", *status) : std::string(returned);
}

}  // namespace holdfast::restore
