#include "resourceset/explain.h"

#include <algorithm>

#include "resourceset/fields.h"

namespace holdfast::resourceset {
namespace {

bool Has(std::span<const size_t> list, size_t index) {
  return std::find(list.begin(), list.end(), index) != list.end();
}

// The server's field selector of a selector; nullptr when it needs none.
const ServerFieldSelector* ServerPart(const TypeSelection* entry, size_t selector) {
  if (entry == nullptr) return nullptr;
  for (const ServerFieldSelector& one : entry->server_field_selectors) {
    if (Has(one.selectors, selector)) return &one;
  }
  return nullptr;
}

}  // namespace

std::string ObjectExplanation::ToString(const ResourceSet& set) const {
  std::string text =
      taken_by ? "selected by " + set.selectors[*taken_by].Summary() : std::string("not selected");
  text += '\n';
  if (verdicts.empty()) text += "  no selector names its API group\n";
  for (const SelectorVerdict& verdict : verdicts) {
    if (taken_by == verdict.selector) continue;
    text += "  " + set.selectors[verdict.selector].Summary() + ": ";
    text += verdict.takes ? "selects it too" : verdict.reason;
    text += '\n';
  }
  return text;
}

ObjectExplanation ExplainObject(const ResourceSet& set, const Selection& selection,
                                const kube::ResourceType& type, std::string_view object,
                                std::span<const size_t> server_matched) {
  ObjectExplanation explanation;
  const ObjectView view(object);
  const TypeSelection* entry = selection.Find(type);
  for (size_t i = 0; i < set.selectors.size(); ++i) {
    auto gv = kube::GroupVersion::Parse(set.selectors[i].api_version);
    if (!gv || gv->group != type.gv.group) continue;
    SelectorVerdict verdict;
    verdict.selector = i;
    verdict.reason = selection.WhyNot(i, type, view);
    const ServerFieldSelector* server = ServerPart(entry, i);
    if (verdict.reason.empty() && server != nullptr && !Has(server_matched, i))
      verdict.reason = "the server does not select it by fieldSelectors " + server->text;
    verdict.takes = verdict.reason.empty();
    if (verdict.takes && !explanation.taken_by) explanation.taken_by = i;
    explanation.verdicts.push_back(std::move(verdict));
  }
  return explanation;
}

Result<ObjectExplanation> ExplainLiveObject(kube::Client& client, const ResourceSet& set,
                                            const Selection& selection,
                                            const kube::ResourceType& type, std::string_view ns,
                                            std::string_view name, const kube::Call& call) {
  HF_ASSIGN(const std::string object, client.Get(type, ns, name, call));
  std::vector<size_t> matched;
  if (const TypeSelection* entry = selection.Find(type)) {
    for (const ServerFieldSelector& one : entry->server_field_selectors) {
      kube::ListRequest request;
      request.type = &type;
      request.ns = ns;
      request.field_selector =
          FieldSelectorText({{"metadata.name", std::string(name)}}) + "," + one.text;
      request.metadata_only = true;
      bool found = false;
      HF_TRY_CONTEXT(client.List(
                         request,
                         [&](std::string_view) -> Status {
                           found = true;
                           return {};
                         },
                         call),
                     "asking the server about fieldSelectors " + one.text);
      if (found) matched.insert(matched.end(), one.selectors.begin(), one.selectors.end());
    }
  }
  return ExplainObject(set, selection, type, object, matched);
}

}  // namespace holdfast::resourceset
