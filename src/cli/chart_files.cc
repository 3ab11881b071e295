#include "cli/chart_files.h"

#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "net/http_client.h"
#include "stream/file_source.h"
#include "stream/gzip.h"
#include "stream/tar_reader.h"

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFiles = 2'000;
constexpr size_t kMaxFile = 4 << 20;
constexpr size_t kMaxAll = 64 << 20;
constexpr size_t kMaxRedirects = 5;
constexpr std::chrono::seconds kFetchTime{60};

bool IsWanted(const std::string& path) {
  if (path.starts_with("templates/") || path.starts_with("charts/")) return false;
  return path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".json");
}

// Takes files until the limits are reached.
class Collector {
 public:
  explicit Collector(const std::string& chart) : chart_(chart) {}
  Status Add(const std::string& path, std::string text) {
    all_ += text.size();
    if (files_.size() >= kMaxFiles || text.size() > kMaxFile || all_ > kMaxAll)
      return Fail(ErrorKind::kInvalid, "the chart " + chart_ + " is too large to be one");
    files_[path] = std::move(text);
    return {};
  }
  Result<resourceset::ChartFiles> Done() {
    if (!files_.contains("Chart.yaml")) {
      return Fail(Error(ErrorKind::kInvalid, chart_ + " is no Helm chart: it has no Chart.yaml")
                      .Hint("name a chart's folder, or its .tgz"));
    }
    return std::move(files_);
  }

 private:
  std::string chart_;
  resourceset::ChartFiles files_;
  size_t all_ = 0;
};

Result<std::string> ReadSmallFile(const fs::path& path) {
  HF_ASSIGN(auto file, stream::FileSource::Open(path));
  return stream::ReadAll(file, kMaxFile);
}

Result<resourceset::ChartFiles> ReadFolder(const std::string& path) {
  Collector files(path);
  std::error_code problem;
  fs::recursive_directory_iterator at(path, problem);
  for (; !problem && at != fs::recursive_directory_iterator(); at.increment(problem)) {
    std::error_code ignored;
    if (!at->is_regular_file(ignored)) continue;
    const std::string below = at->path().lexically_relative(path).generic_string();
    if (!IsWanted(below)) continue;
    HF_ASSIGN(std::string text, ReadSmallFile(at->path()));
    HF_TRY(files.Add(below, std::move(text)));
  }
  if (problem) return Fail(ErrnoError("reading the chart " + path, problem.value()));
  return files.Done();
}

Result<resourceset::ChartFiles> ReadArchive(stream::Source& source, const std::string& name) {
  Collector files(name);
  stream::GunzipSource tar(source, {.max_output = kMaxAll});
  stream::TarReader reader(tar, {.max_entry = kMaxFile, .max_entries = 10 * kMaxFiles});
  while (true) {
    HF_ASSIGN_CONTEXT(auto entry, reader.Next(), "reading the chart " + name);
    if (!entry) break;
    // All lies in one folder that is called like the chart.
    const size_t slash = entry->path.find('/');
    if (slash == std::string::npos) continue;
    const std::string below = entry->path.substr(slash + 1);
    if (!IsWanted(below)) continue;
    HF_ASSIGN_CONTEXT(auto body, reader.Body(), "reading the chart " + name);
    HF_TRY(files.Add(below, std::string(body)));
  }
  return files.Done();
}

// Follows redirects; never from https to http.
Result<std::string> Download(Session& session, std::string url) {
  net::HttpClient client({.user_agent = "holdfast/" HOLDFAST_VERSION});
  const Deadline deadline = Deadline::After(Clock::Real(), kFetchTime);
  const bool secure = url.starts_with("https://");
  for (size_t hop = 0; hop <= kMaxRedirects; ++hop) {
    net::HttpRequest request;
    request.url = url;
    request.deadline = deadline;
    request.stop = session.stop;
    std::string body;
    request.on_body = net::CollectInto(body, kMaxAll);
    net::HttpResponse response;
    HF_TRY_CONTEXT(client.Send(request, response), "fetching the chart " + url);
    const std::string* location = response.Header("location");
    if (response.status >= 300 && response.status < 400 && location != nullptr) {
      const bool absolute =
          location->starts_with("https://") || (!secure && location->starts_with("http://"));
      if (!absolute)
        return Fail(ErrorKind::kInvalid, url + " redirects to " + *location + ", not followed");
      url = *location;
      continue;
    }
    if (response.status == 200) return body;
    return Fail(Error(response.status == 404 ? ErrorKind::kNotFound : ErrorKind::kUnavailable,
                      "fetching the chart " + url + ": HTTP " + std::to_string(response.status))
                    .Hint("is there such a release? A chart that is at hand is named by --path"));
  }
  return Fail(ErrorKind::kUnavailable, "fetching the chart: too many redirects, last to " + url);
}

Result<fs::path> CacheFolder() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/')
    return fs::path(cache) / "holdfast" / "charts";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return fs::path(home) / ".cache" / "holdfast" / "charts";
  return Fail(Error(ErrorKind::kInvalid, "there is no cache folder for the chart")
                  .Hint("set $HOME or $XDG_CACHE_HOME, or name a chart by --path"));
}

// Whole or not at all, whoever else writes the same.
Status Keep(const fs::path& file, const std::string& bytes) {
  std::error_code problem;
  fs::create_directories(file.parent_path(), problem);
  const fs::path half = file.string() + "." + std::to_string(getpid());
  std::ofstream out(half, std::ios::binary | std::ios::trunc);
  out << bytes;
  out.close();
  if (out) fs::rename(half, file, problem);
  if (out && !problem) return {};
  const int number = problem ? problem.value() : errno;
  fs::remove(half, problem);
  return Fail(ErrnoError("keeping the chart in " + file.string(), number));
}

}  // namespace

Result<resourceset::ChartFiles> ReadChartFiles(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return ReadFolder(path);
  HF_ASSIGN(auto file, stream::FileSource::Open(path));
  return ReadArchive(file, path);
}

Result<std::string> FetchChart(Session& session, const std::string& releases,
                               const std::string& version) {
  const std::string name = "rancher-backup-" + version.substr(1) + ".tgz";
  HF_ASSIGN(fs::path cache, CacheFolder());
  const fs::path file = cache / version / name;
  std::error_code ignored;
  if (fs::is_regular_file(file, ignored)) return file.string();
  const std::string url = releases + "/" + version + "/" + name;
  HF_ASSIGN(std::string bytes, Download(session, url));
  stream::StringSource source(bytes);
  HF_TRY(ReadArchive(source, url));
  HF_TRY(Keep(file, bytes));
  return file.string();
}

}  // namespace holdfast::cli
