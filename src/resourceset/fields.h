// Field selectors: which fields can be evaluated here exactly as the API server does.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "kube/types.h"

namespace holdfast::resourceset {

class ObjectView;

// Whether FieldEquals() gives the API server's answer for this field of this type, on every server
// version. Everything else has to be sent to the server, which evaluates it or refuses it (400).
bool IsLocalField(const kube::ResourceType& type, std::string_view field);

// Whether the object's field has this value. For fields for which IsLocalField() holds.
bool FieldEquals(const kube::ResourceType& type, std::string_view field, std::string_view value,
                 const ObjectView& object);
// The field's value as the API server sees it.
std::string FieldValue(const kube::ResourceType& type, std::string_view field,
                       const ObjectView& object);

// "a=1,b=2": sorted by field; '\', ',' and '=' in values are escaped with '\'.
std::string FieldSelectorText(const std::map<std::string, std::string>& terms);

}  // namespace holdfast::resourceset
