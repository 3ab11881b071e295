#include "restore/special_cases.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <set>

#include "base/json_canonical.h"
#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "restore/crd_repair.h"

namespace holdfast::restore {
namespace {

constexpr std::string_view kForceDeploy = "io.cattle.agent.force.deploy";
constexpr std::string_view kPreserve = "x-kubernetes-preserve-unknown-fields";

std::string_view GenerationField(Special special) {
  return special == Special::kFleetCluster ? "redeployAgentGeneration"
                                           : "redeploySystemAgentGeneration";
}

// Decimal digits plus or minus one, of any length.
std::string AddOne(std::string digits) {
  size_t i = digits.size();
  while (i > 0 && digits[i - 1] == '9') digits[--i] = '0';
  if (i == 0) return "1" + digits;
  ++digits[i - 1];
  return digits;
}
std::string SubtractOne(std::string digits) {
  size_t i = digits.size();
  while (i > 0 && digits[i - 1] == '0') digits[--i] = '9';
  if (i > 0) --digits[i - 1];
  size_t zeros = std::min(digits.find_first_not_of('0'), digits.size() - 1);
  return digits.substr(zeros);
}

std::string RaiseGeneration(std::string object, std::string_view field,
                            std::vector<std::string>& notes) {
  std::optional<std::string_view> spec = json::Find(object, {"spec"});
  if (spec && json::TypeOf(*spec) != json::Type::kObject) {
    notes.push_back("spec is not an object: spec." + std::string(field) + " was not raised");
    return object;
  }
  std::optional<std::string_view> old = json::Find(object, {"spec", field});
  std::optional<std::string> raised = old ? Increment(*old) : std::optional<std::string>("1");
  if (!raised) {
    notes.push_back("spec." + std::string(field) + " is not a number and was not raised");
    return object;
  }
  return json::SetPath(object, {"spec", field}, *raised);
}

bool IsTrue(std::optional<std::string_view> value) {
  return value && json::TypeOf(*value) == json::Type::kTrue;
}

// What preserveUnknownFields: true meant, said in the version's own schema.
std::string PreserveInSchema(std::string_view version, bool replace) {
  std::string all = "{\"type\":\"object\",\"" + std::string(kPreserve) + "\":true}";
  std::optional<std::string_view> schema = json::Find(version, {"schema", "openAPIV3Schema"});
  if (replace || !schema || json::TypeOf(*schema) != json::Type::kObject)
    return json::SetPath(version, {"schema", "openAPIV3Schema"}, all);
  std::string kept = json::SetKey(*schema, kPreserve, "true");
  if (!json::Find(kept, {"type"})) kept = json::SetKey(kept, "type", "\"object\"");
  return json::SetPath(version, {"schema", "openAPIV3Schema"}, kept);
}

}  // namespace

std::optional<std::string> Increment(std::string_view number) {
  if (json::TypeOf(number) != json::Type::kNumber) return std::nullopt;
  if (number.find_first_of("eE") != std::string_view::npos) {
    double value = 0;
    auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error != std::errc() || !(std::fabs(value) < 9.2e18)) return std::nullopt;
    return std::to_string(static_cast<long long>(value) + 1);
  }
  bool negative = number.front() == '-';
  std::string digits(number.substr(negative ? 1 : 0));
  digits.resize(std::min(digits.find('.'), digits.size()));
  if (!negative || digits == "0") return AddOne(digits);
  std::string less = SubtractOne(digits);
  return less == "0" ? "0" : "-" + less;
}

std::string ApplyIncrement(Special special, std::string object, std::vector<std::string>& notes) {
  switch (special) {
    case Special::kFleetCluster:
    case Special::kProvisioningCluster:
      return RaiseGeneration(std::move(object), GenerationField(special), notes);
    case Special::kManagementCluster: {
      std::string changed =
          json::SetPath(object, {"metadata", "annotations", kForceDeploy}, "\"true\"");
      if (json::FindString(changed, {"metadata", "annotations", kForceDeploy}) != "true")
        notes.push_back("metadata.annotations is not an object: " + std::string(kForceDeploy) +
                        " was not set");
      return changed;
    }
    default: return object;
  }
}

IncrementState CompareIncrement(Special special, std::string_view archived, std::string_view live) {
  std::vector<std::string> notes;
  std::string written = ApplyIncrement(special, std::string(archived), notes);
  auto value = [&](std::string_view object) {
    auto found = special == Special::kManagementCluster
                     ? json::Find(object, {"metadata", "annotations", kForceDeploy})
                     : json::Find(object, {"spec", GenerationField(special)});
    return found ? json::Canonical(*found) : std::string("null");  // null is stored as nothing
  };
  std::string live_value = value(live);
  if (live_value == value(written)) return IncrementState::kDone;
  return live_value == value(archived) ? IncrementState::kPending : IncrementState::kOther;
}

Result<std::string> MergeCrd(std::string object, std::string_view live, bool replace_schemas,
                             std::vector<std::string>& kept) {
  object = WithoutVoidCaBundle(std::move(object), live);
  std::optional<std::string_view> found = json::Find(object, {"spec"});
  if (!found || json::TypeOf(*found) != json::Type::kObject)
    return Fail(ErrorKind::kInvalid, "the CustomResourceDefinition has no spec");
  std::string spec(*found);
  std::optional<std::string_view> versions = json::Find(spec, {"versions"});
  if (!versions || json::TypeOf(*versions) != json::Type::kArray)
    return Fail(ErrorKind::kInvalid, "the CustomResourceDefinition has no spec.versions");

  std::optional<std::string_view> preserve = json::Find(spec, {"preserveUnknownFields"});
  bool preserves = IsTrue(preserve);
  std::set<std::string> names;
  std::string merged = "[";
  auto append = [&](std::string_view version) {
    if (merged.size() > 1) merged += ',';
    merged += version;
  };
  for (json::ArrayReader reader(*versions); auto version = reader.Next();) {
    names.insert(json::FindString(*version, {"name"}).value_or(""));
    append(preserves ? PreserveInSchema(*version, replace_schemas) : std::string(*version));
  }
  bool changed = preserves;
  if (auto live_versions = json::Find(live, {"spec", "versions"})) {
    for (json::ArrayReader reader(*live_versions); auto version = reader.Next();) {
      std::string name = json::FindString(*version, {"name"}).value_or("");
      if (!names.insert(name).second) continue;
      append(json::SetKey(*version, "storage", "false"));
      kept.push_back(name);
      changed = true;
    }
  }
  merged += ']';
  if (changed) spec = json::SetKey(spec, "versions", merged);
  // False is the default, which the server does not store.
  if (preserve) spec = json::RemoveKeys(spec, {"preserveUnknownFields"});
  if (!changed && !preserve) return object;
  return json::SetKey(object, "spec", spec);
}

}  // namespace holdfast::restore
