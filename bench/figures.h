// Medians of what was measured, printed for people and kept as JSON.
#pragma once

#include <string>
#include <vector>

namespace holdfast::bench {

double Median(std::vector<double> values);

class Figures {
 public:
  // One figure: `value` in `unit`, at most `limit` by the product's own promise (0: no promise),
  // with the spread of the runs it is the median of. Prints it as one line.
  void Add(std::string name, double value, std::string unit, double limit,
           const std::vector<double>& runs);
  std::string ToJson() const;
  bool all_within() const { return all_within_; }

 private:
  struct Figure {
    std::string name, unit;
    double value, limit, low, high;
    size_t runs;
  };
  std::vector<Figure> figures_;
  bool all_within_ = true;
};

}  // namespace holdfast::bench
