// Regular expressions as Go reads them: RE2's syntax, found anywhere in the text, case-sensitive.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace holdfast::resourceset {

// May be used by any number of threads.
class Regexp {
 public:
  // kInvalid with Go's text: "error parsing regexp: missing closing ]: `[`". Patterns whose program
  // needs more than 8 MiB are refused.
  static Result<Regexp> Compile(std::string_view pattern);
  ~Regexp();
  Regexp(Regexp&&) noexcept;
  Regexp& operator=(Regexp&&) noexcept;

  bool Matches(std::string_view text) const;

 private:
  explicit Regexp(std::unique_ptr<re2::RE2> compiled);
  std::unique_ptr<re2::RE2> compiled_;
};

// RE2 knows named groups only as (?P<name>...), Go also as (?<name>...).
std::string TranslateNamedGroups(std::string_view pattern);

}  // namespace holdfast::resourceset
