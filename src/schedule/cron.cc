#include "schedule/cron.h"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/go_duration.h"
#include "base/printable.h"
#include "schedule/cron_fields.h"

namespace holdfast::schedule {
namespace {

constexpr size_t kMostBytes = 1024;
constexpr int kYears = 5;

// nullptr: not a descriptor.
const char* FieldsOf(std::string_view descriptor) {
  constexpr std::pair<std::string_view, const char*> kDescriptors[] = {
      {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
      {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
      {"@hourly", "0 * * * *"}};
  for (auto [name, fields] : kDescriptors)
    if (name == descriptor) return fields;
  return nullptr;
}

// The database's names only: cctz would read any file of the machine.
bool IsZoneName(std::string_view name) {
  if (name.size() > 64 || name.starts_with('/') || name.find("..") != name.npos) return false;
  for (char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
          c == '_' || c == '-' || c == '+'))
      return false;
  return true;
}

Result<absl::TimeZone> FindZone(std::string_view name) {
  if (name.empty() || name == "Local") return absl::LocalTimeZone();
  if (name == "UTC") return absl::UTCTimeZone();
  absl::TimeZone zone;
  if (IsZoneName(name) && absl::LoadTimeZone(std::string(name), &zone)) return zone;
  std::string shown = Printable(name, 64);
  return Fail(
      Error(ErrorKind::kInvalid, "provided bad location " + shown + ": unknown time zone " + shown)
          .Hint("name a zone of the IANA database, such as Europe/Berlin"));
}

absl::Time ToAbsl(Clock::Wall time) { return absl::FromChrono(time); }

}  // namespace

struct Schedule::Spec {
  std::optional<std::chrono::seconds> every;
  CronFields fields;
  absl::TimeZone zone;
};

Result<Schedule> Schedule::Parse(std::string_view text, std::string_view zone) {
  if (text.size() > kMostBytes)
    return Fail(ErrorKind::kInvalid,
                "the schedule is longer than " + std::to_string(kMostBytes) + " bytes");
  if (text.empty()) return Fail(ErrorKind::kInvalid, "empty spec string");
  if (text.starts_with("TZ=") || text.starts_with("CRON_TZ=")) {
    text.remove_prefix(text.find('=') + 1);
    size_t blank = text.find(' ');
    zone = text.substr(0, blank);
    text = blank == text.npos ? std::string_view() : text.substr(blank);
    while (text.starts_with(' ')) text.remove_prefix(1);
    if (zone.empty()) zone = "UTC";  // as Go reads an empty name
  }
  auto spec = std::make_shared<Spec>();
  HF_ASSIGN(spec->zone, FindZone(zone));
  constexpr std::string_view kEvery = "@every ";
  if (text.starts_with(kEvery)) {
    std::string_view given = text.substr(kEvery.size());
    auto delay = ParseGoDuration(given);
    if (!delay)
      return Fail(Error(ErrorKind::kInvalid, "failed to parse duration " + std::string(text) +
                                                 ": time: invalid duration \"" +
                                                 std::string(given) + '"')
                      .Hint("write it as 90s, 30m or 1h30m"));
    spec->every =
        std::max(std::chrono::floor<std::chrono::seconds>(*delay), std::chrono::seconds(1));
    return Schedule(std::move(spec));
  }
  if (text.starts_with('@')) {
    const char* fields = FieldsOf(text);
    if (fields == nullptr)
      return Fail(ErrorKind::kInvalid, "unrecognized descriptor: " + std::string(text));
    text = fields;
  }
  HF_ASSIGN(spec->fields, ParseCronFields(text));
  return Schedule(std::move(spec));
}

std::optional<std::chrono::seconds> Schedule::every() const { return spec_->every; }

std::optional<Clock::Wall> Schedule::Next(Clock::Wall time) const {
  if (spec_->every)
    return std::chrono::time_point_cast<Clock::Wall::duration>(
        std::chrono::floor<std::chrono::seconds>(time) + *spec_->every);
  const CronFields& want = spec_->fields;
  if (want.minute == 0 || want.hour == 0) return std::nullopt;  // a field of commas alone
  // Every minute of time is looked at in the zone's clothes, so that skipped and repeated local
  // times need no care; days and hours that cannot match are stepped over.
  constexpr absl::Duration kMinute = absl::Minutes(1);
  absl::Time at = absl::FromUnixSeconds(
      (absl::ToUnixSeconds(ToAbsl(std::chrono::floor<std::chrono::minutes>(time)))) + 60);
  const absl::CivilYear last = absl::CivilYear(absl::ToCivilYear(at, spec_->zone)) + kYears;
  while (true) {
    absl::CivilMinute local = absl::ToCivilMinute(at, spec_->zone);
    if (absl::CivilYear(local) > last) return std::nullopt;
    absl::CivilDay day(local);
    int weekday = (static_cast<int>(absl::GetWeekday(day)) + 1) % 7;  // Monday is 0 there
    if ((want.month >> local.month() & 1) == 0 || !want.MatchesDay(local.day(), weekday)) {
      // The first instant of the next day: where midnight is skipped, the one that comes instead.
      absl::TimeZone::TimeInfo next = spec_->zone.At(absl::CivilSecond(day + 1));
      bool skipped = next.kind == absl::TimeZone::TimeInfo::SKIPPED;
      at = std::max(skipped ? next.trans : next.pre, at + kMinute);
      // Midnight may come twice, or what is given is still of today.
      while (absl::CivilDay(absl::ToCivilMinute(at, spec_->zone)) == day) at += kMinute;
      continue;
    }
    if ((want.hour >> local.hour() & 1) == 0) {
      // No farther than the next quarter of an hour: clocks are changed at these.
      int64_t minutes = absl::ToUnixSeconds(at) / 60;
      at += kMinute * (15 - minutes % 15);
      continue;
    }
    if ((want.minute >> local.minute() & 1) != 0)
      return std::chrono::time_point_cast<Clock::Wall::duration>(absl::ToChronoTime(at));
    at += kMinute;
  }
}

std::chrono::seconds Jitter(std::string_view key, std::chrono::seconds most) {
  if (most.count() <= 0) return std::chrono::seconds(0);
  uint64_t hash = 14695981039346656037ull;  // FNV-1a
  for (char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  hash ^= hash >> 32;
  return std::chrono::seconds(hash % (static_cast<uint64_t>(most.count()) + 1));
}

}  // namespace holdfast::schedule
