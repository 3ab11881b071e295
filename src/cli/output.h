// Results as text, JSON or YAML.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/common.h"

namespace holdfast::cli {

// Builds one JSON object member by member.
class JsonObject {
 public:
  JsonObject& Text(std::string_view key, std::string_view value);
  JsonObject& Number(std::string_view key, uint64_t value);
  JsonObject& Bool(std::string_view key, bool value);
  // `json` as it stands.
  JsonObject& Raw(std::string_view key, std::string_view json);
  JsonObject& Texts(std::string_view key, const std::vector<std::string>& values);
  std::string Done() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

std::string JsonArray(const std::vector<std::string>& elements);

// The JSON text indented by two blanks a level; numbers as they stand.
std::string PrettyJson(std::string_view json);
// The same as YAML; numbers as they stand, texts quoted wherever a reader could take them for
// something else.
std::string ToYaml(std::string_view json);
// As `format` asks; kText is not expected here.
void PrintDocument(std::ostream& out, Format format, std::string_view json);

// Columns padded to their widest cell, two blanks apart; the first row is the head.
void PrintTable(std::ostream& out, const std::vector<std::vector<std::string>>& rows);

// "12.3 MB", in powers of ten.
std::string HumanBytes(uint64_t bytes);

}  // namespace holdfast::cli
