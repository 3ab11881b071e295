// Finds the end of a JSON object or array that arrives in pieces. Private to kube.
#pragma once

#include <cstddef>
#include <cstdint>

namespace holdfast::kube {

// Counts brackets outside of strings; { and [ count alike. Knows nothing of other syntax.
class NestedScanner {
 public:
  explicit NestedScanner(size_t max_depth) : max_depth_(max_depth) {}

  // Takes the next piece; the first one of a value begins with its bracket. Returns how many bytes
  // belong to the value: all of them unless done().
  size_t Scan(const char* data, size_t size);
  // The closing bracket has been seen; the next Scan() begins a new value.
  bool done() const { return depth_ == 0; }
  // A value was nested deeper than the limit; it is scanned to its end all the same.
  bool too_deep() const { return too_deep_; }

 private:
  // The instructions that the processor has.
  enum class Isa { kPortable, kSse2, kAvx2 };
  static Isa BestIsa();
  template <typename Blocks>
  size_t ScanWith(const char* data, size_t size);
  size_t ScanAvx2(const char* data, size_t size);

  // Walks the brackets of one block one by one. Returns the offset after the one that ends the
  // value, or 0.
  size_t Walk(uint64_t open, uint64_t close);

  friend class NestedScannerPeer;  // for tests: each way of scanning

  Isa isa_ = BestIsa();
  size_t max_depth_;
  size_t depth_ = 0;
  uint64_t in_string_ = 0;  // all ones while inside a string
  bool escape_ = false;     // the next byte is escaped
  bool too_deep_ = false;
};

}  // namespace holdfast::kube
