#include "archive/name.h"

#include <algorithm>
#include <chrono>

#include "base/printable.h"
#include "base/rfc3339.h"

namespace holdfast::archive {
namespace {

using std::chrono::seconds;

constexpr size_t kMaxFileName = 255;
constexpr size_t kUidSize = 36;
constexpr std::string_view kEncrypted = ".enc";
constexpr std::string_view kEnd = ".tar.gz";

bool IsUid(std::string_view text) {
  if (text.size() != kUidSize) return false;
  for (size_t i = 0; i < kUidSize; ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    char c = text[i];
    bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !digit) return false;
  }
  return true;
}

// "2026-01-27T02-00-00" and "Z" or "+02-00" at the end of `text`; its length, 0 when it is none.
size_t TimeAtEnd(std::string_view text, Clock::Wall& time, bool& old_form) {
  for (size_t size : {size_t{20}, size_t{25}}) {
    if (text.size() < size) continue;
    std::string stamp(text.substr(text.size() - size));
    char separator = stamp[13];
    if (separator != '-' && separator != '#') continue;
    for (size_t at : {size_t{13}, size_t{16}, size_t{22}}) {
      if (at >= size) continue;
      if (stamp[at] != separator) return 0;
      stamp[at] = ':';
    }
    if (stamp[10] != 'T' || (size == 20) != (stamp.back() == 'Z')) continue;
    auto parsed = ParseRfc3339(stamp);
    if (!parsed) continue;
    time = *parsed;
    old_form = separator == '#';
    return size;
  }
  return 0;
}

bool TakeEnd(std::string_view& text, std::string_view end) {
  if (!text.ends_with(end)) return false;
  text.remove_suffix(end.size());
  return true;
}

}  // namespace

Result<std::string> MakeName(const ArchiveName& name) {
  const std::string& backup = name.backup;
  std::string shown = "backup name \"" + Printable(backup, 300) + "\"";
  if (backup.empty()) return Fail(ErrorKind::kInvalid, "the backup's name is empty");
  bool bad = std::any_of(backup.begin(), backup.end(),
                         [](char c) { return c == '/' || uint8_t(c) < 0x20 || c == 0x7f; });
  if (bad || backup.front() == '.') {
    return Fail(
        Error(ErrorKind::kInvalid, shown + " cannot be part of a file name")
            .Hint("it must not start with a dot, nor have \"/\" or control characters in it"));
  }
  if (!IsUid(name.uid)) {
    return Fail(ErrorKind::kInvalid, "\"" + Printable(name.uid) + "\" is not a cluster's uid");
  }
  std::string stamp = FormatRfc3339(name.time);
  std::replace(stamp.begin(), stamp.end(), ':', '-');
  std::string file = backup + "-" + name.uid + "-" + stamp + std::string(kEnd);
  if (name.encrypted) file += kEncrypted;
  if (file.size() > kMaxFileName) {
    size_t over = file.size() - kMaxFileName;
    return Fail(Error(ErrorKind::kInvalid, shown + " is too long: the archive's name would have " +
                                               std::to_string(file.size()) + " bytes, " +
                                               std::to_string(kMaxFileName) + " are possible")
                    .Hint("shorten it by " + std::to_string(over) + " bytes"));
  }
  return file;
}

std::optional<ArchiveName> ParseName(std::string_view file_name) {
  ArchiveName name;
  std::string_view rest = file_name;
  name.encrypted = TakeEnd(rest, kEncrypted);
  if (!TakeEnd(rest, kEnd)) return std::nullopt;
  size_t stamp = TimeAtEnd(rest, name.time, name.old_form);
  if (stamp == 0) return std::nullopt;
  rest.remove_suffix(stamp);
  if (!TakeEnd(rest, "-") || rest.size() < kUidSize) return std::nullopt;
  name.uid = rest.substr(rest.size() - kUidSize);
  if (!IsUid(name.uid)) return std::nullopt;
  rest.remove_suffix(kUidSize);
  if (!TakeEnd(rest, "-") || rest.empty()) return std::nullopt;
  name.backup = rest;
  return name;
}

Result<std::string> PutUnderFreeName(ArchiveName name, const Waits& waits,
                                     const std::function<Status(const std::string&)>& put) {
  for (int attempt = 1;; ++attempt) {
    HF_ASSIGN(std::string file, MakeName(name));
    auto status = put(file);
    if (status) return file;
    if (status.error().kind() != ErrorKind::kConflict || attempt == 10) {
      return Fail(std::move(status).error());
    }
    // Never a time that is still to come: an archive's name tells when its run began, or later.
    auto now = waits.clock->Now();
    auto next = std::chrono::floor<seconds>(std::max(now, name.time)) + seconds(1);
    if (!waits.deadline.never() && waits.deadline.Left(*waits.clock) < next - now) {
      return Fail(std::move(status).error());
    }
    if (!waits.clock->Sleep(next - now, waits.stop)) {
      return Fail(ErrorKind::kCancelled, "stopped while waiting for a free archive name");
    }
    name.time = next;
  }
}

}  // namespace holdfast::archive
