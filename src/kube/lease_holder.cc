#include "kube/lease_holder.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <random>
#include <sstream>

namespace holdfast::kube {
namespace {

std::string FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Ticks since boot at which `pid` started; empty when there is no such process or it is hidden.
std::string StartOf(pid_t pid) {
  std::string line = FirstLine(fmt::format("/proc/{}/stat", pid));
  // The second field is the program's name in brackets, which may hold anything.
  size_t name_end = line.rfind(')');
  if (name_end == line.npos) return "";
  std::istringstream rest(line.substr(name_end + 1));
  std::string field;
  for (int number = 3; number <= 22; ++number) {
    if (!(rest >> field)) return "";
  }
  return field;
}

// Pids mean the same to two processes for which this is the same. Empty when it cannot be found
// out.
std::string PidScope() {
  std::string boot;
  for (char c : FirstLine("/proc/sys/kernel/random/boot_id")) {
    if (c != '-') boot += c;
  }
  char link[64];
  ssize_t size = readlink("/proc/self/ns/pid", link, sizeof link);
  if (boot.empty() || size <= 0) return "";
  std::string name(link, static_cast<size_t>(size));  // "pid:[4026531836]"
  size_t begin = name.find('['), end = name.find(']');
  if (begin == name.npos || end == name.npos) return "";
  return boot + "-" + name.substr(begin + 1, end - begin - 1);
}

std::string HostName() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  std::string text;
  for (char c : std::string(name)) {
    if (c != ':' && c != '/') text += c;
  }
  return text;
}

}  // namespace

std::string NewLeaseHolder(std::string_view purpose) {
  std::string scope = PidScope(), start = StartOf(getpid());
  std::string process =
      scope.empty() || start.empty() ? "unknown" : fmt::format("{}-{}-{}", scope, getpid(), start);
  std::random_device random;
  return fmt::format("{}:{}/{}/{:08x}{:08x}", purpose, HostName(), process, random(), random());
}

std::string_view PurposeOfHolder(std::string_view holder) {
  size_t colon = holder.rfind(':');
  if (colon == holder.npos) return holder;
  std::string_view process = holder.substr(colon + 1);
  size_t first = process.find('/'), last = process.rfind('/');
  return first == process.npos || first == last ? holder : holder.substr(0, colon);
}

bool HolderHasEnded(std::string_view holder) {
  std::string_view purpose = PurposeOfHolder(holder);
  if (purpose.size() == holder.size()) return false;
  std::string_view process = holder.substr(purpose.size() + 1);
  process = process.substr(process.find('/') + 1);
  process = process.substr(0, process.find('/'));
  std::string scope = PidScope();
  if (scope.empty() || !process.starts_with(scope + "-")) return false;
  process.remove_prefix(scope.size() + 1);
  pid_t pid = 0;
  auto [end, error] = std::from_chars(process.data(), process.data() + process.size(), pid);
  if (error != std::errc() || pid <= 0 || end == process.data() + process.size() || *end != '-')
    return false;
  std::string_view start(end + 1, process.data() + process.size());
  // kill() sees processes of other users too, which /proc may hide.
  if (kill(pid, 0) != 0) return errno == ESRCH;
  std::string now = StartOf(pid);
  return !now.empty() && now != start;
}

}  // namespace holdfast::kube
