// Metrics and their text form, as Prometheus scrapes it
// (https://prometheus.io/docs/instrumenting/exposition_formats/). Every call is thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::observe {

// Values of a family's labels, in the order of their names.
using LabelValues = std::vector<std::string>;

enum class MetricType { kCounter, kGauge, kHistogram };

// One metric with all its series.
class Family {
 public:
  Family(MetricType type, std::string name, std::string help, std::vector<std::string> labels,
         std::vector<double> buckets);

  // Counters and gauges. A series begins at 0; Add(values, 0) only makes it exist.
  void Add(const LabelValues& values, double amount);
  void Set(const LabelValues& values, double value);
  // Histograms.
  void Observe(const LabelValues& values, double value);
  // All series at once, so that no scrape sees half of them.
  void Replace(std::map<LabelValues, double> series);
  // Forgets every series whose first label has this value.
  void Forget(std::string_view first_value);
  // Forgets one series.
  void Drop(const LabelValues& values);
  // 0 where there is no such series.
  double Value(const LabelValues& values) const;

  void AppendTo(std::string& text) const;
  const std::string& name() const { return name_; }

 private:
  struct Series {
    double value = 0;  // of histograms: the sum
    uint64_t count = 0;
    std::vector<uint64_t> buckets;
  };

  const MetricType type_;
  const std::string name_, help_;
  const std::vector<std::string> labels_;
  const std::vector<double> bounds_;
  mutable std::mutex mutex_;
  std::map<LabelValues, Series> series_;
};

// Owns the families; they live as long as it does.
class Registry {
 public:
  Family& Counter(std::string name, std::string help, std::vector<std::string> labels = {});
  Family& Gauge(std::string name, std::string help, std::vector<std::string> labels = {});
  // `buckets`: upper bounds, rising; +Inf is added.
  Family& Histogram(std::string name, std::string help, std::vector<std::string> labels,
                    std::vector<double> buckets);
  // Called before each scrape, to set what is only worth knowing then.
  void BeforeScrape(std::function<void()> update);

  // Calls `change` while no scrape reads: what it sets in several families is seen together. It
  // must not call Text() or Together().
  void Together(const std::function<void()>& change);

  // All families, sorted by name. Families without series show their head only.
  std::string Text() const;

  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  Family& Make(MetricType type, std::string name, std::string help, std::vector<std::string> labels,
               std::vector<double> buckets);

  mutable std::mutex page_;  // held while a page is read; taken before any other
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Family>> families_;
  std::vector<std::function<void()>> updates_;
};

// process_resident_memory_bytes, process_cpu_seconds_total, process_open_fds,
// process_start_time_seconds and holdfast_build_info, as every exporter has them.
void AddProcessMetrics(Registry& registry);

}  // namespace holdfast::observe
