#include "resourceset/selection.h"

#include <algorithm>
#include <set>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "resourceset/fields.h"
#include "resourceset/matcher.h"
#include "resourceset/type_notes.h"

namespace holdfast::resourceset {
namespace {

// A JSON string without its quotes; through `buffer` when it is written with escapes.
std::string_view TextOf(std::string_view value, std::string& buffer) {
  if (json::TypeOf(value) != json::Type::kString || value.size() < 2) return {};
  const std::string_view raw = value.substr(1, value.size() - 2);
  if (raw.find('\\') == std::string_view::npos) return raw;
  buffer = json::Unescape(raw);
  return buffer;
}

bool Has(std::span<const size_t> list, size_t index) {
  return std::find(list.begin(), list.end(), index) != list.end();
}

// Selectors whose match the server has to decide.
bool AsksServer(const TypeSelection& type, size_t selector) {
  return std::any_of(type.server_field_selectors.begin(), type.server_field_selectors.end(),
                     [&](const ServerFieldSelector& one) { return Has(one.selectors, selector); });
}

void AddSelector(TypeSelection& entry, const Matcher& matcher) {
  const size_t index = matcher.selector().index;
  const kube::ResourceType& type = *entry.type;
  entry.selectors.push_back(index);
  if (entry.access == TypeSelection::Access::kGet) {
    for (ObjectKey& key : matcher.Gets(type)) entry.gets.push_back(std::move(key));
    std::sort(entry.gets.begin(), entry.gets.end());
    entry.gets.erase(std::unique(entry.gets.begin(), entry.gets.end()), entry.gets.end());
    return;
  }
  if (matcher.NeedsBody(type)) entry.metadata_suffices = false;
  if (!matcher.NeedsServer(type)) {
    entry.plain_list = true;
    return;
  }
  const std::string text = FieldSelectorText(matcher.selector().field_selectors);
  for (ServerFieldSelector& known : entry.server_field_selectors) {
    if (known.text != text) continue;
    known.selectors.push_back(index);
    return;
  }
  entry.server_field_selectors.push_back({text, {index}});
}

}  // namespace

ObjectView::ObjectView(std::string_view object) : object_(object) {
  for (json::ObjectReader reader(object); auto member = reader.Next();) {
    if (!member->Is("metadata")) continue;
    ReadMetadata(member->value);
    break;
  }
}

ObjectView::ObjectView(std::string_view object, std::string_view metadata) : object_(object) {
  ReadMetadata(metadata);
}

void ObjectView::ReadMetadata(std::string_view metadata) {
  for (json::ObjectReader reader(metadata); auto member = reader.Next();) {
    if (member->Is("name")) {
      name_ = TextOf(member->value, name_text_);
    } else if (member->Is("namespace")) {
      ns_ = TextOf(member->value, ns_text_);
    } else if (member->Is("labels")) {
      labels_ = member->value;
    }
  }
}

Selection::Selection() = default;
Selection::~Selection() = default;
Selection::Selection(Selection&&) noexcept = default;
Selection& Selection::operator=(Selection&&) noexcept = default;

Result<Selection> Selection::Build(const ResourceSet& set, const kube::Discovery& discovery,
                                   const Logger& log) {
  Selection selection;
  for (size_t i = 0; i < set.selectors.size(); ++i) {
    Selector selector = set.selectors[i];
    selector.index = i;
    HF_ASSIGN(auto matcher, Matcher::Compile(selector));
    selection.matchers_.push_back(std::move(matcher));
  }
  selection.notes_.resize(set.selectors.size());
  for (const auto& matcher : selection.matchers_) {
    const Selector& selector = matcher->selector();
    std::vector<std::string>& notes = selection.notes_[selector.index];
    HF_ASSIGN(const auto gv, kube::GroupVersion::Parse(selector.api_version));
    auto types = discovery.Of(gv);
    if (!types && types.error().kind() == ErrorKind::kNotFound) {
      notes.push_back(NoteNotServed(gv, discovery));
      log.Info("selector selects nothing", {{"selector", selector.Path()}, {"why", notes.back()}});
      continue;
    }
    if (!types) {
      return Fail(
          std::move(types).error().With("error gathering resource for " + selector.api_version));
    }
    for (const kube::ResourceType& type : **types) {
      if (!matcher->WantsType(type) || type.plural.find('/') != std::string::npos) continue;
      std::string why;
      if (!type.Can(kube::kVerbList)) {
        why = type.Can(kube::kVerbGet)
                  ? matcher->WhyNoGets(type)
                  : type.ResourceName() + " can be neither listed nor read: it is left out";
      }
      if (!why.empty()) {
        // A selector that takes whatever the group-version has does not mean these in particular.
        if (!selector.kinds.empty()) notes.push_back(why);
        log.Info("resource left out", {{"selector", selector.Path()}, {"why", why}});
        continue;
      }
      TypeSelection* entry = nullptr;
      for (TypeSelection& known : selection.types_) {
        if (known.type == &type) entry = &known;
      }
      if (entry == nullptr) {
        entry = &selection.types_.emplace_back();
        entry->type = &type;
        entry->access =
            type.Can(kube::kVerbList) ? TypeSelection::Access::kList : TypeSelection::Access::kGet;
      }
      AddSelector(*entry, *matcher);
    }
    AddTypeNotes(*matcher, gv, **types, discovery, notes);
  }
  for (TypeSelection& entry : selection.types_) {
    if (!entry.type->namespaced || entry.access != TypeSelection::Access::kList) continue;
    std::set<std::string> namespaces;
    for (size_t index : entry.selectors) {
      const Matcher& matcher = *selection.matchers_[index];
      if (!matcher.NamesItsNamespaces()) {
        namespaces.clear();
        break;
      }
      namespaces.insert(matcher.selector().namespaces.begin(), matcher.selector().namespaces.end());
    }
    entry.namespaces.assign(namespaces.begin(), namespaces.end());
  }
  return selection;
}

const TypeSelection* Selection::Find(const kube::ResourceType& type) const {
  for (const TypeSelection& entry : types_) {
    if (entry.type->gv == type.gv && entry.type->plural == type.plural) return &entry;
  }
  return nullptr;
}

std::optional<size_t> Selection::Match(const TypeSelection& type, std::string_view object,
                                       std::span<const size_t> server_matched) const {
  return Match(type, ObjectView(object), server_matched);
}

std::optional<size_t> Selection::Match(const TypeSelection& type, const ObjectView& object,
                                       std::span<const size_t> server_matched) const {
  for (size_t index : type.selectors) {
    bool fields = true;
    if (!type.server_field_selectors.empty() && AsksServer(type, index)) {
      if (!Has(server_matched, index)) continue;
      fields = false;
    }
    if (matchers_[index]->Takes(*type.type, object, fields)) return index;
  }
  return std::nullopt;
}

bool Selection::MatchesOne(size_t selector, const TypeSelection& type,
                           const ObjectView& object) const {
  const Matcher& matcher = *matchers_[selector];
  if (!Has(type.selectors, selector)) return false;
  if (type.access == TypeSelection::Access::kGet) {
    const std::vector<ObjectKey> gets = matcher.Gets(*type.type);
    return std::any_of(gets.begin(), gets.end(), [&](const ObjectKey& key) {
      return key.ns == object.ns() && key.name == object.name();
    });
  }
  return matcher.Takes(*type.type, object, !AsksServer(type, selector));
}

std::string Selection::WhyNot(size_t selector, const kube::ResourceType& type,
                              const ObjectView& object) const {
  const Matcher& matcher = *matchers_[selector];
  const std::string& api_version = matcher.selector().api_version;
  if (api_version != type.gv.ToString())
    return "it selects " + api_version + ", not " + type.gv.ToString();
  if (std::string why = matcher.WhyNotType(type); !why.empty()) return why;
  if (type.Can(kube::kVerbList)) return matcher.WhyNot(type, object, !matcher.NeedsServer(type));
  if (!type.Can(kube::kVerbGet))
    return type.ResourceName() + " can be neither listed nor read: it is left out";
  if (std::string why = matcher.WhyNoGets(type); !why.empty()) return why;
  const TypeSelection* entry = Find(type);
  if (entry != nullptr && MatchesOne(selector, *entry, object)) return {};
  return type.ResourceName() +
         " is read by name, and this one is not in resourceNames (and namespaces)";
}

}  // namespace holdfast::resourceset
