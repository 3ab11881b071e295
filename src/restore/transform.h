// From the archived text of an object to the text that is sent: pure functions on bytes. Numbers
// and everything not named here stay as they were written.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/types.h"
#include "restore/comparable.h"
#include "restore/field_rules.h"
#include "restore/index.h"

namespace holdfast::restore {

// The rule by which the object is never written, kNone for most (spec 7.9). `object` is the
// archived text. A custom resource whose plural happens to be `secrets` or `deployments` is no
// special case.
SkipRule SkipRuleOf(const kube::GroupVersion& gv, std::string_view plural, std::string_view ns,
                    std::string_view name, std::string_view object);

// What becomes of one element of metadata.ownerReferences.
struct OwnerWrite {
  bool keep = false;
  std::string uid;  // of the live owner; with keep
};

struct TransformInput {
  Special special = Special::kNone;
  // One for each element of ownerReferences, in order; missing ones are dropped. With no element
  // left the member is left out.
  std::span<const OwnerWrite> owners;
  // uid for the annotation of a token Secret; empty: as archived.
  std::string_view token_account_uid;
  // For an update: the live object's; empty for a create.
  std::string_view resource_version;
  // For an update: text of the live object where there are fields to be kept (CRDs, Jobs, and what
  // UpdateNeedsLive() names). Empty for a create.
  std::string_view live;
  // This run creates the account of a token Secret, and its uid is not known yet.
  bool token_account_made_anew = false;
  // For a create; may be null.
  References* references = nullptr;
  LeftFields left;
  // The type has a status subresource: the body goes without status.
  bool drop_status = false;
  // Only after the server refused them.
  bool drop_managed_fields = false;
  // Only after the server refused the archived schemas of a CRD that had preserveUnknownFields:
  // true.
  bool replace_crd_schemas = false;
  // Leave the increments of clusters (spec 7.9) out.
  bool without_increment = false;
};

struct TransformResult {
  std::string body;
  std::vector<std::string> kept_crd_versions;  // live ones added to the archive's CRD
  std::vector<std::string> notes;              // what else the reader should know
};

// The body of a create (POST) or update (PUT). kInvalid, without the object's name, when the object
// has not the shape it must have (a CRD without spec.versions).
Result<TransformResult> Transform(std::string_view archived, const TransformInput& input);

// The body of PUT …/status: what the main write returned, with the archive's status.
std::string WithStatus(std::string_view returned, std::string_view archived);

// `number` + 1 as the operator counts: an integer of any size exactly; a fraction is cut off first
// (2.5 gives 3). None when it is not a number.
std::optional<std::string> Increment(std::string_view number);

}  // namespace holdfast::restore
