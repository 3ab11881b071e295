#include "stream/tar_field.h"

namespace holdfast::stream::tar {
namespace {

std::optional<uint64_t> ParseBase256(std::string_view field) {
  if (uint8_t(field[0]) & 0x40) return std::nullopt;  // negative
  uint64_t value = uint8_t(field[0]) & 0x3f;
  for (char c : field.substr(1)) {
    if (value >> 55 != 0) return std::nullopt;
    value = value << 8 | uint8_t(c);
  }
  return value;
}

std::optional<uint64_t> ParseDecimal(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + uint64_t(c - '0');
  }
  return value;
}

}  // namespace

std::optional<uint64_t> ParseNumber(std::string_view field) {
  if (!field.empty() && uint8_t(field[0]) & 0x80) return ParseBase256(field);
  while (!field.empty() && (field.front() == ' ' || field.front() == '\0')) field.remove_prefix(1);
  while (!field.empty() && (field.back() == ' ' || field.back() == '\0')) field.remove_suffix(1);
  uint64_t value = 0;
  for (char c : field) {
    if (c < '0' || c > '7' || value >> 60 != 0) return std::nullopt;
    value = value << 3 | uint64_t(c - '0');
  }
  return value;
}

std::string_view ParseText(std::string_view field) { return field.substr(0, field.find('\0')); }

Result<PaxFields> ParsePax(std::string_view records) {
  PaxFields fields;
  while (!records.empty()) {
    size_t blank = records.find(' ');
    auto size = ParseDecimal(records.substr(0, blank));
    if (blank == std::string_view::npos || !size || *size > records.size() || *size < blank + 3 ||
        records[*size - 1] != '\n') {
      return Fail(ErrorKind::kCorrupt, "damaged pax header");
    }
    std::string_view record = records.substr(blank + 1, *size - blank - 2);
    records.remove_prefix(*size);
    size_t equals = record.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return Fail(ErrorKind::kCorrupt, "damaged pax header");
    }
    std::string_view key = record.substr(0, equals);
    std::string_view value = record.substr(equals + 1);
    if (key.starts_with("GNU.sparse.")) {
      return Fail(ErrorKind::kInvalid, "sparse files are not supported");
    }
    // An empty value takes an earlier one back.
    if (key == "path") fields.path.reset();
    if (key == "path" && !value.empty()) fields.path = value;
    if (key == "size") fields.size.reset();
    if (key == "size" && !value.empty()) {
      fields.size = ParseDecimal(value);
      if (!fields.size) return Fail(ErrorKind::kCorrupt, "damaged size in a pax header");
    }
  }
  return fields;
}

Result<std::string> CleanPath(std::string_view path, size_t max_bytes) {
  auto refuse = [](std::string why) {
    return Fail(
        Error(ErrorKind::kInvalid, std::move(why))
            .Hint("no backup gives an entry such a name: the archive was made or changed by "
                  "hand; take another one"));
  };
  if (path.size() > max_bytes) {
    return refuse("its name has more than " + std::to_string(max_bytes) + " bytes");
  }
  if (path.find('\0') != std::string_view::npos) return refuse("its name has a NUL in it");
  while (path.starts_with("./")) path.remove_prefix(2);
  if (path.empty()) return refuse("its name is empty");
  if (path.front() == '/') return refuse("its name is an absolute path");
  for (std::string_view rest = path;;) {
    size_t slash = rest.find('/');
    std::string_view part = rest.substr(0, slash);
    if (part.empty()) return refuse("its name has an empty part");
    if (part == ".." || part == ".") {
      return refuse("its name has the part \"" + std::string(part) + "\"");
    }
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  return std::string(path);
}

}  // namespace holdfast::stream::tar
