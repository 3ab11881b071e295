#include "testbed/kubeconfig.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace holdfast::testbed {
namespace {

std::string Line(std::string_view indent, std::string_view key, const std::string& value) {
  if (value.empty()) return "";
  std::string line(indent);
  line += key;
  line += ": \"";
  for (char c : value) {
    if (c == '"' || c == '\\') line += '\\';
    line += c;
  }
  return line + "\"\n";
}

}  // namespace

std::string KubeconfigText(const KubeconfigParts& parts) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: testbed\n"
         "clusters:\n- name: testbed\n  cluster:\n" +
         Line("    ", "server", parts.server) +
         Line("    ", "certificate-authority", parts.ca_file.string()) +
         "contexts:\n- name: testbed\n  context:\n    cluster: testbed\n    user: testbed\n" +
         Line("    ", "namespace", parts.ns) + "users:\n- name: testbed\n  user:\n" +
         Line("    ", "client-certificate", parts.cert_file.string()) +
         Line("    ", "client-key", parts.key_file.string()) + Line("    ", "token", parts.token);
}

Status WriteFile(const std::filesystem::path& path, std::string_view text) {
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (error) return Fail(ErrnoError("making folder " + path.parent_path().string(), error.value()));
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Fail(ErrnoError("writing " + path.string(), errno));
  while (!text.empty()) {
    ssize_t count = write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      Error failure = ErrnoError("writing " + path.string(), errno);
      close(fd);
      return Fail(std::move(failure));
    }
    text.remove_prefix(static_cast<size_t>(count));
  }
  if (close(fd) != 0) return Fail(ErrnoError("closing " + path.string(), errno));
  return {};
}

Result<std::string> ReadFile(const std::filesystem::path& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Fail(ErrnoError("reading " + path.string(), errno));
  std::string text;
  char buffer[65536];
  ssize_t count;
  while ((count = read(fd, buffer, sizeof buffer)) != 0) {
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      Error failure = ErrnoError("reading " + path.string(), errno);
      close(fd);
      return Fail(std::move(failure));
    }
    text.append(buffer, static_cast<size_t>(count));
  }
  close(fd);
  return text;
}

}  // namespace holdfast::testbed
