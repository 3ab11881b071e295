#include "etcd/database.h"

#include <fmt/format.h>

#include "etcd/bytes.h"

namespace holdfast::etcd {
namespace {

Error NotADatabase(std::string text) {
  return Error(ErrorKind::kCorrupt, std::move(text))
      .Hint(
          "a snapshot is what `holdfast etcd save` or `etcdctl snapshot save` wrote, or "
          "member/snap/db "
          "of a stopped member");
}

}  // namespace

bool PageSet::AddRun(uint64_t first, uint64_t count) {
  if (first >= pages_ || count > pages_ - first) return false;
  for (uint64_t page = first; page < first + count; ++page)
    if (Has(page)) return false;
  for (uint64_t page = first; page < first + count; ++page)
    bits_[page / 64] |= uint64_t{1} << (page % 64);
  size_ += count;
  return true;
}

Result<Bucket> ParseBucket(std::string_view name, std::string_view value) {
  if (value.size() < 16)
    return Fail(ErrorKind::kCorrupt,
                fmt::format("the description of a bucket has {} bytes, not 16", value.size()));
  Bucket bucket{std::string(name), Le64(value.data()), Le64(value.data() + 8), {}};
  if (bucket.root != 0) {
    if (value.size() != 16)
      return Fail(ErrorKind::kCorrupt,
                  "a bucket with pages of its own has rows in its description");
    return bucket;
  }
  std::string_view page = value.substr(16);
  if (page.size() < kPageHeader)
    return Fail(ErrorKind::kCorrupt, "a bucket without pages and without rows");
  PageHeader header = ParsePageHeader(page);
  if (header.id != 0 || header.flags != kLeafFlag || header.overflow != 0)
    return Fail(ErrorKind::kCorrupt, "the page inside a bucket's description is no leaf");
  bucket.inline_page = page;
  return bucket;
}

Result<Database> Database::Open(std::unique_ptr<File> file, const ReadLimits& limits) {
  Database database(std::move(file), limits);
  HF_TRY(database.FindMetas());
  HF_TRY(database.CheckMeta());
  return database;
}

Result<MetaState> Database::ReadMeta(uint64_t offset, Meta& meta) const {
  char bytes[kPageHeader + kMetaBytes];
  if (offset + sizeof bytes > file_->size()) return MetaState::kNoMagic;
  HF_TRY(file_->ReadAt(offset, bytes, sizeof bytes));
  return ParseMeta(std::string_view(bytes, sizeof bytes).substr(kPageHeader), meta);
}

Status Database::FindMetas() {
  if (file_->size() == 0) return Fail(NotADatabase("the file is empty"));
  if (file_->size() < 2 * kMinPageSize) {
    return Fail(
        NotADatabase(fmt::format("{} bytes are too few for a bbolt database", file_->size())));
  }
  HF_ASSIGN(states_[0], ReadMeta(0, metas_[0]));
  if (states_[0] == MetaState::kBigEndian) {
    return Fail(ErrorKind::kInvalid, "a database written on a big-endian machine is not supported");
  }
  uint32_t page_size = metas_[0].page_size;
  if (states_[0] == MetaState::kValid) {
    HF_ASSIGN(states_[1], ReadMeta(page_size, metas_[1]));
  } else {
    // Page 1 lies at the page size, which only it can tell.
    for (page_size = kMinPageSize; page_size <= kMaxPageSize; page_size *= 2) {
      HF_ASSIGN(states_[1], ReadMeta(page_size, metas_[1]));
      if (states_[1] == MetaState::kValid && metas_[1].page_size == page_size) break;
      states_[1] = MetaState::kNoMagic;
    }
    if (states_[1] != MetaState::kValid) {
      return Fail(
          NotADatabase(fmt::format("not a bbolt database: neither meta page is valid (page 0: {})",
                                   MetaStateText(states_[0]))));
    }
  }
  bool both = states_[0] == MetaState::kValid && states_[1] == MetaState::kValid;
  winner_ = both ? metas_[1].txid > metas_[0].txid : states_[1] == MetaState::kValid;
  return {};
}

Status Database::CheckMeta() const {
  const Meta& m = meta();
  auto wrong = [&](std::string text) {
    return Fail(
        Error(ErrorKind::kCorrupt, std::move(text)).With(fmt::format("meta page {}", winner_)));
  };
  bool power = (m.page_size & (m.page_size - 1)) == 0;
  if (!power || m.page_size < kMinPageSize || m.page_size > kMaxPageSize)
    return wrong(fmt::format("a page size of {} bytes", m.page_size));
  if (m.flags != 0) return wrong(fmt::format("unknown flags {:#x}", m.flags));
  if (m.high_water < 3 || m.high_water > limits_.max_pages)
    return wrong(fmt::format("{} pages in all", m.high_water));
  if (m.root < 2 || m.root >= m.high_water)
    return wrong(fmt::format("its root page {} is not among the {} pages", m.root, m.high_water));
  if (m.freelist != kNoFreelist && (m.freelist < 2 || m.freelist >= m.high_water)) {
    return wrong(
        fmt::format("its freelist page {} is not among the {} pages", m.freelist, m.high_water));
  }
  uint64_t usable = file_->size() - (has_digest() ? 32 : 0);
  if (size() > usable) {
    return Fail(Error(ErrorKind::kCorrupt,
                      fmt::format("truncated: the database needs {} bytes, the file has {}", size(),
                                  usable))
                    .Hint("take another copy of the snapshot; --tolerate-corruption reads what is "
                          "left in one that is damaged but whole"));
  }
  return {};
}

Result<PageHeader> Database::ReadRun(uint64_t page, std::string& run,
                                     uint32_t expected_overflow) const {
  auto damaged = [&](std::string text) {
    return Fail(Error(ErrorKind::kCorrupt, std::move(text)).With(Where(page)));
  };
  uint64_t pages = meta().high_water;
  if (page < 2 || page >= pages)
    return damaged(fmt::format("there is no such page; the database has {}", pages));
  uint64_t guess = std::min<uint64_t>(expected_overflow, std::min<uint64_t>(pages - page - 1, 15));
  run.resize((guess + 1) * page_size());
  HF_TRY(file_->ReadAt(page * page_size(), run.data(), run.size()));
  PageHeader header = ParsePageHeader(run);
  if (header.id != page) return damaged(fmt::format("it says that it is page {}", header.id));
  if (header.overflow >= pages - page)
    return damaged(fmt::format("its {} pages of overflow reach beyond the database's {}",
                               header.overflow, pages));
  uint64_t bytes = (uint64_t{header.overflow} + 1) * page_size();
  if (bytes > limits_.max_run)
    return damaged(
        fmt::format("{} bytes are more than the limit of {} for one page", bytes, limits_.max_run));
  size_t have = std::min<uint64_t>(run.size(), bytes);
  run.resize(bytes);
  if (have < bytes)
    HF_TRY(file_->ReadAt(page * page_size() + have, run.data() + have, bytes - have));
  return header;
}

Bucket Database::root_bucket() const {
  return {.name = "", .root = meta().root, .sequence = meta().sequence, .inline_page = {}};
}

std::string Database::Where(uint64_t page) const {
  return fmt::format("page {} (byte {})", page, page * page_size());
}

}  // namespace holdfast::etcd
