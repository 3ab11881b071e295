#include "go_structs.h"

#include <fstream>
#include <regex>
#include <stdexcept>
#include <utility>

namespace holdfast::schema {
namespace {

// `\tName Type `json:"name,omitempty" protobuf:"bytes,1,opt,name=name"``; the name is missing where
// the struct is embedded.
const std::regex kFieldLine(R"(^\t(?:\w+\s+)?([^\s`]+)\s+`(.*)`)");
const std::regex kProtobufTag("protobuf:\"\\w+,(\\d+)");
const std::regex kJsonTag("json:\"([^\"]*)\"");
const std::regex kStructLine(R"(^type (\w+) struct ?\{)");
const std::regex kBorrowedLine(R"(^type (\w+) (\w+)\.(\w+)$)");
const std::regex kImportLine("^(?:import |\t)(?:(\\w+) )?\"([^\"]*)\"$");
const std::regex kGroupLine("^(?:const |\t)GroupName\\s*=\\s*\"([^\"]*)\"");

void ReadField(const std::string& line, GoStruct& out) {
  std::smatch field, number, json;
  if (!std::regex_search(line, field, kFieldLine)) return;
  std::string tags = field[2];
  if (!std::regex_search(tags, number, kProtobufTag)) return;
  if (!std::regex_search(tags, json, kJsonTag)) return;  // of a type that spells itself
  GoField read;
  std::string text = json[1];
  read.json = text.substr(0, text.find(','));
  read.pointer = field[1].str().starts_with('*');
  read.omitempty = text.find(",omitempty") != std::string::npos;
  read.omitzero = text.find(",omitzero") != std::string::npos;
  read.place = static_cast<int>(out.fields.size());
  bool inlined = text.find(",inline") != std::string::npos;
  if (read.json.empty() != inlined) throw std::runtime_error("no JSON name: " + line);
  if (!out.fields.emplace(std::stoi(number[1]), read).second)
    throw std::runtime_error("a number given twice: " + line);
}

void ReadFile(const std::filesystem::path& file, GoPackage& out) {
  std::ifstream in(file);
  std::string line;
  GoStruct* current = nullptr;
  bool cluster_scoped = false;
  std::map<std::string, std::string> imports;
  while (std::getline(in, line)) {
    std::smatch match;
    if (line.starts_with("// +genclient:nonNamespaced")) {
      cluster_scoped = true;
    } else if (std::regex_search(line, match, kStructLine)) {
      current = &out.structs[match[1]];
      current->cluster_scoped = std::exchange(cluster_scoped, false);
      if (line.ends_with("{}")) current = nullptr;
    } else if (line.starts_with("}")) {
      current = nullptr;
    } else if (current != nullptr && line.find("protobuf:\"") != std::string::npos) {
      ReadField(line, *current);
    } else if (std::regex_search(line, match, kImportLine)) {
      std::string path = match[2];
      imports[match[1].matched ? match[1].str() : path.substr(path.rfind('/') + 1)] = path;
    } else if (std::regex_search(line, match, kBorrowedLine)) {
      out.borrowed[match[1]] = {imports[match[2]], match[3]};
    } else if (line.starts_with("type ")) {
      cluster_scoped = false;
    } else if (std::regex_search(line, match, kGroupLine)) {
      out.group = match[1];
      out.has_group = true;
    }
  }
  if (in.bad()) throw std::runtime_error("cannot read " + file.string());
}

}  // namespace

GoPackage ReadGoPackage(const std::filesystem::path& folder) {
  GoPackage package;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::string name = entry.path().filename();
    if (!name.ends_with(".go") || name.ends_with("_test.go") || name.starts_with("generated.") ||
        name.starts_with("zz_generated"))
      continue;
    ReadFile(entry.path(), package);
  }
  return package;
}

}  // namespace holdfast::schema
