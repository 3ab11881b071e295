#include "resourceset/resource_set.h"

#include <fstream>

#include "base/json_scan.h"
#include "resourceset/decode.h"
#include "resourceset/document.h"

namespace holdfast::resourceset {
namespace {

void AppendList(std::string& text, std::string_view field, const std::vector<std::string>& list) {
  if (list.empty()) return;
  text += ", " + std::string(field) + " [";
  constexpr size_t kShown = 3;
  for (size_t i = 0; i < list.size() && i < kShown; ++i) text += (i == 0 ? "" : ", ") + list[i];
  if (list.size() > kShown) text += ", and " + std::to_string(list.size() - kShown) + " more";
  text += ']';
}

void AppendPattern(std::string& text, std::string_view field, const std::string& pattern) {
  if (!pattern.empty()) text += ", " + std::string(field) + " \"" + pattern + '"';
}

// "ConfigMap \"x\" (line 3)".
std::string Describe(const Node& node) {
  auto text = [](const Node* map, std::string_view key) {
    const Node* value = map == nullptr ? nullptr : map->Find(key);
    return value != nullptr && value->kind == NodeKind::kString ? value->text : std::string();
  };
  std::string out = text(&node, "kind");
  if (out.empty()) out = "a document without a kind";
  if (std::string name = text(node.Find("metadata"), "name"); !name.empty())
    out += " \"" + name + '"';
  return out + " (line " + std::to_string(node.mark.line) + ")";
}

bool IsKind(const Node& node, std::string_view kind) {
  const Node* value = node.Find("kind");
  return value != nullptr && value->kind == NodeKind::kString && value->text == kind;
}

Error Invalid(std::string_view source, std::string message) {
  return Error(ErrorKind::kInvalid, std::string(source) + ": " + std::move(message));
}

// The one ResourceSet among the documents and the items of Lists.
Result<const Node*> OnlyOne(std::string_view source, const std::vector<Document>& documents) {
  std::vector<const Node*> objects;
  for (const Document& document : documents) {
    const Node& root = *document.root;
    const Node* items =
        IsKind(root, "List") || IsKind(root, "ResourceSetList") ? root.Find("items") : nullptr;
    if (items != nullptr && items->kind == NodeKind::kList) {
      for (const Node* item : items->items) objects.push_back(item);
    } else if (root.kind != NodeKind::kNull) {
      objects.push_back(&root);
    }
  }
  if (objects.empty()) return Fail(Invalid(source, "holds no object; a ResourceSet is needed"));
  if (objects.size() == 1) {
    if (objects[0]->kind == NodeKind::kMap) return objects[0];
    return Fail(Invalid(
        source, "holds " + std::string(KindName(objects[0]->kind)) + "; a ResourceSet is needed"));
  }
  std::vector<const Node*> sets;
  for (const Node* object : objects) {
    if (IsKind(*object, kResourceSetKind)) sets.push_back(object);
  }
  if (sets.size() == 1) return sets[0];
  const std::vector<const Node*>& shown = sets.empty() ? objects : sets;
  std::string names;
  for (size_t i = 0; i < shown.size() && i < 10; ++i)
    names += (i == 0 ? "" : ", ") + Describe(*shown[i]);
  if (shown.size() > 10) names += ", ...";
  return Fail(sets.empty() ? Invalid(source, "holds no ResourceSet, but " + names)
                           : Invalid(source, "holds " + std::to_string(sets.size()) +
                                                 " ResourceSets where one is needed: " + names)
                                 .Hint("keep one in the file"));
}

Result<std::vector<Document>> ParseDocuments(std::string_view text, std::string_view source,
                                             ParseMode mode) {
  const size_t start = json::SkipSpace(text, 0);
  const bool looks_like_json = start < text.size() && text[start] == '{';
  const bool must_be_json = mode != ParseMode::kStrict || source.ends_with(".json");
  // Flow YAML begins like JSON.
  if (must_be_json ||
      (looks_like_json && json::Validate(text, {.max_depth = kMaxResourceSetDepth}))) {
    auto document = ParseJson(text);
    if (!document) return Fail(Invalid(source, document.error().message()));
    std::vector<Document> documents;
    documents.push_back(std::move(*document));
    return documents;
  }
  auto documents = ParseYaml(text);
  if (documents) return documents;
  const std::string& message = documents.error().message();
  // "7:3: what" continues the place; "is not ..." begins a sentence.
  const bool has_place = !message.empty() && message[0] >= '0' && message[0] <= '9';
  return Fail(ErrorKind::kInvalid, std::string(source) + (has_place ? ":" : ": ") + message);
}

// As filters/filters.json wants it.
std::string ToJson(const Node& root) {
  std::string out = "{";
  auto member = [&](std::string_view key, const Node* value) {
    if (value == nullptr) return;
    if (out.size() > 1) out += ',';
    out += '"' + std::string(key) + "\":";
    AppendJson(out, *value);
  };
  member("kind", root.Find("kind"));
  member("apiVersion", root.Find("apiVersion"));
  member("metadata", root.Find("metadata"));
  const Node* selectors = root.Find("resourceSelectors");
  if (selectors == nullptr || selectors->kind == NodeKind::kNull) {
    out += ",\"resourceSelectors\":[]";
  } else {
    member("resourceSelectors", selectors);
  }
  const Node* controllers = root.Find("controllerReferences");
  if (controllers != nullptr && !controllers->items.empty())
    member("controllerReferences", controllers);
  return out + '}';
}

}  // namespace

std::string Place::ToString() const {
  if (line == 0) return source;
  return source + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string Selector::Path() const { return "resourceSelectors[" + std::to_string(index) + "]"; }

std::string Selector::Summary() const {
  std::string text = Path() + " (" + (api_version.empty() ? "no apiVersion" : api_version);
  AppendList(text, "kinds", kinds);
  AppendPattern(text, "kindsRegexp", kinds_regexp);
  AppendList(text, "excludeKinds", exclude_kinds);
  AppendList(text, "resourceNames", resource_names);
  AppendPattern(text, "resourceNameRegexp", resource_name_regexp);
  AppendPattern(text, "excludeResourceNameRegexp", exclude_resource_name_regexp);
  AppendList(text, "namespaces", namespaces);
  AppendPattern(text, "namespaceRegexp", namespace_regexp);
  if (!label_selectors.empty()) text += ", labelSelectors";
  for (const auto& [field, value] : field_selectors) text += ", " + field + "=" + value;
  return text + ")";
}

Result<ResourceSet> ParseResourceSet(std::string_view text, std::string_view source_name,
                                     ParseMode mode) {
  const ErrorKind kind = mode == ParseMode::kArchive ? ErrorKind::kCorrupt : ErrorKind::kInvalid;
  auto fail = [&](const Error& error) {
    return Fail(Error(kind, error.message()).Hint(error.hint()));
  };
  if (text.size() > kMaxResourceSetBytes) {
    return fail(Invalid(source_name, "longer than " + std::to_string(kMaxResourceSetBytes) +
                                         " bytes, which no ResourceSet needs"));
  }
  auto documents = ParseDocuments(text, source_name, mode);
  if (!documents) return fail(documents.error());
  auto root = mode == ParseMode::kStrict ? OnlyOne(source_name, *documents)
                                         : Result<const Node*>(documents->front().root);
  if (!root) return fail(root.error());

  ReadContext context{mode, Problems(source_name, mode == ParseMode::kStrict), {}};
  if (mode == ParseMode::kStrict) {
    for (const Document& document : *documents) {
      for (const DocumentFault& fault : document.faults)
        context.problems.Add(fault.mark, "", fault.message);
    }
  }
  ResourceSet set = DecodeResourceSet(context, source_name, **root);
  if (!context.problems.empty()) return Fail(context.problems.ToError(kind));
  set.json = mode == ParseMode::kArchive ? std::string(text) : ToJson(**root);
  return set;
}

Result<ResourceSet> ReadResourceSetFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Fail(ErrnoError("reading the ResourceSet " + path, errno));
  std::string text(kMaxResourceSetBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return Fail(ErrnoError("reading the ResourceSet " + path, errno));
  text.resize(static_cast<size_t>(in.gcount()));
  return ParseResourceSet(text, path, ParseMode::kStrict);
}

}  // namespace holdfast::resourceset
