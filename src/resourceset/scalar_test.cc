#include "resourceset/scalar.h"

#include <gtest/gtest.h>

namespace holdfast::resourceset {
namespace {

TEST(Scalar, Kinds) {
  struct {
    std::string_view text;
    NodeKind kind;
    std::string_view want;
  } cases[] = {
      {"yes", NodeKind::kBool, "true"},
      {"Off", NodeKind::kBool, "false"},
      {"n", NodeKind::kBool, "false"},
      {"tRue", NodeKind::kString, "tRue"},
      {"0", NodeKind::kNumber, "0"},
      {"-12", NodeKind::kNumber, "-12"},
      {"+12", NodeKind::kNumber, "12"},
      {"1.5e3", NodeKind::kNumber, "1.5e3"},
      {"12345678901234567890123", NodeKind::kNumber, "12345678901234567890123"},
      {"0x1F", NodeKind::kNumber, "31"},
      {"-0x1f", NodeKind::kNumber, "-31"},
      {"0b101", NodeKind::kNumber, "5"},
      {"0o17", NodeKind::kNumber, "15"},
      {"0755", NodeKind::kNumber, "493"},
      {"1_000", NodeKind::kNumber, "1000"},
      {".5", NodeKind::kNumber, "0.5"},
      {"-.5", NodeKind::kNumber, "-0.5"},
      {"1.", NodeKind::kNumber, "1"},
      {"0x", NodeKind::kString, "0x"},
      {"0xg", NodeKind::kString, "0xg"},
      {"1.2.3", NodeKind::kString, "1.2.3"},
      {".", NodeKind::kString, "."},
      {"-", NodeKind::kString, "-"},
      {"1e", NodeKind::kString, "1e"},
      {"-a", NodeKind::kString, "-a"},
      {"2026-01-27", NodeKind::kString, "2026-01-27"},
      {"^cattle-", NodeKind::kString, "^cattle-"},
      {"", NodeKind::kString, ""},
  };
  for (const auto& one : cases) {
    const Scalar scalar = ResolvePlain(one.text);
    EXPECT_EQ(scalar.kind, one.kind) << one.text;
    EXPECT_EQ(scalar.text, one.want) << one.text;
    EXPECT_FALSE(scalar.not_json) << one.text;
  }
  EXPECT_TRUE(ResolvePlain("-.inf").not_json);
  EXPECT_TRUE(ResolvePlain(".NaN").not_json);
}

}  // namespace
}  // namespace holdfast::resourceset
