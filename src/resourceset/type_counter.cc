#include "resourceset/type_counter.h"

#include <algorithm>

namespace holdfast::resourceset {

TypeCounter::TypeCounter(const Selection& selection, const TypeSelection& entry)
    : selection_(selection), entry_(entry) {
  for (size_t selector : entry.selectors) {
    const bool asks_server =
        std::any_of(entry.server_field_selectors.begin(), entry.server_field_selectors.end(),
                    [&](const ServerFieldSelector& one) {
                      return std::find(one.selectors.begin(), one.selectors.end(), selector) !=
                             one.selectors.end();
                    });
    if (!asks_server) plain_.push_back(selector);
    objects_[selector] = 0;
    first_[selector] = 0;
  }
}

void TypeCounter::AddFromServer(const ServerFieldSelector& from, std::string_view object) {
  const ObjectView view(object);
  for (size_t selector : from.selectors) {
    if (selection_.MatchesOne(selector, entry_, view))
      from_server_[ObjectKey{std::string(view.ns()), std::string(view.name())}].insert(selector);
  }
}

void TypeCounter::AddPlain(std::string_view object) {
  const ObjectView view(object);
  if (!seen_.insert(std::string(view.ns()) + "/" + std::string(view.name())).second) return;
  Takers takers;
  for (size_t selector : plain_) {
    if (selection_.MatchesOne(selector, entry_, view)) takers.insert(selector);
  }
  auto it = from_server_.find(ObjectKey{std::string(view.ns()), std::string(view.name())});
  if (it != from_server_.end()) {
    takers.insert(it->second.begin(), it->second.end());
    from_server_.erase(it);
  }
  Count(takers);
}

void TypeCounter::Count(const Takers& takers) {
  if (takers.empty()) return;
  ++any_;
  ++first_[*takers.begin()];
  for (size_t selector : takers) ++objects_[selector];
}

void TypeCounter::Finish(MatchCounts& counts) {
  for (const auto& [key, takers] : from_server_) Count(takers);
  from_server_.clear();
  counts.objects += any_;
  for (size_t selector : entry_.selectors) {
    SelectorCount& count = counts.selectors[selector];
    count.types.push_back({entry_.type, objects_[selector]});
    count.objects += objects_[selector];
    count.first += first_[selector];
  }
}

}  // namespace holdfast::resourceset
