#include "resourceset/rendered.h"

#include <algorithm>

#include "base/json_canonical.h"
#include "resourceset/decode.h"
#include "resourceset/document.h"

namespace holdfast::resourceset {
namespace {

bool HasText(const Node& node, std::string_view key, std::string_view text) {
  return TextAt(&node, key) == text;
}

bool IsSelectorList(const Node& node) {
  if (node.kind != NodeKind::kList || node.items.empty()) return false;
  return std::all_of(node.items.begin(), node.items.end(), [](const Node* item) {
    const Node* version = item->kind == NodeKind::kMap ? item->Find("apiVersion") : nullptr;
    // A list of whole objects has kinds, which selectors write in the plural.
    return version != nullptr && version->kind == NodeKind::kString &&
           item->Find("kind") == nullptr;
  });
}

std::string JsonOf(const Node& node) {
  std::string text;
  AppendJson(text, node);
  return text;
}

Status AddSet(std::vector<RenderedSet>& sets, const std::string& json, const Node* selectors,
              std::string_view source) {
  RenderedSet rendered;
  HF_ASSIGN(rendered.set, ParseResourceSet(json, source, ParseMode::kServer));
  if (selectors != nullptr)
    for (const Node* selector : selectors->items)
      rendered.selector_json.push_back(JsonOf(*selector));
  // Selectors that are null or no map do not get through ParseResourceSet.
  rendered.selector_json.resize(rendered.set.selectors.size());
  rendered.sources.resize(rendered.set.selectors.size());
  sets.push_back(std::move(rendered));
  return {};
}

Status AddObject(std::vector<RenderedSet>& sets, const Node& node, std::string_view source) {
  if (node.kind != NodeKind::kMap) return {};
  if (HasText(node, "kind", "List") || HasText(node, "kind", "ResourceSetList")) {
    if (const Node* items = node.Find("items"); items != nullptr)
      for (const Node* item : items->items) HF_TRY(AddObject(sets, *item, source));
    return {};
  }
  if (!HasText(node, "kind", kResourceSetKind) ||
      !HasText(node, "apiVersion", kResourceSetApiVersion))
    return {};
  return AddSet(sets, JsonOf(node), node.Find("resourceSelectors"), source);
}

}  // namespace

Result<std::vector<RenderedSet>> ReadRenderedSets(std::string_view manifest,
                                                  std::string_view source_name, bool bare_lists) {
  HF_ASSIGN(auto documents, ParseYamlOf(manifest, source_name));
  std::vector<RenderedSet> sets;
  for (const Document& document : documents) {
    const Node& root = *document.root;
    if (bare_lists && IsSelectorList(root)) {
      HF_TRY(AddSet(sets,
                    R"({"kind":"ResourceSet","apiVersion":"resources.cattle.io/v1",)"
                    R"("metadata":{"name":"selectors"},"resourceSelectors":)" +
                        JsonOf(root) + "}",
                    &root, source_name));
    } else {
      HF_TRY(AddObject(sets, root, source_name));
    }
  }
  std::stable_sort(sets.begin(), sets.end(), [](const RenderedSet& a, const RenderedSet& b) {
    return a.set.name < b.set.name;
  });
  return sets;
}

void FindSources(std::vector<RenderedSet>& sets, const ChartFiles& files) {
  std::map<std::string, std::vector<std::string>> places;  // canonical selector -> files
  for (const auto& [path, text] : files) {
    if (text.size() > kMaxResourceSetBytes) continue;
    auto documents = ParseYaml(text);
    if (!documents) continue;
    for (const Document& document : *documents) {
      if (!IsSelectorList(*document.root)) continue;
      for (const Node* item : document.root->items)
        places[json::Canonical(JsonOf(*item))].push_back(path);
    }
  }
  for (RenderedSet& rendered : sets) {
    std::map<std::string, size_t> seen;
    for (size_t i = 0; i < rendered.selector_json.size(); ++i) {
      if (rendered.selector_json[i].empty()) continue;
      const std::string key = json::Canonical(rendered.selector_json[i]);
      auto found = places.find(key);
      if (found == places.end()) continue;
      size_t nth = std::min(seen[key]++, found->second.size() - 1);
      rendered.sources[i] = found->second[nth];
    }
  }
}

}  // namespace holdfast::resourceset
