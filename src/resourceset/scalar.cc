#include "resourceset/scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>

namespace holdfast::resourceset {
namespace {

bool OneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

size_t SkipDigits(std::string_view text, size_t at) {
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}

// The grammar of a JSON number.
bool IsJsonNumber(std::string_view text) {
  size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  const size_t whole = at;
  at = SkipDigits(text, at);
  if (at == whole || (at - whole > 1 && text[whole] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    const size_t fraction = ++at;
    at = SkipDigits(text, at);
    if (at == fraction) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const size_t exponent = at;
    at = SkipDigits(text, at);
    if (at == exponent) return false;
  }
  return at == text.size();
}

// [-+]? ( .digits | digits (. digits?)? ) ( [eE] [-+]? digits )?
bool IsYamlFloat(std::string_view text) {
  size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const size_t whole = at;
  at = SkipDigits(text, at);
  const bool has_whole = at > whole;
  if (at < text.size() && text[at] == '.') {
    const size_t fraction = ++at;
    at = SkipDigits(text, at);
    if (!has_whole && at == fraction) return false;
  } else if (!has_whole) {
    return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const size_t exponent = at;
    at = SkipDigits(text, at);
    if (at == exponent) return false;
  }
  return at == text.size();
}

// Digits of the base, in 64 bits; false for anything else.
bool ParseInteger(std::string_view digits, int base, bool negative, std::string* out) {
  uint64_t value = 0;
  auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (failed != std::errc() || end != digits.data() + digits.size() || digits.empty()) return false;
  *out = (negative && value != 0 ? "-" : "") + std::to_string(value);
  return true;
}

}  // namespace

Scalar ResolvePlain(std::string_view text) {
  if (OneOf(text, {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"}))
    return {NodeKind::kBool, "true"};
  if (OneOf(text, {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}))
    return {NodeKind::kBool, "false"};
  Scalar string{NodeKind::kString, std::string(text)};
  if (text.empty() || !(IsDigit(text[0]) || text[0] == '-' || text[0] == '+' || text[0] == '.'))
    return string;
  if (IsJsonNumber(text)) return {NodeKind::kNumber, std::string(text)};

  std::string_view body = text;
  const bool negative = body[0] == '-';
  if (negative || body[0] == '+') body.remove_prefix(1);
  if (OneOf(body, {".inf", ".Inf", ".INF"}) || OneOf(text, {".nan", ".NaN", ".NAN"}))
    return {NodeKind::kNumber, "null", true};
  if (body.empty() || !(IsDigit(body[0]) || body[0] == '.')) return string;

  std::string plain;
  for (char c : body) {
    if (c != '_') plain += c;
  }
  std::string number;
  std::string_view digits = plain;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    if (ParseInteger(digits.substr(2), 16, negative, &number)) return {NodeKind::kNumber, number};
  } else if (digits.starts_with("0b")) {
    if (ParseInteger(digits.substr(2), 2, negative, &number)) return {NodeKind::kNumber, number};
  } else if (digits.starts_with("0o")) {
    if (ParseInteger(digits.substr(2), 8, negative, &number)) return {NodeKind::kNumber, number};
  } else if (digits.size() > 1 && digits[0] == '0' &&
             ParseInteger(digits.substr(1), 8, negative, &number)) {
    return {NodeKind::kNumber, number};
  } else if (IsJsonNumber(digits)) {
    return {NodeKind::kNumber, (negative ? "-" : "") + plain};
  } else if (IsYamlFloat(digits)) {
    double value = 0;
    auto [end, failed] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
    if (failed == std::errc() && end == plain.data() + plain.size() && std::isfinite(value)) {
      char buffer[64];
      auto written = std::to_chars(buffer, buffer + sizeof buffer, negative ? -value : value);
      return {NodeKind::kNumber, std::string(buffer, written.ptr)};
    }
  }
  return string;
}

}  // namespace holdfast::resourceset
