#include "etcd/editor.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "etcd/bytes.h"
#include "etcd/store.h"

namespace holdfast::etcd {
namespace {

constexpr size_t kMaxCount = 0xfffe;

Status CheckCount(size_t count) {
  if (count <= kMaxCount) return {};
  return Fail(ErrorKind::kInvalid, fmt::format("{} rows do not fit into one page", count));
}

std::string BucketValue(const Bucket& bucket) {
  std::string value;
  AppendLe(value, bucket.root);
  AppendLe(value, bucket.sequence);
  return value + bucket.inline_page;
}

std::vector<Row> RowsOf(const TreePage& page) {
  std::vector<Row> rows;
  for (size_t i = 0; i < page.count(); ++i) {
    Element element = page.At(i);
    rows.push_back({std::string(element.key), std::string(element.value), element.bucket});
  }
  return rows;
}

}  // namespace

Result<Editor> Editor::Open(const Database& database, int fd) {
  Editor editor(database, fd);
  PageSet reached(database.meta().high_water);
  HF_ASSIGN(editor.buckets_, ReadBuckets(database, reached));
  return editor;
}

const Bucket* Editor::Find(std::string_view name) const { return FindBucket(buckets_, name); }

Bucket& Editor::FindOrAdd(std::string_view name) {
  auto at =
      std::lower_bound(buckets_.begin(), buckets_.end(), name,
                       [](const Bucket& bucket, std::string_view n) { return bucket.name < n; });
  if (at == buckets_.end() || at->name != name)
    at = buckets_.insert(at, {std::string(name), 0, 0, EncodeInlineLeaf({})});
  return *at;
}

uint64_t Editor::AddPage(std::string bytes) {
  uint64_t id = next_page_;
  next_page_ += bytes.size() / database_.page_size();
  pages_.emplace_back(id, std::move(bytes));
  return id;
}

Result<std::vector<Row>> Editor::Rows(std::string_view bucket) const {
  return ReadSmallBucket(database_, buckets_, bucket);
}

Status Editor::SetRows(std::string_view name, const std::vector<Row>& rows) {
  HF_TRY_CONTEXT(CheckCount(rows.size()), fmt::format("bucket \"{}\"", name));
  Bucket& bucket = FindOrAdd(name);
  std::string page = EncodeInlineLeaf(rows);
  bucket.root = 0;
  bucket.inline_page.clear();
  if (page.size() <= database_.page_size() / 4)
    bucket.inline_page = std::move(page);
  else
    bucket.root = AddPage(EncodeLeaf(rows, next_page_, database_.page_size()));
  return {};
}

Status Editor::AppendRow(std::string_view name, const Row& row) {
  Bucket& bucket = FindOrAdd(name);
  if (bucket.root != 0) return AppendAlongPath(bucket, row);
  HF_ASSIGN(auto rows, Rows(name));
  if (!rows.empty() && rows.back().key >= row.key)
    return Fail(ErrorKind::kInvalid, "a row with a greater key is there already");
  rows.push_back(row);
  return SetRows(name, rows);
}

// Copies the pages from the root to the last leaf, with the row at the end of that.
Status Editor::AppendAlongPath(Bucket& bucket, const Row& row) {
  std::vector<std::vector<Child>> branches;
  std::vector<Row> rows;
  PageSet reached(database_.meta().high_water);
  std::optional<std::string> lower;
  for (uint64_t page = bucket.root;;) {
    std::string run;
    HF_ASSIGN(PageHeader header, database_.ReadRun(page, run));
    KeyRange range;
    if (lower) range.lower = *lower;
    HF_TRY_CONTEXT(CheckTreePage(run, range), database_.Where(page));
    if (!reached.AddRun(page, uint64_t{header.overflow} + 1))
      return Fail(Error(ErrorKind::kCorrupt, "a cycle of pages").With(database_.Where(page)));
    TreePage tree(run);
    if (tree.leaf()) {
      rows = RowsOf(tree);
      break;
    }
    std::vector<Child> children;
    for (size_t i = 0; i < tree.count(); ++i)
      children.push_back({std::string(tree.At(i).key), tree.At(i).child});
    lower = children.back().key;
    page = children.back().page;
    branches.push_back(std::move(children));
  }
  if ((!rows.empty() && rows.back().key >= row.key) || (lower && *lower > row.key))
    return Fail(ErrorKind::kInvalid, "a row with a greater key is there already");
  rows.push_back(row);
  HF_TRY(CheckCount(rows.size()));
  uint64_t child = AddPage(EncodeLeaf(rows, next_page_, database_.page_size()));
  for (auto branch = branches.rbegin(); branch != branches.rend(); ++branch) {
    branch->back().page = child;
    child = AddPage(EncodeBranch(*branch, next_page_, database_.page_size()));
  }
  bucket.root = child;
  return {};
}

Status Editor::WriteAt(uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t wrote = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return Fail(ErrnoError("writing pages", errno));
    offset += static_cast<uint64_t>(wrote);
    bytes.remove_prefix(static_cast<size_t>(wrote));
  }
  return {};
}

Status Editor::Commit() {
  std::vector<Row> rows;
  for (const Bucket& bucket : buckets_) rows.push_back({bucket.name, BucketValue(bucket), true});
  HF_TRY(CheckCount(rows.size()));
  uint32_t page_size = database_.page_size();
  Meta meta = database_.meta();
  meta.root = AddPage(EncodeLeaf(rows, next_page_, page_size));
  meta.freelist = kNoFreelist;
  meta.high_water = next_page_;
  ++meta.txid;
  for (const auto& [id, bytes] : pages_) HF_TRY(WriteAt(id * page_size, bytes));
  if (ftruncate(fd_, static_cast<off_t>(meta.high_water * page_size)) != 0)
    return Fail(ErrnoError("setting the length of the database", errno));
  if (fdatasync(fd_) != 0) return Fail(ErrnoError("syncing the database", errno));
  HF_TRY(WriteAt(meta.txid % 2 * page_size, EncodeMetaPage(meta)));
  if (fsync(fd_) != 0) return Fail(ErrnoError("syncing the database", errno));
  return {};
}

}  // namespace holdfast::etcd
