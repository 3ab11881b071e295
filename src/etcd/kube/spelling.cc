#include "etcd/kube/spelling.h"

#include <ctime>

#include <fmt/format.h>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/protobuf_wire.h"

namespace holdfast::etcd {
namespace {

// Seconds of 0001-01-01, which Go takes for no time at all, and of the end of 9999.
constexpr int64_t kNoTime = -62135596800;
constexpr int64_t kLastTime = 253402300799;

// The first three fields, by number; views into the message.
struct Small {
  uint64_t number[4] = {};
  std::string_view bytes[4];
  bool has[4] = {};
};
Result<Small> ReadSmall(std::string_view message) {
  Small small;
  WireField field;
  WireReader reader(message);
  while (reader.Next(field)) {
    if (field.number > 3 || (field.type != 0 && field.type != 2)) continue;
    small.has[field.number] = true;
    (field.type == 0 ? small.number[field.number] : small.number[0]) = field.value;
    if (field.type == 2) small.bytes[field.number] = field.bytes;
  }
  if (!reader.ok()) return Fail(ErrorKind::kCorrupt, "the bytes are no protobuf message");
  return small;
}

Status AppendTime(std::string& out, const Small& time, bool micros) {
  auto seconds = static_cast<int64_t>(time.number[1]);
  auto nanos = static_cast<int32_t>(time.number[2]);
  if (nanos < 0 || nanos > 999'999'999)
    return Fail(ErrorKind::kCorrupt, "a time's fraction is over a second");
  if (seconds == kNoTime && (nanos < 1000 || !micros)) {
    out += "null";
    return {};
  }
  if (seconds < kNoTime || seconds > kLastTime)
    return Fail(ErrorKind::kCorrupt,
                fmt::format("a time of {} seconds is beyond year 9999", seconds));
  std::time_t at = seconds;
  std::tm parts{};
  gmtime_r(&at, &parts);
  fmt::format_to(std::back_inserter(out), "\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
                 parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                 parts.tm_sec);
  if (micros) fmt::format_to(std::back_inserter(out), ".{:06}", nanos / 1000);
  out += "Z\"";
  return {};
}

Status AppendRaw(std::string& out, const Small& raw) {
  if (!raw.has[1]) {
    out += "null";
    return {};
  }
  HF_TRY_CONTEXT(json::Validate(raw.bytes[1]), "JSON inside the object");
  // As Go's encoder puts it in: no white space between the tokens.
  std::string_view text = raw.bytes[1];
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quoted && c == '\\') {
      out += c;
      out += text[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == ' ' || c == '\n' || c == '\t' || c == '\r')) continue;
    if (c == '<' || c == '>' || c == '&') {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
      continue;
    }
    out += c;
  }
  return {};
}

// A fraction without its trailing zeros, and with its point.
std::string Fraction(uint64_t value, int digits) {
  std::string text = fmt::format("{:0{}}", value, digits);
  text.erase(text.find_last_not_of('0') + 1);
  return text.empty() ? text : "." + text;
}

}  // namespace

std::string FormatGoDuration(int64_t nanoseconds) {
  uint64_t left =
      nanoseconds < 0 ? 0 - static_cast<uint64_t>(nanoseconds) : static_cast<uint64_t>(nanoseconds);
  std::string sign = nanoseconds < 0 ? "-" : "";
  if (left == 0) return "0s";
  if (left < 1'000) return fmt::format("{}{}ns", sign, left);
  if (left < 1'000'000)
    return fmt::format("{}{}{}µs", sign, left / 1'000, Fraction(left % 1'000, 3));
  if (left < 1'000'000'000)
    return fmt::format("{}{}{}ms", sign, left / 1'000'000, Fraction(left % 1'000'000, 6));
  uint64_t seconds = left / 1'000'000'000;
  std::string text = sign;
  if (seconds >= 3600) text += fmt::format("{}h", seconds / 3600);
  if (seconds >= 60) text += fmt::format("{}m", seconds / 60 % 60);
  return text + fmt::format("{}{}s", seconds % 60, Fraction(left % 1'000'000'000, 9));
}

Status AppendSpelled(std::string& out, Spelling spelling, std::string_view message) {
  HF_ASSIGN(Small small, ReadSmall(message));
  switch (spelling) {
    case Spelling::kQuantity:
      if (small.has[1])
        json::AppendQuoted(out, small.bytes[1]);
      else
        out += "\"0\"";
      return {};
    case Spelling::kIntOrString:
      if (small.number[1] == 0)
        out += std::to_string(static_cast<int32_t>(small.number[2]));
      else
        json::AppendQuoted(out, small.bytes[3]);
      return {};
    case Spelling::kTime:
    case Spelling::kMicroTime:
      if (message.empty()) {
        out += "null";
        return {};
      }
      return AppendTime(out, small, spelling == Spelling::kMicroTime);
    case Spelling::kDuration:
      json::AppendQuoted(out, FormatGoDuration(static_cast<int64_t>(small.number[1])));
      return {};
    case Spelling::kRaw: return AppendRaw(out, small);
    default: return Fail(ErrorKind::kInternal, "a message that is an object in JSON");
  }
}

}  // namespace holdfast::etcd
