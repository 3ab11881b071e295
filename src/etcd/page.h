// Pages of a bbolt database: meta pages, and the elements of branch and leaf pages
// (docs/formats/etcd.md). Everything here works on bytes in memory that may hold anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace holdfast::etcd {

inline constexpr size_t kPageHeader = 16;
inline constexpr size_t kMetaBytes = 64;  // after the page header
inline constexpr size_t kElement = 16;
inline constexpr uint16_t kBranchFlag = 0x01;
inline constexpr uint16_t kLeafFlag = 0x02;
inline constexpr uint16_t kMetaFlag = 0x04;
inline constexpr uint16_t kFreelistFlag = 0x10;
inline constexpr uint64_t kNoFreelist = UINT64_MAX;
inline constexpr uint32_t kMinPageSize = 1024;
inline constexpr uint32_t kMaxPageSize = 16 << 20;
inline constexpr size_t kMaxKey = 32768;
inline constexpr size_t kMaxValue = 0x7ffffffe;
// A bucket without rows, as the value of its row: root 0, sequence 0, an empty leaf page.
std::string EmptyBucketValue();

struct PageHeader {
  uint64_t id = 0;
  uint16_t flags = 0;
  uint16_t count = 0;
  uint32_t overflow = 0;  // pages that follow and belong to this one
};
// `bytes` has at least kPageHeader bytes.
PageHeader ParsePageHeader(std::string_view bytes);

struct Meta {
  uint32_t page_size = 0;
  uint32_t flags = 0;
  uint64_t root = 0;  // page of the bucket of buckets
  uint64_t sequence = 0;
  uint64_t freelist = kNoFreelist;  // page, or kNoFreelist where none is stored
  uint64_t high_water = 0;          // first page number that was never used
  uint64_t txid = 0;

  bool operator==(const Meta&) const = default;
};
uint64_t Fnv1a64(std::string_view bytes);
enum class MetaState { kValid, kNoMagic, kBigEndian, kWrongVersion, kWrongChecksum };
std::string_view MetaStateText(MetaState state);
// `bytes` are the kMetaBytes after a page header. `meta` is set when valid.
MetaState ParseMeta(std::string_view bytes, Meta& meta);
// Page header (id txid mod 2) and meta, kPageHeader + kMetaBytes bytes.
std::string EncodeMetaPage(const Meta& meta);

// One row of a leaf, or the way to a child of a branch. Views into the page.
struct Element {
  std::string_view key;
  std::string_view value;  // leaf
  bool bucket = false;     // leaf: the value describes a bucket
  uint64_t child = 0;      // branch
};

// A branch or leaf page that CheckTreePage() found sound; a view of it.
class TreePage {
 public:
  TreePage() = default;
  explicit TreePage(std::string_view bytes) : bytes_(bytes), header_(ParsePageHeader(bytes)) {}
  bool leaf() const { return header_.flags == kLeafFlag; }
  size_t count() const { return header_.count; }
  const PageHeader& header() const { return header_; }
  Element At(size_t i) const;

 private:
  std::string_view bytes_;
  PageHeader header_;
};

// What a key may be: from `lower` on and before `upper` (none: no bound).
struct KeyRange {
  std::optional<std::string_view> lower;
  std::optional<std::string_view> upper;
};

// Whether `bytes` (the page with its overflow, or the page inside a bucket's value) is a branch or
// leaf whose elements lie inside it, with keys rising strictly and inside `range`. kCorrupt
// otherwise, without saying which page.
Status CheckTreePage(std::string_view bytes, const KeyRange& range);

// One page (with overflow) of `rows`, as bbolt lays them out; zero-padded to whole pages.
struct Row {
  std::string key;
  std::string value;
  bool bucket = false;
};
std::string EncodeLeaf(const std::vector<Row>& rows, uint64_t id, uint32_t page_size);
struct Child {
  std::string key;
  uint64_t page = 0;
};
std::string EncodeBranch(const std::vector<Child>& children, uint64_t id, uint32_t page_size);
// The page inside a bucket's value: id 0, no padding.
std::string EncodeInlineLeaf(const std::vector<Row>& rows);

}  // namespace holdfast::etcd
