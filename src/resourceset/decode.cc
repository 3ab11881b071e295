#include "resourceset/decode.h"

#include <algorithm>

#include "base/json_text.h"
#include "resourceset/patterns.h"

namespace holdfast::resourceset {
namespace {

std::string Indexed(std::string_view field, size_t i) {
  return std::string(field) + "[" + std::to_string(i) + "]";
}

// Lower-case letters, digits, '-' and '.', as a DNS name: the name ends up in the names of
// archives.
bool IsObjectName(std::string_view name) {
  auto alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= 253 && alnum(name.front()) && alnum(name.back()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return alnum(c) || c == '-' || c == '.'; }) &&
         name.find("..") == std::string_view::npos;
}

class Decoder {
 public:
  Decoder(ReadContext& context, std::string_view source) : context_(context), source_(source) {}

  ResourceSet Decode(const Node& root) {
    ResourceSet set;
    MapReader top(context_, root, "");
    if (context_.mode != ParseMode::kArchive) {
      Expect(top, "kind", kResourceSetKind);
      Expect(top, "apiVersion", kResourceSetApiVersion);
    }
    set.name = Metadata(top);
    if (const Node* list = top.Take("resourceSelectors", NodeKind::kList)) {
      for (const Node* item : list->items) {
        const size_t index = set.selectors.size();
        set.selectors.push_back(ReadSelector(*item, index));
      }
    }
    if (const Node* list = top.Take("controllerReferences", NodeKind::kList)) {
      for (size_t i = 0; i < list->items.size(); ++i) {
        set.controllers.push_back(
            ReadController(*list->items[i], Indexed("controllerReferences", i)));
      }
    }
    if (context_.strict()) {
      top.Take("status");
      if (root.Find("spec") != nullptr) {
        top.Take("spec");
        top.Problem(
            "spec",
            "a ResourceSet has no spec: resourceSelectors and controllerReferences stand at "
            "the top level");
      }
      top.Finish();
    }
    set.ignored_fields = std::move(context_.ignored);
    return set;
  }

 private:
  void Expect(MapReader& top, std::string_view field, std::string_view want) {
    const std::string given = top.String(field);
    if (given == want) return;
    const Node* node = top.Take(field);
    if (node != nullptr && node->kind != NodeKind::kString) return;  // reported
    top.Problem(field, node == nullptr
                           ? "is missing; it must be " + std::string(want)
                           : "must be " + std::string(want) + ", not \"" + given + "\"");
  }

  std::string Metadata(MapReader& top) {
    const bool archive = context_.mode == ParseMode::kArchive;
    const Node* node = archive ? top.Take("metadata") : top.Take("metadata", NodeKind::kMap);
    if (archive) {  // only a convenience there: whatever stands in it is no error
      const Node* name =
          node != nullptr && node->kind == NodeKind::kMap ? node->Find("name") : nullptr;
      return name != nullptr && name->kind == NodeKind::kString ? name->text : std::string();
    }
    if (node == nullptr) {
      if (top.Take("metadata") == nullptr)
        top.Problem("metadata.name", "is required, but missing: backups are named after it");
      return {};
    }
    MapReader metadata(context_, *node, "metadata");
    std::string name = metadata.RequiredString("name");
    if (!name.empty() && !IsObjectName(name)) {
      metadata.Problem("name", "\"" + name +
                                   "\" is not an object name: lower-case letters, digits, '-' and "
                                   "'.', a letter or digit at both ends, at most 253");
    }
    metadata.StringMap("labels");
    metadata.StringMap("annotations");
    if (context_.strict()) {
      for (std::string_view field :
           {"generateName", "namespace", "uid", "resourceVersion", "generation", "selfLink",
            "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "finalizers",
            "ownerReferences", "managedFields"})
        metadata.Take(field);
      metadata.Finish();
    }
    return name;
  }

  Selector ReadSelector(const Node& node, size_t index) {
    Selector selector;
    selector.index = index;
    selector.place.source = source_;
    if (context_.strict()) {
      selector.place.line = node.mark.line;
      selector.place.column = node.mark.column;
    }
    MapReader map(context_, node, selector.Path());
    const Node* api_version = map.Take("apiVersion");
    selector.api_version = map.String("apiVersion");
    selector.kinds = map.StringSet("kinds");
    selector.kinds_regexp = map.String("kindsRegexp");
    selector.exclude_kinds = map.StringSet("excludeKinds");
    selector.resource_names = map.StringSet("resourceNames");
    selector.resource_name_regexp = map.String("resourceNameRegexp");
    selector.exclude_resource_name_regexp = map.String("excludeResourceNameRegexp");
    selector.namespaces = map.StringSet("namespaces");
    selector.namespace_regexp = map.String("namespaceRegexp");
    const size_t problems_before = context_.problems.size();
    selector.label_selectors = ReadLabels(map);
    const bool labels_readable = context_.problems.size() == problems_before;
    selector.field_selectors = map.StringMap("fieldSelectors");
    map.Finish();
    if (context_.mode == ParseMode::kArchive || node.kind != NodeKind::kMap) return selector;

    if (api_version == nullptr)
      map.Problem("apiVersion", "is required, but missing (\"v1\" is the core group)");
    for (const SelectorFault& fault : CheckSelector(selector, nullptr)) {
      if (fault.field == "apiVersion" &&
          (api_version == nullptr || api_version->kind != NodeKind::kString))
        continue;  // reported
      if (fault.field.starts_with("labelSelectors") && !labels_readable) continue;
      context_.problems.Add(MarkBelow(node, fault.field), map.PathOf(fault.field), fault.message);
    }
    return selector;
  }

  LabelSelector ReadLabels(MapReader& selector) {
    LabelSelector labels;
    const Node* node = selector.Take("labelSelectors", NodeKind::kMap);
    if (node == nullptr) return labels;
    MapReader map(context_, *node, selector.PathOf("labelSelectors"));
    labels.match_labels = map.StringMap("matchLabels");
    if (const Node* list = map.Take("matchExpressions", NodeKind::kList)) {
      for (size_t i = 0; i < list->items.size(); ++i) {
        MapReader item(context_, *list->items[i], map.PathOf(Indexed("matchExpressions", i)));
        LabelRequirement requirement;
        requirement.key = item.RequiredString("key");
        requirement.op = item.RequiredString("operator");
        requirement.values = item.StringList("values");
        item.Finish();
        labels.match_expressions.push_back(std::move(requirement));
      }
    }
    map.Finish();
    return labels;
  }

  ControllerReference ReadController(const Node& node, std::string path) {
    MapReader map(context_, node, std::move(path));
    ControllerReference reference;
    reference.api_version = map.RequiredString("apiVersion");
    reference.resource = map.RequiredString("resource");
    reference.ns = map.RequiredString("namespace");
    reference.name = map.RequiredString("name");
    reference.replicas = map.Int32("replicas");
    map.Finish();
    return reference;
  }

  // The mark of "a.b[2].c" below a node, or of the nearest thing above that is there.
  static Mark MarkBelow(const Node& node, std::string_view path) {
    const Node* at = &node;
    while (!path.empty()) {
      const size_t end = std::min(path.find_first_of(".["), path.size());
      const std::string_view step = path.substr(0, end);
      const Node* next = nullptr;
      if (step.ends_with(']')) {
        const size_t index = std::stoul(std::string(step));
        if (index < at->items.size()) next = at->items[index];
      } else if (const Node* whole = at->Find(path)) {  // a label key has dots of its own
        return whole->mark;
      } else {
        next = at->Find(step);
      }
      if (next == nullptr) return at->mark;
      at = next;
      path.remove_prefix(std::min(end + 1, path.size()));
    }
    return at->mark;
  }

  ReadContext& context_;
  std::string_view source_;
};

}  // namespace

ResourceSet DecodeResourceSet(ReadContext& context, std::string_view source, const Node& root) {
  return Decoder(context, source).Decode(root);
}

}  // namespace holdfast::resourceset
