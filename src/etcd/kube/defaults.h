// What the API server fills in each time when it reads an object, because it is not stored so.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::etcd {

// `json` is an object's. Most defaults are filled in before an object is stored; these are not,
// as something is taken out or put in between.
void FillInDefaults(std::string_view kind, std::string& json);

// A CustomResourceDefinition in v1, however it is stored: API servers still write v1beta1. Other
// objects as they are.
std::string CrdInV1(std::string json);

}  // namespace holdfast::etcd
