#include "archive/entry_name.h"

#include "base/printable.h"

namespace holdfast::archive {

std::string EntryName::KindKey() const { return plural + "." + group + "#" + version; }

std::string EntryName::ToPath() const {
  std::string path = KindKey() + "/";
  if (!ns.empty()) path += ns + "/";
  return path + name + ".json";
}

std::string EntryName::Resource() const { return group.empty() ? plural : plural + "." + group; }

std::string EntryName::ApiVersion() const {
  return group.empty() ? version : group + "/" + version;
}

std::string EntryName::DataContext() const { return ns.empty() ? name : ns + "#" + name; }

std::string EntryName::ToString() const {
  std::string text = plural + "." + version;
  if (!group.empty()) text += "." + group;
  text += " ";
  if (!ns.empty()) text += ns + "/";
  return Printable(text + name, 600);
}

Result<EntryName> EntryName::Parse(std::string_view path) {
  auto refuse = [&](const char* why) {
    return Fail(
        Error(ErrorKind::kInvalid, "entry \"" + Printable(path) + "\" is not an object's: " + why)
            .Hint("objects are <plural>.<group>#<version>/[<namespace>/]<name>.json"));
  };
  size_t first = path.find('/');
  if (first == std::string_view::npos) return refuse("no \"/\" in it");
  std::string_view folder = path.substr(0, first);
  std::string_view file = path.substr(first + 1);

  EntryName entry;
  size_t second = file.find('/');
  if (second != std::string_view::npos) {
    entry.ns = file.substr(0, second);
    file = file.substr(second + 1);
    if (entry.ns.empty()) return refuse("an empty namespace");
    if (file.find('/') != std::string_view::npos) return refuse("more than three parts");
  }
  if (!file.ends_with(".json")) return refuse("it does not end in \".json\"");
  entry.name = file.substr(0, file.size() - 5);
  if (entry.name.empty()) return refuse("an empty name");

  size_t hash = folder.find('#');
  if (hash == std::string_view::npos) return refuse("no \"#\" in its folder");
  size_t dot = folder.find('.');
  if (dot == std::string_view::npos || dot > hash) return refuse("no \".\" before the \"#\"");
  entry.plural = folder.substr(0, dot);
  entry.group = folder.substr(dot + 1, hash - dot - 1);
  entry.version = folder.substr(hash + 1);
  if (entry.plural.empty()) return refuse("an empty plural");
  if (entry.version.empty()) return refuse("an empty version");
  if (entry.version.find('#') != std::string::npos) return refuse("two \"#\" in its folder");
  return entry;
}

}  // namespace holdfast::archive
