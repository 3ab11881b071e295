#include "resourceset/label_selector_text.h"

#include "resourceset/label_match.h"

namespace holdfast::resourceset {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view Trim(std::string_view text) {
  size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

tl::unexpected<Error> Wrong(std::string_view part, std::string_view why) {
  return Fail(Error(ErrorKind::kInvalid,
                    "\"" + std::string(part) + "\" in the label selector: " + std::string(why))
                  .Hint("write for example app=web,tier!=test,env in (a,b),!legacy"));
}

// The parts between commas that are not inside parentheses.
std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == ',' && depth <= 0)) {
      parts.push_back(Trim(text.substr(begin, i - begin)));
      begin = i + 1;
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')') {
      --depth;
    }
  }
  return parts;
}

Result<LabelRequirement> ParsePart(std::string_view part) {
  if (part.starts_with('!'))
    return LabelRequirement{std::string(Trim(part.substr(1))), "DoesNotExist", {}};
  size_t equals = part.find('=');
  size_t open = part.find('(');
  if (open != std::string_view::npos) {
    if (!part.ends_with(')')) return Wrong(part, "a parenthesis is not closed");
    std::string_view head = Trim(part.substr(0, open));
    size_t blank = head.find_first_of(kBlanks);
    std::string_view op = blank == std::string_view::npos ? "" : Trim(head.substr(blank));
    if (op != "in" && op != "notin") return Wrong(part, "neither `in` nor `notin`");
    LabelRequirement requirement{
        std::string(head.substr(0, blank)), op == "in" ? "In" : "NotIn", {}};
    for (std::string_view value : Split(part.substr(open + 1, part.size() - open - 2)))
      requirement.values.emplace_back(value);
    return requirement;
  }
  if (equals == std::string_view::npos) return LabelRequirement{std::string(part), "Exists", {}};
  bool differs = equals > 0 && part[equals - 1] == '!';
  std::string_view key = part.substr(0, differs ? equals - 1 : equals);
  std::string_view value = part.substr(equals + 1);
  if (value.starts_with('=')) value.remove_prefix(1);
  return LabelRequirement{
      std::string(Trim(key)), differs ? "NotIn" : "In", {std::string(Trim(value))}};
}

}  // namespace

Result<LabelSelector> ParseLabelSelector(std::string_view text) {
  LabelSelector selector;
  for (std::string_view part : Split(text)) {
    if (part.empty()) return Wrong(text, "a part is empty");
    HF_ASSIGN(LabelRequirement requirement, ParsePart(part));
    selector.match_expressions.push_back(std::move(requirement));
    LabelSelector one;
    one.match_expressions.push_back(selector.match_expressions.back());
    if (auto fault = CheckLabels(one)) return Wrong(part, fault->message);
  }
  return selector;
}

}  // namespace holdfast::resourceset
