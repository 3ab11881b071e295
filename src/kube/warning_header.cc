#include "kube/warning_header.h"

#include <optional>

namespace holdfast::kube {
namespace {

constexpr size_t kMostTexts = 100;
constexpr size_t kLongestText = 4096;

void SkipSpaces(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

bool SkipWord(std::string_view& text) {
  size_t length = text.find_first_of(" \t\",");
  if (length == 0 || length == std::string_view::npos) return false;
  text.remove_prefix(length);
  return true;
}

// A quoted-string at the beginning of `text`, which is advanced behind it.
std::optional<std::string> TakeQuoted(std::string_view& text) {
  if (text.empty() || text.front() != '"') return std::nullopt;
  std::string out;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return out;
    }
    if (text[i] == '\\' && ++i == text.size()) break;
    auto c = static_cast<unsigned char>(text[i]);
    if (out.size() < kLongestText) out += c < ' ' || c == 0x7f ? ' ' : static_cast<char>(c);
  }
  return std::nullopt;
}

}  // namespace

// warning-value = warn-code SP warn-agent SP warn-text [ SP warn-date ], several with commas.
void ReadWarnings(std::string_view header, std::vector<std::string>& texts) {
  for (;;) {
    SkipSpaces(header);
    if (!SkipWord(header)) return;
    SkipSpaces(header);
    if (!SkipWord(header)) return;
    SkipSpaces(header);
    std::optional<std::string> text = TakeQuoted(header);
    if (!text || texts.size() >= kMostTexts) return;
    texts.push_back(std::move(*text));
    SkipSpaces(header);
    if (TakeQuoted(header)) SkipSpaces(header);
    if (header.empty() || header.front() != ',') return;
    header.remove_prefix(1);
  }
}

}  // namespace holdfast::kube
