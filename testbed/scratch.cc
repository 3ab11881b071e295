#include "testbed/scratch.h"

#include <cerrno>
#include <cstdlib>

#include "testbed/kubeconfig.h"

namespace holdfast::testbed {

constexpr size_t kLogTail = 3000;

std::string LogTail(const std::filesystem::path& path) {
  auto text = ReadFile(path);
  if (!text) return "(no log: " + text.error().ToString() + ")";
  if (text->size() <= kLogTail) return *text;
  size_t line = text->find('\n', text->size() - kLogTail);
  return line == std::string::npos ? text->substr(text->size() - kLogTail) : text->substr(line + 1);
}

Result<std::filesystem::path> MakeScratchFolder(std::filesystem::path parent) {
  if (parent.empty()) {
    const char* tmp = std::getenv("TMPDIR");
    parent = tmp != nullptr && *tmp != '\0' ? tmp : "/tmp";
  }
  std::string path = std::filesystem::absolute(parent) / "holdfast-testbed-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) return Fail(ErrnoError("making folder " + path, errno));
  return std::filesystem::path(path);
}

}  // namespace holdfast::testbed
