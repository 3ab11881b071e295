// What Go's source says about the fields of Kubernetes' types, read from gofmt'ed files.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace holdfast::schema {

struct GoField {
  std::string json;  // name; empty: inlined
  int place = 0;     // among the struct's fields
  bool pointer = false;
  bool omitempty = false;
  bool omitzero = false;
};

struct GoStruct {
  std::map<int, GoField> fields;  // by protobuf number
  bool cluster_scoped = false;    // marked so for client generators
};

struct GoPackage {
  std::map<std::string, GoStruct> structs;
  // Types that are defined as another package's: its import path and the name there.
  std::map<std::string, std::pair<std::string, std::string>> borrowed;
  std::string group;  // of the API, where the package names one
  bool has_group = false;
};

// Reads every source file of a package's folder. Throws std::runtime_error.
GoPackage ReadGoPackage(const std::filesystem::path& folder);

}  // namespace holdfast::schema
