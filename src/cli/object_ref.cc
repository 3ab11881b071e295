#include "cli/object_ref.h"

#include <vector>

namespace holdfast::cli {

Result<ObjectRef> ObjectRef::Parse(std::string_view text) {
  auto bad = [&] {
    return Fail(Error(ErrorKind::kInvalid, "\"" + std::string(text) + "\" does not name an object")
                    .Hint("write RESOURCE.GROUP/NAME or RESOURCE.GROUP/NAMESPACE/NAME, such as "
                          "secrets/cattle-system/tls-ca or users.management.cattle.io/user-1"));
  };
  std::vector<std::string> parts(1);
  for (char c : text) {
    if (c == '/')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  if (parts.size() < 2 || parts.size() > 3) return bad();
  for (const std::string& part : parts)
    if (part.empty()) return bad();
  ObjectRef ref;
  std::string resource = parts[0];
  if (size_t hash = resource.find('#'); hash != std::string::npos) {
    ref.version = resource.substr(hash + 1);
    resource.resize(hash);
  }
  size_t dot = resource.find('.');
  ref.plural = resource.substr(0, dot);
  if (dot != std::string::npos) ref.group = resource.substr(dot + 1);
  if (ref.plural.empty()) return bad();
  ref.name = parts.back();
  if (parts.size() == 3) ref.ns = parts[1];
  return ref;
}

bool ObjectRef::Names(const archive::EntryName& entry) const {
  return entry.plural == plural && entry.group == group && entry.ns == ns && entry.name == name &&
         (version.empty() || entry.version == version);
}

}  // namespace holdfast::cli
