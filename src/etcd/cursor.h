// Walking the rows of a bucket in the order of their keys, or backwards.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "etcd/database.h"

namespace holdfast::etcd {

enum class Direction { kForward, kBackward };

// Every page is checked before it is believed, and marked in `reached`: a page that is there
// already (a cycle, or a page with two parents) is an error. Holds the pages from the root to the
// row, nothing else. Used by one thread.
class Cursor {
 public:
  // All outlive the cursor; `bucket` too. `reached` has room for every page.
  Cursor(const Database& database, const Bucket& bucket, PageSet& reached,
         Direction direction = Direction::kForward);
  ~Cursor();

  // The next row; its views are valid until the next call. None at the end. kCorrupt names the
  // page; the call after it goes on behind that page, so that a damaged file can be read as far as
  // it goes. Other errors (the disk's) would come again.
  Result<std::optional<Element>> Next();
  // The page the last row came from; 0 for rows in a bucket's description.
  uint64_t page() const;

 private:
  struct Frame;
  Status Descend(uint64_t page, const KeyRange& range);
  Status Start();
  Status StartInline();
  Frame& Deeper();

  const Database& database_;
  const Bucket& bucket_;
  PageSet& reached_;
  Direction direction_;
  bool started_ = false;
  size_t depth_ = 0;
  size_t failures_ = 0;
  std::vector<std::unique_ptr<Frame>> frames_;  // buffers are kept for the next page of that depth
};

// The rows of the bucket of buckets. kCorrupt where one is no bucket or cannot be read.
Result<std::vector<Bucket>> ReadBuckets(const Database& database, PageSet& reached);

}  // namespace holdfast::etcd
