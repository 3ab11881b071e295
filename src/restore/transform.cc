#include "restore/transform.h"

#include <cctype>

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "restore/crd_repair.h"
#include "restore/job_fields.h"
#include "restore/special_cases.h"

namespace holdfast::restore {
namespace {

bool IsTrueOrTrueText(std::optional<std::string_view> value) {
  if (!value) return false;
  if (json::TypeOf(*value) == json::Type::kTrue) return true;
  return json::TypeOf(*value) == json::Type::kString && json::StringOf(*value) == "true";
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
    default: return SkipRule::kNone;
  }
}

Result<TransformResult> Transform(std::string_view archived, const TransformInput& input) {
  TransformResult result;
  std::optional<std::string_view> metadata = json::Find(archived, {"metadata"});
  if (!metadata || json::TypeOf(*metadata) != json::Type::kObject)
    return Fail(ErrorKind::kInvalid, "the object has no metadata");
  std::string object = json::SetKey(archived, "metadata", WriteMetadata(*metadata, input));
  if (input.special == Special::kServiceAccount) object = json::RemoveKeys(object, {"secrets"});
  if (input.special == Special::kJob) {
    object = input.live_job.empty() ? JobToCreate(object) : JobToUpdate(object, input.live_job);
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
    HF_ASSIGN(object, MergeCrd(std::move(object), input.live_crd, input.replace_crd_schemas,
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
