#include "etcd/page.h"

#include <fmt/format.h>

#include "etcd/bytes.h"

namespace holdfast::etcd {
namespace {

constexpr uint32_t kMagic = 0xED0CDAED;
constexpr uint32_t kVersion = 2;

void AppendHeader(std::string& out, const PageHeader& header) {
  AppendLe(out, header.id);
  AppendLe(out, header.flags);
  AppendLe(out, header.count);
  AppendLe(out, header.overflow);
}

Status Damaged(std::string text) { return Fail(ErrorKind::kCorrupt, std::move(text)); }

uint32_t OverflowOf(size_t bytes, uint32_t page_size) {
  return static_cast<uint32_t>((bytes + page_size - 1) / page_size - 1);
}

std::string LeafBody(const std::vector<Row>& rows) {
  std::string table, data;
  for (size_t i = 0; i < rows.size(); ++i) {
    AppendLe<uint32_t>(table, rows[i].bucket ? 1 : 0);
    AppendLe(table, static_cast<uint32_t>(kElement * (rows.size() - i) + data.size()));
    AppendLe(table, static_cast<uint32_t>(rows[i].key.size()));
    AppendLe(table, static_cast<uint32_t>(rows[i].value.size()));
    data += rows[i].key;
    data += rows[i].value;
  }
  return table + data;
}

std::string Padded(PageHeader header, const std::string& body, uint32_t page_size) {
  header.overflow = OverflowOf(kPageHeader + body.size(), page_size);
  std::string page;
  AppendHeader(page, header);
  page += body;
  page.resize((size_t{header.overflow} + 1) * page_size);
  return page;
}

}  // namespace

std::string EmptyBucketValue() { return std::string(16, '\0') + EncodeInlineLeaf({}); }

PageHeader ParsePageHeader(std::string_view bytes) {
  return {Le64(bytes.data()), Le16(bytes.data() + 8), Le16(bytes.data() + 10),
          Le32(bytes.data() + 12)};
}

uint64_t Fnv1a64(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

std::string_view MetaStateText(MetaState state) {
  switch (state) {
    case MetaState::kValid: return "valid";
    case MetaState::kNoMagic: return "not a bbolt meta page";
    case MetaState::kBigEndian: return "written on a big-endian machine";
    case MetaState::kWrongVersion: return "of an unknown format version";
    case MetaState::kWrongChecksum: return "its checksum does not match";
  }
  return "unknown";
}

MetaState ParseMeta(std::string_view bytes, Meta& meta) {
  const char* at = bytes.data();
  if (Le32(at) == __builtin_bswap32(kMagic)) return MetaState::kBigEndian;
  if (Le32(at) != kMagic) return MetaState::kNoMagic;
  if (Le32(at + 4) != kVersion) return MetaState::kWrongVersion;
  if (Fnv1a64(bytes.substr(0, 56)) != Le64(at + 56)) return MetaState::kWrongChecksum;
  meta = {.page_size = Le32(at + 8),
          .flags = Le32(at + 12),
          .root = Le64(at + 16),
          .sequence = Le64(at + 24),
          .freelist = Le64(at + 32),
          .high_water = Le64(at + 40),
          .txid = Le64(at + 48)};
  return MetaState::kValid;
}

std::string EncodeMetaPage(const Meta& meta) {
  std::string page;
  AppendHeader(page, {.id = meta.txid % 2, .flags = kMetaFlag});
  AppendLe(page, kMagic);
  AppendLe(page, kVersion);
  AppendLe(page, meta.page_size);
  AppendLe(page, meta.flags);
  AppendLe(page, meta.root);
  AppendLe(page, meta.sequence);
  AppendLe(page, meta.freelist);
  AppendLe(page, meta.high_water);
  AppendLe(page, meta.txid);
  AppendLe(page, Fnv1a64(std::string_view(page).substr(kPageHeader)));
  return page;
}

Element TreePage::At(size_t i) const {
  size_t begin = kPageHeader + kElement * i;
  const char* at = bytes_.data() + begin;
  if (leaf()) {
    size_t key = begin + Le32(at + 4);
    size_t key_size = Le32(at + 8);
    return {.key = bytes_.substr(key, key_size),
            .value = bytes_.substr(key + key_size, Le32(at + 12)),
            .bucket = (Le32(at) & 1) != 0};
  }
  return {.key = bytes_.substr(begin + Le32(at), Le32(at + 4)), .child = Le64(at + 8)};
}

Status CheckTreePage(std::string_view bytes, const KeyRange& range) {
  PageHeader header = ParsePageHeader(bytes);
  if (header.flags != kBranchFlag && header.flags != kLeafFlag)
    return Damaged(fmt::format("flags {:#x} are those of no branch or leaf", header.flags));
  bool leaf = header.flags == kLeafFlag;
  size_t count = header.count;
  if (kPageHeader + kElement * count > bytes.size())
    return Damaged(fmt::format("{} elements do not fit into {} bytes", count, bytes.size()));
  if (!leaf && count == 0) return Damaged("a branch without children");
  std::string_view before;
  for (size_t i = 0; i < count; ++i) {
    size_t begin = kPageHeader + kElement * i;
    const char* at = bytes.data() + begin;
    uint64_t position = Le32(at + (leaf ? 4 : 0));
    uint64_t key_size = Le32(at + (leaf ? 8 : 4));
    uint64_t value_size = leaf ? Le32(at + 12) : 0;
    if (leaf && Le32(at) > 1)
      return Damaged(fmt::format("element {} has unknown flags {:#x}", i, Le32(at)));
    if (key_size == 0 || key_size > kMaxKey)
      return Damaged(fmt::format("element {} has a key of {} bytes", i, key_size));
    if (value_size > kMaxValue)
      return Damaged(fmt::format("element {} has a value of {} bytes", i, value_size));
    if (position < kElement * (count - i))
      return Damaged(fmt::format("the key of element {} lies in the element table", i));
    if (begin + position + key_size + value_size > bytes.size())
      return Damaged(fmt::format("element {} reaches out of the page", i));
    std::string_view key = bytes.substr(begin + position, key_size);
    if (i > 0 ? key <= before : range.lower && key < *range.lower)
      return Damaged(fmt::format("the key of element {} is not greater than the one before", i));
    before = key;
  }
  if (count > 0 && range.upper && before >= *range.upper)
    return Damaged("its last key belongs to the next page");
  return {};
}

std::string EncodeLeaf(const std::vector<Row>& rows, uint64_t id, uint32_t page_size) {
  return Padded({.id = id, .flags = kLeafFlag, .count = static_cast<uint16_t>(rows.size())},
                LeafBody(rows), page_size);
}

std::string EncodeBranch(const std::vector<Child>& children, uint64_t id, uint32_t page_size) {
  std::string table, data;
  for (size_t i = 0; i < children.size(); ++i) {
    AppendLe(table, static_cast<uint32_t>(kElement * (children.size() - i) + data.size()));
    AppendLe(table, static_cast<uint32_t>(children[i].key.size()));
    AppendLe(table, children[i].page);
    data += children[i].key;
  }
  return Padded({.id = id, .flags = kBranchFlag, .count = static_cast<uint16_t>(children.size())},
                table + data, page_size);
}

std::string EncodeInlineLeaf(const std::vector<Row>& rows) {
  std::string page;
  AppendHeader(page, {.flags = kLeafFlag, .count = static_cast<uint16_t>(rows.size())});
  return page + LeafBody(rows);
}

}  // namespace holdfast::etcd
