#include "cli/output.h"

#include <algorithm>
#include <cstdio>

#include "base/json_scan.h"
#include "base/json_string_end.h"
#include "base/json_text.h"

namespace holdfast::cli {
namespace {

// Values nested deeper than this are printed on one line: it bounds the recursion, and indenting
// each of thousands of levels would make megabytes of a small object.
constexpr size_t kIndentedLevels = 64;

// The text without white space between the tokens.
void OnOneLine(std::string& out, std::string_view value) {
  for (size_t at = 0; at < value.size();) {
    char c = value[at];
    size_t end = c == '"' ? json::StringEnd(value, at) : at + 1;
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') out += value.substr(at, end - at);
    at = end;
  }
}

void Indent(std::string& out, size_t depth) {
  out += '\n';
  out.append(depth * 2, ' ');
}

void Pretty(std::string& out, std::string_view value, size_t depth) {
  json::Type type = json::TypeOf(value);
  if (type != json::Type::kObject && type != json::Type::kArray) {
    out += value;
    return;
  }
  if (depth >= kIndentedLevels) return OnOneLine(out, value);
  bool object = type == json::Type::kObject;
  size_t begin = out.size();
  out += object ? '{' : '[';
  bool any = false;
  auto element = [&](std::string_view key, std::string_view text) {
    if (any) out += ',';
    any = true;
    Indent(out, depth + 1);
    if (object) {
      out += '"';
      out += key;
      out += "\": ";
    }
    Pretty(out, text, depth + 1);
  };
  if (object) {
    for (json::ObjectReader reader(value); auto member = reader.Next();)
      element(member->key, member->value);
  } else {
    for (json::ArrayReader reader(value); auto item = reader.Next();) element({}, *item);
  }
  if (any) Indent(out, depth);
  out += object ? '}' : ']';
  if (!any) out.resize(begin + 2);
}

// Whether YAML readers of every version take this text, unquoted, for the string it is.
bool PlainInYaml(const std::string& text) {
  if (text.empty() || text.size() > 1000) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool inner = (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' || c == '/';
    if (!letter && !(inner && i > 0)) return false;
  }
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const char* word : {"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
    if (lower == word) return false;
  return true;
}

void YamlScalar(std::string& out, std::string_view value) {
  if (json::TypeOf(value) != json::Type::kString) {
    out += value;
    return;
  }
  std::string text = json::StringOf(value);
  // A JSON string is a YAML double-quoted one.
  out += PlainInYaml(text) ? text : std::string(value);
}

// `level` is how deep the value is nested; `depth` is its indentation, which lists in objects do
// not increase.
void Yaml(std::string& out, std::string_view value, size_t depth, size_t level, bool in_list) {
  json::Type type = json::TypeOf(value);
  bool first = in_list;  // stands behind "- ", on the same line
  auto line = [&] {
    if (!first) {
      if (!out.empty()) out += '\n';
      out.append(depth * 2, ' ');
    }
    first = false;
  };
  auto nested = [&](std::string_view child, size_t child_depth, bool behind_dash) {
    json::Type child_type = json::TypeOf(child);
    bool object = child_type == json::Type::kObject;
    if (object || child_type == json::Type::kArray) {
      bool empty = object ? !json::ObjectReader(child).Next() : !json::ArrayReader(child).Next();
      if (empty) {
        out += behind_dash ? "" : " ";
        out += object ? "{}" : "[]";
      } else if (level + 1 >= kIndentedLevels) {
        out += behind_dash ? "" : " ";
        OnOneLine(out, child);  // JSON is YAML's flow style
      } else {
        Yaml(out, child, child_depth, level + 1, behind_dash);
      }
      return;
    }
    if (!behind_dash) out += ' ';
    YamlScalar(out, child);
  };
  if (type == json::Type::kObject) {
    for (json::ObjectReader reader(value); auto member = reader.Next();) {
      line();
      std::string key = json::Unescape(member->key);
      out += PlainInYaml(key) ? key : json::Quote(key);
      out += ':';
      // A list stands at the depth of its key.
      bool list = json::TypeOf(member->value) == json::Type::kArray;
      nested(member->value, list ? depth : depth + 1, false);
    }
  } else if (type == json::Type::kArray) {
    for (json::ArrayReader reader(value); auto item = reader.Next();) {
      line();
      out += "- ";
      nested(*item, depth + 1, true);
    }
  } else {
    YamlScalar(out, value);
  }
}

}  // namespace

JsonObject& JsonObject::Raw(std::string_view key, std::string_view json) {
  if (text_.size() > 1) text_ += ',';
  json::AppendQuoted(text_, key);
  text_ += ':';
  text_ += json;
  return *this;
}
JsonObject& JsonObject::Text(std::string_view key, std::string_view value) {
  return Raw(key, json::Quote(value));
}
JsonObject& JsonObject::Number(std::string_view key, uint64_t value) {
  return Raw(key, std::to_string(value));
}
JsonObject& JsonObject::Bool(std::string_view key, bool value) {
  return Raw(key, value ? "true" : "false");
}
JsonObject& JsonObject::Texts(std::string_view key, const std::vector<std::string>& values) {
  std::vector<std::string> quoted;
  for (const std::string& value : values) quoted.push_back(json::Quote(value));
  return Raw(key, JsonArray(quoted));
}

std::string JsonArray(const std::vector<std::string>& elements) {
  std::string text = "[";
  for (const std::string& element : elements) {
    if (text.size() > 1) text += ',';
    text += element;
  }
  return text + "]";
}

std::string PrettyJson(std::string_view json) {
  std::string out;
  Pretty(out, json.substr(json::SkipSpace(json, 0)), 0);
  return out;
}

std::string ToYaml(std::string_view json) {
  bool empty_object = json::TypeOf(json) == json::Type::kObject && !json::ObjectReader(json).Next();
  bool empty_array = json::TypeOf(json) == json::Type::kArray && !json::ArrayReader(json).Next();
  if (empty_object) return "{}";
  if (empty_array) return "[]";
  std::string out;
  Yaml(out, json, 0, 0, false);
  return out;
}

void PrintDocument(std::ostream& out, Format format, std::string_view json) {
  out << (format == Format::kYaml ? ToYaml(json) : PrettyJson(json)) << "\n";
}

void PrintTable(std::ostream& out, const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> width;
  for (const auto& row : rows) {
    width.resize(std::max(width.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(width[i] - row[i].size() + 2, ' ');
    }
    out << line << "\n";
  }
}

std::string HumanBytes(uint64_t bytes) {
  const char* units[] = {"B", "kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 999.95 && unit < 4) {
    value /= 1000;
    ++unit;
  }
  char text[40];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

}  // namespace holdfast::cli
