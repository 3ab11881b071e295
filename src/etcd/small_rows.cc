#include <cctype>

#include <fmt/format.h>

#include "base/json_scan.h"
#include "base/printable.h"
#include "base/protobuf_wire.h"
#include "etcd/bytes.h"
#include "etcd/verify_walk.h"

namespace holdfast::etcd {
namespace {

bool IsMessage(std::string_view bytes) {
  WireField field;
  WireReader reader(bytes);
  while (reader.Next(field)) {
  }
  return reader.ok();
}

// Users and roles carry their name in field 1.
std::string CheckNamed(std::string_view what, std::string_view key, std::string_view value) {
  WireField field;
  WireReader reader(value);
  std::string_view name;
  while (reader.Next(field))
    if (field.IsBytes(1)) name = field.bytes;
  std::string shown = Printable(key, 64);
  if (!reader.ok()) return fmt::format("{} \"{}\" cannot be decoded", what, shown);
  if (name != key)
    return fmt::format("{} \"{}\" says that it is \"{}\"", what, shown, Printable(name, 64));
  return "";
}

std::string CheckLease(std::string_view key, std::string_view value) {
  if (key.size() != 8) return fmt::format("a lease's id of {} bytes", key.size());
  WireField field;
  WireReader reader(value);
  uint64_t id = 0;
  while (reader.Next(field))
    if (field.IsNumber(1)) id = field.value;
  if (!reader.ok()) return fmt::format("lease {:x} cannot be decoded", Be64(key.data()));
  if (id != Be64(key.data()))
    return fmt::format("lease {:x} says that it is {:x}", Be64(key.data()), id);
  return "";
}

std::string CheckMember(std::string_view key, std::string_view value) {
  std::string shown = Printable(key, 64);
  for (char c : key)
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0)
      return fmt::format("\"{}\" is no member id", shown);
  if (!json::Validate(value)) return fmt::format("member {} is no JSON", shown);
  auto id = json::Find(value, {"id"});
  uint64_t number = 0;
  for (char c : id.value_or("")) number = number * 10 + static_cast<uint64_t>(c - '0');
  if (fmt::format("{:x}", number) != key)
    return fmt::format("member {} says that its id is {}", shown,
                       Printable(id.value_or("none"), 32));
  return "";
}

std::string CheckMeta(std::string_view key, std::string_view value) {
  if (key == "confState" && !json::Validate(value)) return "confState is no JSON";
  return "";  // the numbers are checked by ReadFacts()
}

}  // namespace

std::string CheckSmallRow(std::string_view bucket, std::string_view key, std::string_view value) {
  if (bucket == "lease") return CheckLease(key, value);
  if (bucket == "authUsers") return CheckNamed("user", key, value);
  if (bucket == "authRoles") return CheckNamed("role", key, value);
  if (bucket == "members") return CheckMember(key, value);
  if (bucket == "meta") return CheckMeta(key, value);
  if (bucket == "auth" && key == "authRevision" && value.size() != 8)
    return fmt::format("authRevision has {} bytes, not 8", value.size());
  if (bucket == "auth" && key == "authEnabled" && value.size() != 1)
    return fmt::format("authEnabled has {} bytes, not 1", value.size());
  if (bucket == "alarm" && !IsMessage(key)) return "an alarm cannot be decoded";
  return "";
}

}  // namespace holdfast::etcd
