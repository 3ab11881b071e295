// Fields of small JSON documents that users write: what is missing or of another type reads as
// empty.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace holdfast::op {

// Null where `object` is none or has no such key. Points into `object`.
inline const nlohmann::json& At(const nlohmann::json& object, const char* key) {
  static const nlohmann::json none;
  if (!object.is_object()) return none;
  auto found = object.find(key);
  return found == object.end() ? none : *found;
}

inline std::string Text(const nlohmann::json& object, const char* key) {
  const nlohmann::json& value = At(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace holdfast::op
