// A ResourceSet held against discovery: what must be read, and which selector takes an object.
#pragma once

#include <compare>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "kube/discovery.h"
#include "kube/types.h"
#include "resourceset/resource_set.h"

namespace holdfast::resourceset {

// Namespace (empty for cluster-scoped objects) and name.
struct ObjectKey {
  std::string ns;
  std::string name;
  auto operator<=>(const ObjectKey&) const = default;
};

// A field selector that only the API server can evaluate (or refuse): one more list, cluster-wide,
// with `text` as its fieldSelector. Its objects go through Match() with `selectors` as
// server_matched.
struct ServerFieldSelector {
  std::string text;               // "spec.color=blue", terms sorted by field, values escaped
  std::vector<size_t> selectors;  // who asks for it
};

// Everything that must be read of one resource type, and who asked for it.
struct TypeSelection {
  enum class Access { kList, kGet };

  const kube::ResourceType* type = nullptr;  // lives as long as the Discovery
  Access access = Access::kList;
  std::vector<size_t> selectors;  // indexes into ResourceSet::selectors, ascending

  // kGet (the type cannot be listed): the objects to GET; sorted, each once. A 404 is an error.
  // Match() is not asked about them.
  std::vector<ObjectKey> gets;

  // kList: whether the list without a field selector is needed (some selector is matched here).
  bool plain_list = false;
  // kList: one more list each.
  std::vector<ServerFieldSelector> server_field_selectors;
  // kList, when every selector of a namespaced type names its namespaces only by the `namespaces`
  // list: their union, sorted. Where a cluster-wide list is forbidden, lists of these namespaces
  // see everything that can be selected. Empty: the lists must be cluster-wide.
  std::vector<std::string> namespaces;
  // Whether Match() looks at nothing but metadata: a metadata-only list is then enough to select.
  bool metadata_suffices = true;
};

// What Match() looks at in an object. Views into the object's text, or into itself where a name is
// written with escapes; so it is neither copied nor moved.
class ObjectView {
 public:
  // `object` is the JSON text of one object and must outlive the view. Reads until metadata's end.
  explicit ObjectView(std::string_view object);
  // The same with metadata's text found by the caller.
  ObjectView(std::string_view object, std::string_view metadata);
  ObjectView(const ObjectView&) = delete;
  ObjectView& operator=(const ObjectView&) = delete;

  std::string_view name() const { return name_; }
  std::string_view ns() const { return ns_; }
  std::string_view labels() const { return labels_; }  // JSON object; empty: none
  std::string_view object() const { return object_; }

 private:
  void ReadMetadata(std::string_view metadata);

  std::string_view object_, name_, ns_, labels_;
  std::string name_text_, ns_text_;
};

class Matcher;  // of one selector; compiled_selector.h

// Immutable; may be used by any number of threads. Keeps no reference to the ResourceSet, but
// pointers into the Discovery, which must outlive it.
class Selection {
 public:
  // Checks every regular expression and label selector before anything else, then asks discovery.
  // A group-version that the server does not have selects nothing and is logged; one that cannot be
  // discovered is an error "error gathering resource for <apiVersion>: ...". Sends nothing.
  static Result<Selection> Build(const ResourceSet& set, const kube::Discovery& discovery,
                                 const Logger& log);
  ~Selection();
  Selection(Selection&&) noexcept;
  Selection& operator=(Selection&&) noexcept;

  // One element per (group-version, plural), in the order in which the selectors ask for them.
  const std::vector<TypeSelection>& types() const { return types_; }
  // nullptr when no selector takes anything of that type.
  const TypeSelection* Find(const kube::ResourceType& type) const;

  // The first selector of `type` that takes this object, or none. Selectors with a server field
  // selector take part only when their index is in `server_matched`. No allocation in the common
  // case, one scan of the metadata; fields are looked up only when names, namespaces and labels
  // fit.
  std::optional<size_t> Match(const TypeSelection& type, std::string_view object,
                              std::span<const size_t> server_matched = {}) const;
  std::optional<size_t> Match(const TypeSelection& type, const ObjectView& object,
                              std::span<const size_t> server_matched = {}) const;

  // Whether this one selector takes the object. A server field selector counts as fulfilled.
  bool MatchesOne(size_t selector, const TypeSelection& type, const ObjectView& object) const;
  // Why it does not: `name "x" is excluded by excludeResourceNameRegexp "^x"`; empty when it does.
  // Takes any type of the server, also one of which nothing is selected. Server field selectors
  // count as fulfilled.
  std::string WhyNot(size_t selector, const kube::ResourceType& type,
                     const ObjectView& object) const;

  // Why a selector reads nothing at all, or less than it looks like ("the server has no x.io/v1",
  // `no resource is called "secret"; did you mean "secrets"?`); empty in the usual case.
  const std::vector<std::string>& notes(size_t selector) const { return notes_[selector]; }

 private:
  Selection();

  std::vector<TypeSelection> types_;
  std::vector<std::unique_ptr<Matcher>> matchers_;  // by selector index
  std::vector<std::vector<std::string>> notes_;     // by selector index
};

}  // namespace holdfast::resourceset
