// Made-up JSON text: words, names, base64, trees.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "testbed/random.h"

namespace holdfast::testbed {

// Appends one JSON object, member by member.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
  // `value` is JSON.
  ObjectWriter& Raw(std::string_view key, std::string_view value);
  ObjectWriter& Text(std::string_view key, std::string_view value);
  ObjectWriter& Number(std::string_view key, int64_t value) {
    return Raw(key, std::to_string(value));
  }
  ObjectWriter& Bool(std::string_view key, bool value) {
    return Raw(key, value ? "true" : "false");
  }
  // Begins a member whose value the caller appends to the same string.
  void Key(std::string_view key);
  void End() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

// Words, some of them of other alphabets, with quotes, line ends, <, > and &; about `bytes` long.
std::string Prose(Random& random, size_t bytes);
// `bytes` random bytes in base64.
std::string RandomBase64(Random& random, size_t bytes);
// Letters and digits.
std::string RandomName(Random& random, size_t length);

// A JSON object of about `bytes` bytes: nested objects, lists, text, whole numbers up to 2^63-1,
// fractions that a double holds exactly.
void AppendTree(std::string& out, Random& random, size_t bytes);

}  // namespace holdfast::testbed
