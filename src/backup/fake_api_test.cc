#include <utility>

#include "backup/fake_api.h"

namespace holdfast::backup {

kube::ResourceType FakeType(std::string plural, bool namespaced, uint32_t verbs) {
  kube::ResourceType type;
  type.gv = {"x.io", "v1"};
  type.kind = plural;
  type.plural = std::move(plural);
  type.namespaced = namespaced;
  type.verbs = verbs;
  return type;
}

uint64_t& FakeApi::RevisionOf(const std::string& plural) {
  auto own = own_store.find(plural);
  return own == own_store.end() ? revision_ : own->second;
}

uint64_t FakeApi::Put(const std::string& plural, const std::string& ns, const std::string& name,
                      const std::string& value, const std::string& labels) {
  uint64_t revision = ++RevisionOf(plural);
  kinds_[plural][{ns, name}].push_back({revision, value, labels, false});
  return revision;
}

uint64_t FakeApi::Delete(const std::string& plural, const std::string& ns,
                         const std::string& name) {
  uint64_t revision = ++RevisionOf(plural);
  kinds_[plural][{ns, name}].push_back({revision, "", "{}", true});
  return revision;
}

std::vector<std::string> FakeApi::ObjectsAt(const kube::ListRequest& request,
                                            uint64_t revision) const {
  std::vector<std::string> objects;
  auto kind = kinds_.find(request.type->plural);
  if (kind == kinds_.end()) return objects;
  for (const auto& [key, versions] : kind->second) {
    const Version* at = nullptr;
    for (const Version& version : versions)
      if (version.revision <= revision) at = &version;
    if (at == nullptr || at->deleted) continue;
    if (!request.ns.empty() && request.ns != key.first) continue;
    const std::string& field = request.field_selector;
    if (field.starts_with("metadata.name=") && field != "metadata.name=" + key.second) continue;
    if (field.starts_with("value=") && field != "value=" + at->value) continue;
    std::string object = "{\"metadata\":{\"name\":\"" + key.second + "\"";
    if (!key.first.empty()) object += ",\"namespace\":\"" + key.first + "\"";
    if (!no_revisions.contains(request.type->plural) &&
        !no_object_revisions.contains(request.type->plural))
      object += ",\"resourceVersion\":\"" + std::to_string(at->revision) + "\"";
    object += ",\"labels\":" + at->labels + "}";
    if (!request.metadata_only) object += ",\"value\":\"" + at->value + "\"";
    objects.push_back(object + "}");
  }
  return objects;
}

Result<kube::ListEnd> FakeApi::Answer(const kube::ListRequest& request,
                                      const kube::ObjectSink& sink, bool one_page) {
  const std::string& plural = request.type->plural;
  std::string line = plural;
  if (!request.ns.empty()) line += " ns=" + request.ns;
  if (request.exact) line += " exact";
  if (!request.field_selector.empty()) line += " field=" + request.field_selector;
  if (request.limit > 0) line += " limit=" + std::to_string(request.limit);
  if (request.metadata_only) line += " meta";
  requests.push_back(line);
  if (before) before(request);

  auto fail = [&](ErrorKind kind, int code, std::string message) {
    return Fail(Error(kind, std::move(message)).Code(code).With("listing " + plural + ".x.io"));
  };
  if (gone.contains(plural)) return fail(ErrorKind::kNotFound, 404, "not found");
  if (forbidden.contains(plural) && request.ns.empty())
    return fail(ErrorKind::kUnauthorized, 403, plural + " is forbidden");
  if (request.exact && no_exact.contains(plural))
    return fail(ErrorKind::kInvalid, 400, "unsupported");
  uint64_t revision = RevisionOf(plural);
  if (request.exact && !exact_ignored.contains(plural)) {
    uint64_t wanted = std::stoull(request.resource_version);
    if (wanted < compacted) return fail(ErrorKind::kExpired, 410, "compacted");
    if (wanted > revision) return fail(ErrorKind::kUnavailable, 504, "Too large resource version");
    revision = wanted;
  }
  std::vector<std::string> objects = ObjectsAt(request, revision);
  kube::ListEnd end;
  end.resource_version = no_revisions.contains(plural) ? "" : std::to_string(revision);
  size_t shown = objects.size();
  if (one_page && request.limit > 0 && static_cast<size_t>(request.limit) < shown) {
    shown = static_cast<size_t>(request.limit);
    end.continue_token = "more";
    if (tell_remaining && request.field_selector.empty())
      end.remaining_item_count = static_cast<int64_t>(objects.size() - shown);
  }
  auto cut = cut_off.find(plural);
  if (cut != cut_off.end() && !request.exact && request.limit == 0) {
    size_t handed_over = std::exchange(cut->second, SIZE_MAX);
    for (size_t i = 0; i < objects.size() && i < handed_over; ++i) HF_TRY(sink(objects[i]));
    if (handed_over < objects.size()) {
      kube::ListRequest again = request;
      again.limit = 500;
      return Answer(again, sink, one_page);
    }
    return end;
  }
  for (size_t i = 0; i < shown; ++i) HF_TRY(sink(objects[i]));
  end.items = static_cast<int64_t>(shown);
  return end;
}

Result<kube::ListEnd> FakeApi::ListPage(const kube::ListRequest& request,
                                        const kube::ObjectSink& sink, const kube::Call&) {
  return Answer(request, sink, true);
}

Result<kube::ListEnd> FakeApi::List(const kube::ListRequest& request, const kube::ObjectSink& sink,
                                    const kube::Call&) {
  return Answer(request, sink, false);
}

Result<std::string> FakeApi::Get(const kube::ResourceType& type, std::string_view ns,
                                 std::string_view name, const kube::Call&) {
  kube::ListRequest request;
  request.type = &type;
  request.ns = ns;
  request.field_selector = "metadata.name=" + std::string(name);
  std::vector<std::string> objects = ObjectsAt(request, RevisionOf(type.plural));
  if (objects.empty()) return Fail(Error(ErrorKind::kNotFound, "not found").Code(404));
  return objects.front();
}

}  // namespace holdfast::backup
