#include "etcd/cursor.h"

#include <fmt/format.h>

#include "base/printable.h"

namespace holdfast::etcd {
namespace {

constexpr size_t kMaxRereads = 100;

}  // namespace

struct Cursor::Frame {
  std::string bytes;
  TreePage page;
  KeyRange range;
  uint64_t id = 0;
  size_t next = 0;
  uint32_t child_overflow = 0;  // of the last child: the next one is probably like it
};

Cursor::Cursor(const Database& database, const Bucket& bucket, PageSet& reached,
               Direction direction)
    : database_(database), bucket_(bucket), reached_(reached), direction_(direction) {}
Cursor::~Cursor() = default;

uint64_t Cursor::page() const { return depth_ == 0 ? 0 : frames_[depth_ - 1]->id; }

Cursor::Frame& Cursor::Deeper() {
  if (frames_.size() <= depth_) frames_.push_back(std::make_unique<Frame>());
  return *frames_[depth_];
}

Status Cursor::Descend(uint64_t page, const KeyRange& range) {
  auto damaged = [&](std::string text) {
    return Fail(Error(ErrorKind::kCorrupt, std::move(text)).With(database_.Where(page)));
  };
  if (depth_ > static_cast<size_t>(database_.limits().max_depth))
    return damaged(fmt::format("deeper than {} pages", database_.limits().max_depth));
  // Before it is read: else a chain of pages could be read again and again.
  if (reached_.Has(page))
    return damaged("it was reached before: a cycle, or a page of two parents");
  Frame& frame = Deeper();
  uint32_t guess = depth_ > 0 ? frames_[depth_ - 1]->child_overflow : 0;
  HF_ASSIGN(PageHeader header, database_.ReadRun(page, frame.bytes, guess));
  Status sound = CheckTreePage(frame.bytes, range);
  if (!sound) {
    // It may be sound below another parent; but not again and again.
    if (++failures_ > kMaxRereads) reached_.AddRun(page, uint64_t{header.overflow} + 1);
    return Fail(std::move(sound).error().With(database_.Where(page)));
  }
  if (!reached_.AddRun(page, uint64_t{header.overflow} + 1))
    return damaged("a page of its overflow was reached before");
  if (depth_ > 0) frames_[depth_ - 1]->child_overflow = header.overflow;
  frame.page = TreePage(frame.bytes);
  frame.range = range;
  frame.id = page;
  frame.next = 0;
  frame.child_overflow = 0;
  ++depth_;
  return {};
}

Status Cursor::StartInline() {
  Frame& frame = Deeper();
  frame.bytes = bucket_.inline_page;
  HF_TRY_CONTEXT(CheckTreePage(frame.bytes, {}),
                 fmt::format("the rows inside bucket \"{}\"", Printable(bucket_.name, 64)));
  frame.page = TreePage(frame.bytes);
  frame.range = {};
  frame.id = 0;
  frame.next = 0;
  ++depth_;
  return {};
}

Status Cursor::Start() {
  started_ = true;
  return bucket_.root == 0 ? StartInline() : Descend(bucket_.root, {});
}

Result<std::optional<Element>> Cursor::Next() {
  if (!started_) HF_TRY(Start());
  while (depth_ > 0) {
    Frame& frame = *frames_[depth_ - 1];
    size_t count = frame.page.count();
    if (frame.next == count) {
      --depth_;
      continue;
    }
    size_t i = direction_ == Direction::kForward ? frame.next : count - 1 - frame.next;
    ++frame.next;
    Element element = frame.page.At(i);
    if (frame.page.leaf()) return std::optional<Element>(element);
    KeyRange range{element.key,
                   i + 1 < count ? std::optional(frame.page.At(i + 1).key) : frame.range.upper};
    HF_TRY(Descend(element.child, range));
  }
  return std::optional<Element>();
}

Result<std::vector<Bucket>> ReadBuckets(const Database& database, PageSet& reached) {
  Bucket root = database.root_bucket();
  std::vector<Bucket> buckets;
  Cursor cursor(database, root, reached);
  while (true) {
    HF_ASSIGN_CONTEXT(auto row, cursor.Next(), "reading the list of buckets");
    if (!row) return buckets;
    std::string name = Printable(row->key, 64);
    if (!row->bucket) {
      return Fail(ErrorKind::kCorrupt,
                  fmt::format("\"{}\" in the list of buckets is no bucket", name));
    }
    HF_ASSIGN_CONTEXT(Bucket bucket, ParseBucket(row->key, row->value),
                      fmt::format("bucket \"{}\"", name));
    buckets.push_back(std::move(bucket));
  }
}

}  // namespace holdfast::etcd
