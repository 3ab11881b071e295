#include "kube/nested_scanner.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace holdfast::kube {

class NestedScannerPeer {
 public:
  static std::vector<NestedScanner> AllWays(size_t max_depth) {
    std::vector<NestedScanner> ways;
    ways.emplace_back(max_depth);
    ways.back().isa_ = NestedScanner::Isa::kPortable;
    if (NestedScanner::BestIsa() == NestedScanner::Isa::kPortable) return ways;
    ways.emplace_back(max_depth);
    ways.back().isa_ = NestedScanner::Isa::kSse2;
    ways.emplace_back(max_depth);
    ways.back().isa_ = NestedScanner::BestIsa();
    return ways;
  }
};

namespace {

// Byte by byte: the offset after the value, or 0 when it does not end.
size_t EndOf(const std::string& text, size_t max_depth, bool& too_deep) {
  size_t depth = 0;
  bool in_string = false, escaped = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"' && !escaped) in_string = !in_string;
    if (!in_string && (c == '{' || c == '[') && ++depth > max_depth) too_deep = true;
    if (!in_string && (c == '}' || c == ']') && --depth == 0) return i + 1;
    escaped = c == '\\' && !escaped;
  }
  return 0;
}

TEST(NestedScanner, EveryWayAgreesWithTheSimpleOneOnRandomText) {
  std::mt19937 random(7);
  const std::string alphabet = "{}[]\"\\\\\\\"ab,: {[";
  int ended = 0, deep = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text = "{";
    size_t size = random() % 400;
    // Mostly plain text now and then, so that values are long enough to span blocks.
    unsigned plain = random() % 30;
    for (size_t i = 0; i < size; ++i)
      text += random() % 30 < plain ? 'x' : alphabet[random() % alphabet.size()];
    if (random() % 2) text += "\"}]}]}]}]}]}";
    bool want_deep = false;
    const size_t want = EndOf(text, 12, want_deep);
    ended += want > 0;
    deep += want_deep;
    for (NestedScanner& scanner : NestedScannerPeer::AllWays(12)) {
      size_t at = 0;
      do {
        size_t piece = std::min<size_t>(text.size() - at, random() % 100);
        std::string exact = text.substr(at, piece);  // ASan sees reads beyond it
        at += scanner.Scan(exact.data(), exact.size());
      } while (at < text.size() && (at == 0 || !scanner.done()));
      ASSERT_EQ(scanner.too_deep(), want_deep) << text;
      ASSERT_EQ(scanner.done() ? at : 0, want) << text;
    }
  }
  EXPECT_GT(ended, 300);
  EXPECT_GT(deep, 300);
}

TEST(NestedScanner, IsReadyForTheNextValue) {
  for (NestedScanner& scanner : NestedScannerPeer::AllWays(8)) {
    for (std::string text : {"{\"\\\\\"}", "[]", "{\"a\":[\"]\"]}"}) {
      EXPECT_EQ(scanner.Scan(text.data(), text.size()), text.size());
      EXPECT_TRUE(scanner.done());
    }
  }
}

TEST(NestedScanner, FindsTheEndOfAValueThatIsTooDeep) {
  const std::string text = "{\"a\":" + std::string(200, '[') + std::string(200, ']') + "}";
  for (size_t piece : {1, 50, 1000}) {
    for (NestedScanner& scanner : NestedScannerPeer::AllWays(8)) {
      size_t at = 0;
      do {
        size_t size = std::min(piece, text.size() + 5 - at);
        at += scanner.Scan((text + "     ").substr(at, size).data(), size);
      } while (!scanner.done());
      EXPECT_EQ(at, text.size());
      EXPECT_TRUE(scanner.too_deep());
    }
  }
}

}  // namespace
}  // namespace holdfast::kube
