#include "bench/figures.h"

#include <algorithm>
#include <cstdio>

#include "base/json_text.h"

namespace holdfast::bench {

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

void Figures::Add(std::string name, double value, std::string unit, double limit,
                  const std::vector<double>& runs) {
  Figure figure{std::move(name), std::move(unit), value, limit, value, value, runs.size()};
  if (!runs.empty()) {
    figure.low = *std::min_element(runs.begin(), runs.end());
    figure.high = *std::max_element(runs.begin(), runs.end());
  }
  bool within = limit == 0 || value <= limit;
  all_within_ = all_within_ && within;
  char promise[64] = "";
  if (limit != 0)
    std::snprintf(promise, sizeof promise, "  limit %.2f %s", limit, within ? "held" : "MISSED");
  std::printf("%-46s %9.3f %-6s [%.3f .. %.3f, %zu runs]%s\n", figure.name.c_str(), figure.value,
              figure.unit.c_str(), figure.low, figure.high, figure.runs, promise);
  std::fflush(stdout);
  figures_.push_back(std::move(figure));
}

std::string Figures::ToJson() const {
  std::string out = "{\"figures\":[";
  for (const Figure& figure : figures_) {
    char numbers[200];
    std::snprintf(numbers, sizeof numbers,
                  ",\"value\":%.6g,\"limit\":%.6g,\"low\":%.6g,\"high\":%.6g,\"runs\":%zu}",
                  figure.value, figure.limit, figure.low, figure.high, figure.runs);
    if (out.back() == '}') out += ',';
    out +=
        "{\"name\":" + json::Quote(figure.name) + ",\"unit\":" + json::Quote(figure.unit) + numbers;
  }
  return out + "]}\n";
}

}  // namespace holdfast::bench
