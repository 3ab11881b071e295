#include "resourceset/regexp.h"

#include <re2/re2.h>

namespace holdfast::resourceset {
namespace {

constexpr int64_t kMaxMemory = 8 << 20;

// RE2's codes in Go's words.
std::string_view GoText(re2::RE2::ErrorCode code) {
  using re2::RE2;
  switch (code) {
    case RE2::ErrorBadEscape: return "invalid escape sequence";
    case RE2::ErrorBadCharClass: return "invalid character class";
    case RE2::ErrorBadCharRange: return "invalid character class range";
    case RE2::ErrorMissingBracket: return "missing closing ]";
    case RE2::ErrorMissingParen: return "missing closing )";
    case RE2::ErrorUnexpectedParen: return "unexpected )";
    case RE2::ErrorTrailingBackslash: return "trailing backslash at end of expression";
    case RE2::ErrorRepeatArgument: return "missing argument to repetition operator";
    case RE2::ErrorRepeatSize: return "invalid repeat count";
    case RE2::ErrorRepeatOp: return "invalid nested repetition operator";
    case RE2::ErrorBadPerlOp: return "invalid or unsupported Perl syntax";
    case RE2::ErrorBadUTF8: return "invalid UTF-8";
    case RE2::ErrorBadNamedCapture: return "invalid named capture";
    case RE2::ErrorPatternTooLarge: return "expression too large";
    default: return "internal error";
  }
}

}  // namespace

std::string TranslateNamedGroups(std::string_view pattern) {
  std::string out;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      if (!in_class && pattern[i + 1] == 'Q') {  // literal until \E
        size_t end = pattern.find("\\E", i + 2);
        end = end == std::string_view::npos ? pattern.size() : end + 2;
        out += pattern.substr(i, end - i);
        i = end - 1;
        continue;
      }
      out += pattern[i++];
      out += pattern[i];
      continue;
    }
    if (in_class) {
      if (pattern.substr(i).starts_with("[:")) {  // [[:alpha:]]
        const size_t end = pattern.find(":]", i + 2);
        if (end != std::string_view::npos) {
          out += pattern.substr(i, end + 2 - i);
          i = end + 1;
          continue;
        }
      }
      in_class = pattern[i] != ']';
    } else if (pattern[i] == '[') {
      in_class = true;
      out += '[';
      if (i + 1 < pattern.size() && pattern[i + 1] == '^') out += pattern[++i];
      // A ] that comes first belongs to the class.
      if (i + 1 < pattern.size() && pattern[i + 1] == ']') out += pattern[++i];
      continue;
    } else if (pattern.substr(i).starts_with("(?<")) {
      out += "(?P<";
      i += 2;
      continue;
    }
    out += pattern[i];
  }
  return out;
}

Regexp::Regexp(std::unique_ptr<re2::RE2> compiled) : compiled_(std::move(compiled)) {}
Regexp::~Regexp() = default;
Regexp::Regexp(Regexp&&) noexcept = default;
Regexp& Regexp::operator=(Regexp&&) noexcept = default;

Result<Regexp> Regexp::Compile(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  options.set_never_capture(true);
  auto compiled = std::make_unique<re2::RE2>(TranslateNamedGroups(pattern), options);
  if (!compiled->ok()) {
    std::string text = "error parsing regexp: " + std::string(GoText(compiled->error_code()));
    if (!compiled->error_arg().empty()) text += ": `" + compiled->error_arg() + "`";
    return Fail(ErrorKind::kInvalid, std::move(text));
  }
  return Regexp(std::move(compiled));
}

bool Regexp::Matches(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled_);
}

}  // namespace holdfast::resourceset
