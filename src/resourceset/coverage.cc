#include "resourceset/coverage.h"

#include <algorithm>
#include <cctype>

#include "base/json_text.h"
#include "resourceset/builtin_types.h"
#include "resourceset/document.h"
#include "resourceset/matcher.h"
#include "resourceset/regexp.h"

namespace holdfast::resourceset {
namespace {

constexpr const char* kNoNamespace =
    "namespace filter not checked (use --namespace to specify one)";
constexpr const char* kNoLabels =
    "label selector not checked (use --resource-path to include labels)";
constexpr const char* kNoFields = "field selector not checked (requires live cluster)";

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

// By kind or plural; `api_version` empty: the first that has it.
const BuiltinType* FindBuiltin(std::string_view api_version, std::string_view kind) {
  const std::string wanted = Lower(kind);
  for (const BuiltinType& type : BuiltinTypes()) {
    if (!api_version.empty() && type.api_version != api_version) continue;
    if (Lower(type.kind) == wanted || type.plural == wanted) return &type;
  }
  return nullptr;
}

// Under which names selectors may ask for the kind.
std::vector<std::string> Names(std::string_view kind, const BuiltinType* builtin) {
  std::vector<std::string> names = {std::string(kind), Lower(kind), Lower(kind) + "s"};
  if (builtin != nullptr) {
    names.emplace_back(builtin->plural);
    names.emplace_back(builtin->kind);
  }
  return names;
}

bool Lists(const std::vector<std::string>& kinds, const std::vector<std::string>& names) {
  return std::any_of(kinds.begin(), kinds.end(), [&](const std::string& kind) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return Lower(kind) == Lower(name); });
  });
}

Result<bool> WantsKind(const Selector& selector, const std::vector<std::string>& names) {
  if (Lists(selector.exclude_kinds, names)) return false;
  if (selector.kinds.empty() && selector.kinds_regexp.empty()) return true;
  if (Lists(selector.kinds, names)) return true;
  if (selector.kinds_regexp.empty()) return false;
  HF_ASSIGN(Regexp pattern, Regexp::Compile(selector.kinds_regexp));
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return pattern.Matches(name); });
}

std::string ObjectText(const ResourceFacts& facts) {
  std::string text = "{\"metadata\":{\"name\":" + json::Quote(facts.name);
  if (!facts.ns.empty()) text += ",\"namespace\":" + json::Quote(facts.ns);
  if (!facts.labels.empty()) text += ",\"labels\":" + facts.labels;
  return text + "}}";
}

kube::ResourceType TypeOf(const BuiltinType& builtin) {
  kube::ResourceType type;
  if (auto gv = kube::GroupVersion::Parse(builtin.api_version)) type.gv = *gv;
  type.plural = builtin.plural;
  type.kind = builtin.kind;
  type.namespaced = builtin.namespaced;
  return type;
}

}  // namespace

std::string ResourceFacts::ToString() const {
  return (api_version.empty() ? "" : api_version + " ") + (ns.empty() ? "" : ns + "/") + kind +
         "/" + name;
}

Result<ResourceFacts> ParseKindAndName(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == text.size() ||
      text.find('/', slash + 1) != std::string_view::npos) {
    return Fail(ErrorKind::kInvalid,
                "--resource must be in kind/name format (e.g. Deployment/my-app), got \"" +
                    std::string(text) + "\"");
  }
  ResourceFacts facts;
  facts.kind = text.substr(0, slash);
  facts.name = text.substr(slash + 1);
  return facts;
}

Result<ResourceFacts> ParseManifest(std::string_view text, std::string_view source_name) {
  auto fail = [&](const std::string& what) {
    return Fail(ErrorKind::kInvalid, std::string(source_name) + ": " + what);
  };
  HF_ASSIGN(auto documents, ParseYamlOf(text, source_name));
  std::erase_if(documents,
                [](const Document& document) { return document.root->kind == NodeKind::kNull; });
  if (documents.size() > 1) return fail("holds more than one object; one is needed");
  const Node* root = documents.empty() ? nullptr : documents.front().root;
  ResourceFacts facts;
  facts.api_version = TextAt(root, "apiVersion");
  facts.kind = TextAt(root, "kind");
  if (facts.kind.empty()) return fail("missing 'kind' field");
  const Node* metadata = root->Find("metadata");
  facts.name = TextAt(metadata, "name");
  if (facts.name.empty()) return fail("missing 'metadata.name' field");
  facts.ns = TextAt(metadata, "namespace");
  const Node* labels = metadata->Find("labels");
  if (labels != nullptr && labels->kind == NodeKind::kMap && !labels->entries.empty())
    AppendJson(facts.labels, *labels);
  return facts;
}

std::string_view InferApiVersion(std::string_view kind) {
  const BuiltinType* builtin = FindBuiltin("", kind);
  if (builtin == nullptr && !kind.empty()) builtin = FindBuiltin("", Lower(kind) + "s");
  return builtin == nullptr ? std::string_view() : builtin->api_version;
}

Result<std::vector<Coverage>> FindCoverage(const std::vector<RenderedSet>& sets,
                                           const ResourceFacts& given) {
  ResourceFacts facts = given;
  if (facts.api_version.empty()) facts.api_version = InferApiVersion(facts.kind);
  const BuiltinType* builtin =
      facts.api_version.empty() ? nullptr : FindBuiltin(facts.api_version, facts.kind);
  const bool cluster_scoped = builtin != nullptr && !builtin->namespaced;
  const std::vector<std::string> names = Names(facts.kind, builtin);
  const std::string object = ObjectText(facts);
  kube::ResourceType type;
  type.kind = facts.kind;
  type.namespaced = !facts.ns.empty() && !cluster_scoped;

  std::vector<Coverage> found;
  for (size_t s = 0; s < sets.size(); ++s) {
    for (const Selector& selector : sets[s].set.selectors) {
      if (!facts.api_version.empty() && selector.api_version != facts.api_version) continue;
      HF_ASSIGN(bool wanted, WantsKind(selector, names));
      if (!wanted) continue;
      Coverage coverage{s, selector.index, {}};
      Selector checked = selector;
      if (facts.ns.empty() && !cluster_scoped &&
          !(selector.namespaces.empty() && selector.namespace_regexp.empty()))
        coverage.caveats.push_back(kNoNamespace);
      if (facts.labels.empty() && !selector.label_selectors.empty()) {
        checked.label_selectors = {};
        coverage.caveats.push_back(kNoLabels);
      }
      if (!selector.field_selectors.empty()) coverage.caveats.push_back(kNoFields);
      HF_ASSIGN(auto matcher, Matcher::Compile(checked));
      if (!matcher->Takes(type, ObjectView(object), false)) continue;
      if (builtin != nullptr && !matcher->WantsType(TypeOf(*builtin))) {
        coverage.caveats.push_back("a backup asks for " + std::string(builtin->kind) + " or " +
                                   std::string(builtin->plural) +
                                   ", which this rule does not take");
      }
      found.push_back(std::move(coverage));
    }
  }
  return found;
}

}  // namespace holdfast::resourceset
