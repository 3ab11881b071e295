// Who must be written before whom.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace holdfast::restore {

// A graph over the numbers 0 to size - 1 in which few have edges. Linear in nodes and edges, and
// without recursion, whatever the archive holds.
class Dependencies {
 public:
  explicit Dependencies(size_t size) : size_(size) {}

  // `dependent` comes after `on`. Before the other calls.
  void Add(uint32_t dependent, uint32_t on) { edges_.emplace_back(dependent, on); }

  // Takes out all edges that are part of a circle; returns the nodes that lie on one, sorted.
  std::vector<uint32_t> BreakCycles();

  // `lowest` of the node for those that depend on nobody, else at least one more than the highest
  // they depend on. Only after BreakCycles(). `lowest` has the size of the graph.
  std::vector<uint32_t> Levels(std::vector<uint32_t> lowest) const;
  std::vector<uint32_t> Levels() const { return Levels(std::vector<uint32_t>(size_, 0)); }

 private:
  // Strongly connected component of each node.
  std::vector<uint32_t> Components();

  size_t size_;
  std::vector<std::pair<uint32_t, uint32_t>> edges_;
};

}  // namespace holdfast::restore
