#include "resourceset/problems.h"

#include <algorithm>
#include <tuple>

#include "resourceset/resource_set.h"

namespace holdfast::resourceset {
namespace {
constexpr size_t kMaxReported = 20;
constexpr size_t kMaxKept = 1000;
}  // namespace

void Problems::Add(Mark mark, std::string_view path, std::string message) {
  // Far more than are reported, so that the ones reported are the first of the source; bounded, so
  // that a hostile file costs no more.
  if (problems_.size() >= kMaxKept) return;
  if (!with_places_) mark = {};
  std::string text(path);
  if (!text.empty()) text += ": ";
  text += message;
  for (const Problem& known : problems_) {
    if (known.text == text && known.mark.line == mark.line && known.mark.column == mark.column)
      return;
  }
  problems_.push_back({mark, std::move(text)});
}

Error Problems::ToError(ErrorKind kind) const {
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.mark.line, a.mark.column) < std::tie(b.mark.line, b.mark.column);
  });
  auto line = [this](const Problem& problem) {
    return Place{source_, problem.mark.line, problem.mark.column}.ToString() + ": " + problem.text;
  };
  if (sorted.size() == 1) return Error(kind, line(sorted[0]));
  std::string text = source_ + ": " + std::to_string(sorted.size()) + " problems:";
  for (size_t i = 0; i < sorted.size() && i < kMaxReported; ++i) text += "\n  " + line(sorted[i]);
  if (sorted.size() > kMaxReported)
    text += "\n  and " + std::to_string(sorted.size() - kMaxReported) + " more";
  return Error(kind, std::move(text));
}

}  // namespace holdfast::resourceset
