#include "restore/entry_facts.h"

#include <algorithm>
#include <cctype>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "restore/live.h"
#include "restore/transform.h"

namespace holdfast::restore {
namespace {

bool IsObject(std::optional<std::string_view> value) {
  return value && json::TypeOf(*value) == json::Type::kObject;
}
bool IsAbsent(std::optional<std::string_view> value) {
  return !value || json::TypeOf(*value) == json::Type::kNull;
}

tl::unexpected<Error> Corrupt(std::string message) {
  return Fail(Error(ErrorKind::kCorrupt, std::move(message))
                  .Hint("the archive is damaged or was changed by hand; take another one"));
}

std::string Quoted(std::string_view text) { return "\"" + std::string(text.substr(0, 300)) + "\""; }

// A string member that, where present, must be what the path says.
Status CheckText(std::string_view what, std::optional<std::string_view> value,
                 const std::string& expected, bool required) {
  if (IsAbsent(value)) {
    if (required) return Corrupt(std::string(what) + " is missing");
    return {};
  }
  if (json::TypeOf(*value) != json::Type::kString)
    return Corrupt(std::string(what) + " is not a string");
  std::string text = json::StringOf(*value);
  if (text != expected)
    return Corrupt(std::string(what) + " is " + Quoted(text) + ", but by its path it is " +
                   Quoted(expected));
  return {};
}

bool EqualsIgnoringCase(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() &&
         std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return std::tolower(static_cast<unsigned char>(x)) == y;
         });
}

OwnerFacts ReadOwner(const Hasher& hasher, std::string_view reference) {
  OwnerFacts owner;
  owner.form = hasher.Hash64(OwnerForm(reference));
  auto gv = kube::GroupVersion::Parse(json::FindString(reference, {"apiVersion"}).value_or(""));
  owner.kind = json::FindString(reference, {"kind"}).value_or("");
  owner.name = json::FindString(reference, {"name"}).value_or("");
  owner.malformed = !gv || owner.kind.empty() || owner.name.empty();
  if (gv) owner.gv = std::move(*gv);
  owner.role = EqualsIgnoringCase(owner.kind, "globalrole") ||
               EqualsIgnoringCase(owner.kind, "roletemplate");
  return owner;
}

Status ReadOwners(const Hasher& hasher, std::string_view metadata,
                  std::vector<OwnerFacts>& owners) {
  std::optional<std::string_view> references = json::Find(metadata, {"ownerReferences"});
  if (IsAbsent(references)) return {};
  if (json::TypeOf(*references) != json::Type::kArray)
    return Corrupt("metadata.ownerReferences is not a list");
  for (json::ArrayReader reader(*references); auto reference = reader.Next();)
    owners.push_back(ReadOwner(hasher, *reference));
  if (owners.size() > UINT16_MAX - 1)
    return Corrupt("metadata.ownerReferences has too many elements");
  return {};
}

// A token Secret is bound to its account by the account's uid.
void ReadTokenAccount(std::string_view plain, std::vector<OwnerFacts>& owners) {
  if (json::FindString(plain, {"type"}) != "kubernetes.io/service-account-token") return;
  auto account =
      json::FindString(plain, {"metadata", "annotations", "kubernetes.io/service-account.name"});
  if (!account || account->empty()) return;
  OwnerFacts owner;
  owner.form = Live::kTokenForm;
  owner.gv = {"", "v1"};
  owner.kind = "ServiceAccount";
  owner.name = std::move(*account);
  owner.token = true;
  owners.push_back(std::move(owner));
}

Result<ArchivedCrd> ReadCrd(std::string_view plain) {
  std::optional<std::string_view> spec = json::Find(plain, {"spec"});
  if (!IsObject(spec)) return Corrupt("the CustomResourceDefinition has no spec");
  ArchivedCrd crd;
  crd.group = json::FindString(*spec, {"group"}).value_or("");
  crd.plural = json::FindString(*spec, {"names", "plural"}).value_or("");
  crd.kind = json::FindString(*spec, {"names", "kind"}).value_or("");
  crd.namespaced = json::FindString(*spec, {"scope"}) == "Namespaced";
  auto versions = json::Find(*spec, {"versions"});
  if (!versions) return crd;
  for (json::ArrayReader reader(*versions); auto version = reader.Next();) {
    auto served = json::Find(*version, {"served"});
    crd.versions.push_back({json::FindString(*version, {"name"}).value_or(""),
                            served && json::TypeOf(*served) == json::Type::kTrue,
                            IsObject(json::Find(*version, {"subresources", "status"}))});
  }
  return crd;
}

}  // namespace

Result<EntryFacts> ExamineEntry(const Hasher& hasher, const archive::EntryName& name,
                                std::string_view plain, std::string& scratch) {
  if (auto valid = json::Validate(plain); !valid) return Corrupt(valid.error().message());
  if (json::TypeOf(plain) != json::Type::kObject) return Corrupt("it is JSON, but not an object");
  std::optional<std::string_view> metadata = json::Find(plain, {"metadata"});
  if (!IsObject(metadata)) return Corrupt("the object has no metadata");
  HF_TRY(CheckText("metadata.name", json::Find(*metadata, {"name"}), name.name, true));
  HF_TRY(CheckText("metadata.namespace", json::Find(*metadata, {"namespace"}), name.ns, false));
  HF_TRY(CheckText("apiVersion", json::Find(plain, {"apiVersion"}), name.ApiVersion(), false));

  kube::GroupVersion gv{name.group, name.version};
  Special special = SpecialOf(gv, name.plural);
  EntryFacts facts;
  facts.kind = json::FindString(plain, {"kind"}).value_or("");
  facts.forms = FormsOf(hasher, special, plain, scratch);
  facts.skip = SkipRuleOf(gv, name.plural, name.ns, name.name, plain);
  HF_TRY(ReadOwners(hasher, *metadata, facts.owners));
  if (special == Special::kSecret) ReadTokenAccount(plain, facts.owners);
  if (special == Special::kCrd) {
    HF_ASSIGN(facts.crd, ReadCrd(plain));
  }
  return facts;
}

}  // namespace holdfast::restore
