// What is wrong with one source, collected and reported together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "resourceset/document.h"

namespace holdfast::resourceset {

class Problems {
 public:
  // Without places where a line and column help nobody: text that no person wrote.
  Problems(std::string_view source, bool with_places)
      : source_(source), with_places_(with_places) {}

  // `path` may be empty. Said twice counts once.
  void Add(Mark mark, std::string_view path, std::string message);
  bool empty() const { return problems_.empty(); }
  size_t size() const { return problems_.size(); }
  // In the order of the source, at most 20: one on one line, several on a line each below
  // "<source>: N problems:". Must not be empty.
  Error ToError(ErrorKind kind) const;

 private:
  struct Problem {
    Mark mark;
    std::string text;  // "path: message"
  };
  std::string source_;
  bool with_places_;
  std::vector<Problem> problems_;
};

}  // namespace holdfast::resourceset
