#include "testbed/tools.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace holdfast::testbed {
namespace {

std::string ShellQuote(const std::string& text) {
  std::string quoted = "'";
  for (char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

Result<std::filesystem::path> FindTools(const std::vector<std::string>& names) {
  if (const char* given = std::getenv("HOLDFAST_TOOLS"); given != nullptr && *given != '\0') {
    for (const std::string& name : names) {
      std::filesystem::path program = std::filesystem::path(given) / name;
      if (access(program.c_str(), X_OK) != 0) {
        return Fail(
            ErrnoError("HOLDFAST_TOOLS: " + program.string(), errno)
                .Hint("unset HOLDFAST_TOOLS, or set it to what testbed/build-tools prints"));
      }
    }
    return std::filesystem::path(given);
  }
  std::string command = ShellQuote(HOLDFAST_TESTBED_SOURCE "/build-tools");
  for (const std::string& name : names) command += " " + ShellQuote(name);
  FILE* pipe = popen(command.c_str(), "re");
  if (pipe == nullptr) return Fail(ErrnoError("running " + command, errno));
  std::string output;
  char buffer[4096];
  while (size_t count = fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, count);
  if (pclose(pipe) != 0) {
    return Fail(Error(ErrorKind::kUnavailable, "testbed/build-tools failed")
                    .Hint("its messages are on standard error"));
  }
  while (!output.empty() && output.back() == '\n') output.pop_back();
  return std::filesystem::path(output.substr(output.rfind('\n') + 1));
}

}  // namespace holdfast::testbed
