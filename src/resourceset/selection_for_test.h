// For tests: the small cluster that the cases of the selection rules are told about, and what a
// backup would read of it.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "kube/discovery.h"
#include "resourceset/selection.h"

namespace holdfast::resourceset {

inline kube::ResourceType MakeType(std::string_view api_version, std::string_view plural,
                                   std::string_view kind, bool namespaced, uint32_t verbs) {
  kube::ResourceType type;
  type.gv = *kube::GroupVersion::Parse(api_version);
  type.plural = plural;
  type.kind = kind;
  type.namespaced = namespaced;
  type.verbs = verbs;
  return type;
}

struct FakeObject {
  std::string_view api_version, plural;
  std::string_view id;  // "a/s1", "g1"
  std::string_view json;
};

inline const std::vector<FakeObject>& FakeObjects() {
  static const std::vector<FakeObject> objects = {
      {"v1", "secrets", "a/s1",
       R"({"metadata":{"name":"s1","namespace":"a","labels":{"app":"x"}},"type":"Opaque"})"},
      {"v1", "secrets", "a/s2", R"({"metadata":{"name":"s2","namespace":"a"},"type":"T"})"},
      {"v1", "secrets", "b/s1", R"({"metadata":{"name":"s1","namespace":"b"},"type":"Opaque"})"},
      {"v1", "configmaps", "a/c1", R"({"metadata":{"name":"c1","namespace":"a"}})"},
      {"v1", "configmaps", "b/c1", R"({"metadata":{"name":"c1","namespace":"b"}})"},
      {"v1", "namespaces", "a", R"({"metadata":{"name":"a"},"status":{"phase":"Active"}})"},
      {"v1", "namespaces", "b", R"({"metadata":{"name":"b"},"status":{"phase":"Active"}})"},
      {"x.io/v1", "widgets", "a/w1",
       R"({"apiVersion":"x.io/v1","kind":"Widget","metadata":{"name":"w1","namespace":"a"}})"},
      {"x.io/v1", "widgets", "b/w1",
       R"({"apiVersion":"x.io/v1","kind":"Widget","metadata":{"name":"w1","namespace":"b"}})"},
      {"x.io/v1", "gadgets", "g1", R"({"metadata":{"name":"g1"}})"},
      {"x.io/v1", "gadgets", "g2", R"({"metadata":{"name":"g2"}})"},
      {"x.io/v1", "probes", "p1", R"({"metadata":{"name":"p1"}})"},
      {"x.io/v1", "nsprobes", "a/n1", R"({"metadata":{"name":"n1","namespace":"a"}})"},
  };
  return objects;
}

inline kube::Discovery FakeDiscovery() {
  using namespace kube;
  constexpr uint32_t kAll = kVerbGet | kVerbList | kVerbCreate;
  return Discovery::FromTypes({
      MakeType("v1", "secrets", "Secret", true, kAll),
      MakeType("v1", "configmaps", "ConfigMap", true, kAll),
      MakeType("v1", "namespaces", "Namespace", false, kAll),
      MakeType("v1", "bindings", "Binding", true, kVerbCreate),
      MakeType("v1", "pods/log", "Pod", true, kAll),
      MakeType("x.io/v1", "widgets", "Widget", true, kAll),
      MakeType("x.io/v1", "widgets/status", "Widget", true, kAll),
      MakeType("x.io/v1", "gadgets", "Gadget", false, kAll),
      MakeType("x.io/v1", "probes", "Probe", false, kVerbGet),
      MakeType("x.io/v1", "nsprobes", "NSProbe", true, kVerbGet),
      MakeType("x.io/v1", "reviews", "Review", false, kVerbCreate),
  });
}

// What a backup of the fake cluster would hold, "plural/id" each; an error where the backup would
// fail. `requests` counts lists and reads.
inline Result<std::multiset<std::string>> Collect(const ResourceSet& set, size_t* requests) {
  const kube::Discovery discovery = FakeDiscovery();
  const Logger log = Logger::Quiet();
  HF_ASSIGN(const Selection selection, Selection::Build(set, discovery, log));
  std::multiset<std::string> found;
  *requests = 0;
  for (const TypeSelection& entry : selection.types()) {
    const kube::ResourceType& type = *entry.type;
    auto is_of_type = [&](const FakeObject& object) {
      return object.api_version == type.gv.ToString() && object.plural == type.plural;
    };
    // The fake server knows no field but metadata's, as of a custom resource.
    if (!entry.server_field_selectors.empty()) {
      return Fail(Error(ErrorKind::kInvalid,
                        "field label not supported: " + entry.server_field_selectors[0].text)
                      .Code(400));
    }
    for (const ObjectKey& key : entry.gets) {
      ++*requests;
      const std::string id = key.ns.empty() ? key.name : key.ns + "/" + key.name;
      bool is_there = false;
      for (const FakeObject& object : FakeObjects()) {
        if (!is_of_type(object) || object.id != id) continue;
        is_there = true;
        found.insert(type.plural + "/" + id);
      }
      if (!is_there) return Fail(Error(ErrorKind::kNotFound, id + " not found").Code(404));
    }
    if (!entry.plain_list) continue;
    ++*requests;
    for (const FakeObject& object : FakeObjects()) {
      if (is_of_type(object) && selection.Match(entry, object.json))
        found.insert(type.plural + "/" + std::string(object.id));
    }
  }
  return found;
}

}  // namespace holdfast::resourceset
