// For tests: files of src/resourceset/testdata.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace holdfast::resourceset {

// The file's path, found from the working folder or the test program upwards.
inline std::string TestdataPath(const std::string& name) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  for (fs::path start : {fs::current_path(), fs::read_symlink("/proc/self/exe", ignored)}) {
    for (; start.has_relative_path(); start = start.parent_path()) {
      const fs::path file = start / "src/resourceset/testdata" / name;
      if (fs::exists(file, ignored)) return file.string();
    }
  }
  return "src/resourceset/testdata/" + name;
}

inline std::string Testdata(const std::string& name) {
  std::ifstream in(TestdataPath(name), std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace holdfast::resourceset
