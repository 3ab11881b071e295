// Numbers that are the same for the same seed on every machine and with every compiler: nothing of
// <random> but its idea, whose distributions differ between libraries.
#pragma once

#include <cstdint>

namespace holdfast::testbed {

// SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  // A stream of its own for one thing among many.
  Random(uint64_t seed, uint64_t a, uint64_t b) : state_(Mix(Mix(seed + a) + b)) {}

  uint64_t Next() { return Mix(state_ += 0x9e3779b97f4a7c15u); }
  // [0, count); 0 for a count of 0.
  uint64_t Below(uint64_t count) { return count == 0 ? 0 : Next() % count; }
  // [low, high]
  uint64_t Between(uint64_t low, uint64_t high) { return low + Below(high - low + 1); }
  bool Chance(unsigned percent) { return Below(100) < percent; }
  // [low, high], every power of two between them as likely as the next: sizes as they are found in
  // the wild, many small ones and few large ones.
  uint64_t Skewed(uint64_t low, uint64_t high) {
    unsigned octaves = 0;
    while ((low << (octaves + 1)) <= high) ++octaves;
    uint64_t begin = low << Below(octaves + 1);
    uint64_t end = begin * 2 - 1;
    return Between(begin, end < high ? end : high);
  }

 private:
  static uint64_t Mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  uint64_t state_;
};

}  // namespace holdfast::testbed
