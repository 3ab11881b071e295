#include "restore/cycles.h"

#include <algorithm>

namespace holdfast::restore {
namespace {

constexpr uint32_t kNone = UINT32_MAX;

// edges sorted by their first: those of node n are [begin[n], begin[n + 1]).
std::vector<uint32_t> Begins(size_t size, const std::vector<std::pair<uint32_t, uint32_t>>& edges) {
  std::vector<uint32_t> begin(size + 1, 0);
  for (const auto& edge : edges) ++begin[edge.first + 1];
  for (size_t i = 0; i < size; ++i) begin[i + 1] += begin[i];
  return begin;
}

}  // namespace

// Tarjan's algorithm with its own stack.
std::vector<uint32_t> Dependencies::Components() {
  std::sort(edges_.begin(), edges_.end());
  std::vector<uint32_t> begin = Begins(size_, edges_);
  std::vector<uint32_t> component(size_, kNone), order(size_, kNone), low(size_, 0), stack;
  struct Frame {
    uint32_t node, next;
  };
  std::vector<Frame> frames;
  uint32_t clock = 0, components = 0;
  for (const auto& edge : edges_) {
    if (order[edge.first] != kNone) continue;
    frames.push_back({edge.first, begin[edge.first]});
    while (!frames.empty()) {
      Frame& frame = frames.back();
      uint32_t node = frame.node;
      if (order[node] == kNone) {
        order[node] = low[node] = clock++;
        stack.push_back(node);
      }
      if (frame.next < begin[node + 1]) {
        uint32_t to = edges_[frame.next++].second;
        if (order[to] == kNone)
          frames.push_back({to, begin[to]});
        else if (component[to] == kNone)
          low[node] = std::min(low[node], order[to]);
        continue;
      }
      if (low[node] == order[node]) {
        for (uint32_t member = kNone; member != node;) {
          member = stack.back();
          stack.pop_back();
          component[member] = components;
        }
        ++components;
      }
      frames.pop_back();
      if (!frames.empty()) low[frames.back().node] = std::min(low[frames.back().node], low[node]);
    }
  }
  return component;
}

std::vector<uint32_t> Dependencies::BreakCycles() {
  if (edges_.empty()) return {};  // as in most archives: no arrays over all nodes for nothing
  std::vector<uint32_t> component = Components();
  std::vector<uint32_t> nodes;
  std::erase_if(edges_, [&](const std::pair<uint32_t, uint32_t>& edge) {
    bool inside = component[edge.first] == component[edge.second];
    if (inside) nodes.push_back(edge.first);
    return inside;
  });
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

std::vector<uint32_t> Dependencies::Levels(std::vector<uint32_t> level) const {
  if (edges_.empty()) return level;
  std::vector<std::pair<uint32_t, uint32_t>> back;  // from an owner to its dependents
  std::vector<uint32_t> waiting(size_, 0), ready;
  for (const auto& edge : edges_) {
    back.emplace_back(edge.second, edge.first);
    ++waiting[edge.first];
  }
  std::sort(back.begin(), back.end());
  std::vector<uint32_t> begin = Begins(size_, back);
  for (const auto& edge : back)
    if (waiting[edge.first] == 0 && (ready.empty() || ready.back() != edge.first))
      ready.push_back(edge.first);
  while (!ready.empty()) {
    uint32_t node = ready.back();
    ready.pop_back();
    for (uint32_t i = begin[node]; i < begin[node + 1]; ++i) {
      uint32_t dependent = back[i].second;
      level[dependent] = std::max(level[dependent], level[node] + 1);
      if (--waiting[dependent] == 0) ready.push_back(dependent);
    }
  }
  return level;
}

}  // namespace holdfast::restore
