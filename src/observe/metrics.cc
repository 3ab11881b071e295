#include "observe/metrics.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <utility>

namespace holdfast::observe {
namespace {

std::string_view TypeName(MetricType type) {
  switch (type) {
    case MetricType::kCounter: return "counter";
    case MetricType::kGauge: return "gauge";
    case MetricType::kHistogram: return "histogram";
  }
  return "untyped";
}

std::string Escaped(std::string_view text, bool quotes) {
  std::string out;
  for (char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (c == '"' && quotes)
      out += "\\\"";
    else
      out += c;
  }
  return out;
}

std::string Number(double value) {
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (std::isnan(value)) return "NaN";
  if (value == std::floor(value) && std::abs(value) < 1e15) return fmt::format("{:.0f}", value);
  return fmt::format("{}", value);
}

// `{a="b",le="1"}`; nothing without labels.
std::string LabelText(const std::vector<std::string>& names, const LabelValues& values,
                      std::string_view le = {}) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i)
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", names[i],
                        Escaped(i < values.size() ? values[i] : "", true));
  if (!le.empty()) text += fmt::format("{}le=\"{}\"", text.empty() ? "" : ",", le);
  return text.empty() ? "" : "{" + text + "}";
}

}  // namespace

Family::Family(MetricType type, std::string name, std::string help, std::vector<std::string> labels,
               std::vector<double> buckets)
    : type_(type),
      name_(std::move(name)),
      help_(std::move(help)),
      labels_(std::move(labels)),
      bounds_(std::move(buckets)) {
  if (labels_.empty() && type_ != MetricType::kHistogram) series_[{}];
}

void Family::Add(const LabelValues& values, double amount) {
  std::lock_guard lock(mutex_);
  series_[values].value += amount;
}

void Family::Set(const LabelValues& values, double value) {
  std::lock_guard lock(mutex_);
  series_[values].value = value;
}

void Family::Observe(const LabelValues& values, double value) {
  std::lock_guard lock(mutex_);
  Series& series = series_[values];
  series.buckets.resize(bounds_.size());
  series.value += value;
  ++series.count;
  for (size_t i = 0; i < bounds_.size(); ++i)
    if (value <= bounds_[i]) ++series.buckets[i];
}

void Family::Replace(std::map<LabelValues, double> series) {
  std::lock_guard lock(mutex_);
  series_.clear();
  for (auto& [values, value] : series) series_[values].value = value;
}

void Family::Forget(std::string_view first_value) {
  std::lock_guard lock(mutex_);
  std::erase_if(series_, [&](const auto& entry) {
    return !entry.first.empty() && entry.first[0] == first_value;
  });
}

void Family::Drop(const LabelValues& values) {
  std::lock_guard lock(mutex_);
  series_.erase(values);
}

double Family::Value(const LabelValues& values) const {
  std::lock_guard lock(mutex_);
  auto found = series_.find(values);
  return found == series_.end() ? 0 : found->second.value;
}

void Family::AppendTo(std::string& text) const {
  std::lock_guard lock(mutex_);
  text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, Escaped(help_, false), name_,
                      TypeName(type_));
  for (const auto& [values, series] : series_) {
    if (type_ != MetricType::kHistogram) {
      text += name_ + LabelText(labels_, values) + " " + Number(series.value) + "\n";
      continue;
    }
    for (size_t i = 0; i < bounds_.size(); ++i)
      text += fmt::format("{}_bucket{} {}\n", name_, LabelText(labels_, values, Number(bounds_[i])),
                          i < series.buckets.size() ? series.buckets[i] : 0);
    std::string plain = LabelText(labels_, values);
    text +=
        fmt::format("{}_bucket{} {}\n", name_, LabelText(labels_, values, "+Inf"), series.count);
    text += fmt::format("{}_sum{} {}\n", name_, plain, Number(series.value));
    text += fmt::format("{}_count{} {}\n", name_, plain, series.count);
  }
}

Family& Registry::Make(MetricType type, std::string name, std::string help,
                       std::vector<std::string> labels, std::vector<double> buckets) {
  std::lock_guard lock(mutex_);
  auto& family = families_[name];
  if (!family)
    family = std::make_unique<Family>(type, name, std::move(help), std::move(labels),
                                      std::move(buckets));
  return *family;
}

Family& Registry::Counter(std::string name, std::string help, std::vector<std::string> labels) {
  return Make(MetricType::kCounter, std::move(name), std::move(help), std::move(labels), {});
}

Family& Registry::Gauge(std::string name, std::string help, std::vector<std::string> labels) {
  return Make(MetricType::kGauge, std::move(name), std::move(help), std::move(labels), {});
}

Family& Registry::Histogram(std::string name, std::string help, std::vector<std::string> labels,
                            std::vector<double> buckets) {
  return Make(MetricType::kHistogram, std::move(name), std::move(help), std::move(labels),
              std::move(buckets));
}

void Registry::BeforeScrape(std::function<void()> update) {
  std::lock_guard lock(mutex_);
  updates_.push_back(std::move(update));
}

void Registry::Together(const std::function<void()>& change) {
  std::lock_guard lock(page_);
  change();
}

std::string Registry::Text() const {
  std::vector<std::function<void()>> updates;
  {
    std::lock_guard lock(mutex_);
    updates = updates_;
  }
  for (const auto& update : updates) update();
  std::string text;
  std::scoped_lock lock(page_, mutex_);
  for (const auto& [name, family] : families_) family->AppendTo(text);
  return text;
}

void AddProcessMetrics(Registry& registry) {
  auto& rss = registry.Gauge("process_resident_memory_bytes", "Resident memory size in bytes.");
  auto& cpu = registry.Counter("process_cpu_seconds_total",
                               "Total user and system CPU time spent in seconds.");
  auto& fds = registry.Gauge("process_open_fds", "Number of open file descriptors.");
  registry
      .Gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.")
      .Set({}, std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
                   .count());
  registry.Gauge("holdfast_build_info", "Version of this program", {"version"})
      .Set({HOLDFAST_VERSION}, 1);
  registry.BeforeScrape([&rss, &cpu, &fds] {
    std::ifstream statm("/proc/self/statm");
    double size = 0, resident = 0;
    if (statm >> size >> resident) rss.Set({}, resident * static_cast<double>(getpagesize()));
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
      auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
      };
      cpu.Set({}, seconds(usage.ru_utime) + seconds(usage.ru_stime));
    }
    std::error_code error;
    std::filesystem::directory_iterator open("/proc/self/fd", error);
    if (!error) fds.Set({}, static_cast<double>(std::distance(begin(open), end(open))));
  });
}

}  // namespace holdfast::observe
