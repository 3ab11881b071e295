// Counts what each selector takes of one type, while its lists come in.
#pragma once

#include <map>
#include <set>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "resourceset/count.h"
#include "resourceset/selection.h"

namespace holdfast::resourceset {

// First the lists with a server field selector, then the plain list, then Finish(). Objects handed
// over twice count once. Everything given must outlive it.
class TypeCounter {
 public:
  TypeCounter(const Selection& selection, const TypeSelection& entry);

  void AddFromServer(const ServerFieldSelector& from, std::string_view object);
  void AddPlain(std::string_view object);
  // Adds to `counts`, whose selectors must be there.
  void Finish(MatchCounts& counts);

 private:
  using Takers = std::set<size_t>;
  void Count(const Takers& takers);

  const Selection& selection_;
  const TypeSelection& entry_;
  std::vector<size_t> plain_;                // selectors that are matched without the server
  std::map<ObjectKey, Takers> from_server_;  // not yet counted
  std::unordered_set<std::string> seen_;     // keys of the plain list: "namespace/name"
  std::map<size_t, int64_t> objects_, first_;
  int64_t any_ = 0;
};

}  // namespace holdfast::resourceset
