// Remarks on selectors that read less than they look like, from what the server has.
#pragma once

#include <string>
#include <vector>

#include "kube/discovery.h"
#include "resourceset/matcher.h"

namespace holdfast::resourceset {

// "the server has no x.io/v1 (it has x.io/v1beta1)".
std::string NoteNotServed(const kube::GroupVersion& gv, const kube::Discovery& discovery);

// Kinds that name nothing, a kindsRegexp that matches nothing, and the like.
void AddTypeNotes(const Matcher& matcher, const kube::GroupVersion& gv,
                  const std::vector<kube::ResourceType>& types, const kube::Discovery& discovery,
                  std::vector<std::string>& notes);

}  // namespace holdfast::resourceset
