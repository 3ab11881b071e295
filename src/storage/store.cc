#include "storage/store.h"

#include "base/printable.h"

namespace holdfast::storage {

Status CheckName(std::string_view name) {
  const char* why = nullptr;
  if (name.empty())
    why = "it is empty";
  else if (name.size() > 255)
    why = "it has more than 255 bytes";
  else if (name.front() == '.')
    why = "it starts with a dot";
  else if (name.find('/') != std::string_view::npos)
    why = "it has a \"/\" in it";
  else if (name.find('\0') != std::string_view::npos)
    why = "it has a NUL in it";
  if (why == nullptr) return {};
  return Fail(ErrorKind::kInvalid,
              "\"" + Printable(name, 300) + "\" is not the name of an archive: " + why);
}

}  // namespace holdfast::storage
