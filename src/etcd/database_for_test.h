// Databases made in memory, for tests and fuzzers' seeds: buckets of rows, laid out with as many
// levels of pages as wanted, and a snapshot's digest behind.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/protobuf_wire.h"
#include "etcd/bytes.h"
#include "etcd/mvcc.h"
#include "etcd/page.h"
#include "stream/sha256.h"

namespace holdfast::etcd {

inline std::string TestRecord(std::string_view key, std::string_view value, int64_t create,
                              int64_t mod, int64_t version, int64_t lease = 0) {
  std::string record;
  AppendBytes(record, 1, key);
  AppendNumber(record, 2, static_cast<uint64_t>(create));
  AppendNumber(record, 3, static_cast<uint64_t>(mod));
  AppendNumber(record, 4, static_cast<uint64_t>(version));
  AppendBytes(record, 5, value);
  if (lease != 0) AppendNumber(record, 6, static_cast<uint64_t>(lease));
  return record;
}
inline Row TestPut(int64_t revision, std::string_view key, std::string_view value, int64_t create,
                   int64_t version) {
  return {EncodeRevision({revision, 0}), TestRecord(key, value, create, revision, version), false};
}
inline Row TestDelete(int64_t revision, std::string_view key) {
  std::string record;
  AppendBytes(record, 1, key);
  return {EncodeRevision({revision, 0}) + "t", record, false};
}

struct TestDatabase {
  std::map<std::string, std::vector<Row>> buckets;
  uint32_t page_size = 1024;
  size_t rows_per_leaf = 4;
  size_t children_per_branch = 3;
  bool store_freelist = false;
  bool inline_small = true;

  // The store of the tests: ten buckets as etcd has them, `keys` keys written twice each but for
  // every seventh, which is deleted.
  static TestDatabase Store(int keys) {
    TestDatabase test;
    for (const char* name : {"alarm", "auth", "authRoles", "authUsers", "cluster", "key", "lease",
                             "members", "members_removed", "meta"})
      test.buckets[name];
    auto& rows = test.buckets["key"];
    int64_t revision = 2;
    for (int i = 0; i < keys; ++i, ++revision)
      rows.push_back(TestPut(revision, "key" + std::to_string(i), "first", revision, 1));
    for (int i = 0; i < keys; ++i, ++revision) {
      std::string key = "key" + std::to_string(i);
      rows.push_back(i % 7 == 6 ? TestDelete(revision, key)
                                : TestPut(revision, key, "second", 2 + i, 2));
    }
    std::string index;
    AppendBe64(index, 42);
    test.buckets["meta"] = {{"consistent_index", index, false},
                            {"storageVersion", "3.6.0", false},
                            {"term", index, false}};
    return test;
  }

  std::string Build() {
    next_ = 3;
    pages_.clear();
    std::vector<Row> root;
    for (const auto& [name, rows] : buckets) root.push_back({name, BucketValue(rows), true});
    Meta meta{.page_size = page_size, .root = Add(EncodeLeaf(root, next_, page_size))};
    if (store_freelist) {
      std::string page(page_size, '\0');
      StoreLe(page.data(), next_);
      StoreLe<uint16_t>(page.data() + 8, kFreelistFlag);
      StoreLe<uint16_t>(page.data() + 10, 1);
      StoreLe<uint64_t>(page.data() + 16, 2);  // page 2 is free
      meta.freelist = Add(page);
    }
    meta.high_water = next_;
    std::string file(next_ * page_size, '\0');
    meta.txid = 7;
    file.replace(page_size, kPageHeader + kMetaBytes, EncodeMetaPage(meta));
    meta.txid = 8;
    file.replace(0, kPageHeader + kMetaBytes, EncodeMetaPage(meta));
    for (const auto& [id, bytes] : pages_) file.replace(id * page_size, bytes.size(), bytes);
    return file;
  }
  std::string BuildSnapshot() { return WithDigest(Build()); }
  static std::string WithDigest(std::string file) {
    stream::Digest digest = stream::Sha256::Of(file);
    return file.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  }

 private:
  uint64_t Add(std::string bytes) {
    uint64_t id = next_;
    next_ += bytes.size() / page_size;
    pages_.emplace_back(id, std::move(bytes));
    return id;
  }
  std::string BucketValue(const std::vector<Row>& rows) {
    std::string page = EncodeInlineLeaf(rows);
    if (inline_small && page.size() <= page_size / 4) return std::string(16, '\0') + page;
    std::vector<Child> level;
    for (size_t i = 0; i < rows.size() || i == 0; i += rows_per_leaf) {
      std::vector<Row> some(rows.begin() + long(i),
                            rows.begin() + long(std::min(rows.size(), i + rows_per_leaf)));
      std::string key = some.empty() ? "" : some[0].key;
      level.push_back({key, Add(EncodeLeaf(some, next_, page_size))});
    }
    while (level.size() > 1) {
      std::vector<Child> above;
      for (size_t i = 0; i < level.size(); i += children_per_branch) {
        size_t end = std::min(level.size(), i + children_per_branch);
        std::vector<Child> some(level.begin() + long(i), level.begin() + long(end));
        above.push_back({some[0].key, Add(EncodeBranch(some, next_, page_size))});
      }
      level = std::move(above);
    }
    std::string value;
    AppendLe(value, level[0].page);
    AppendLe<uint64_t>(value, 0);
    return value;
  }

  uint64_t next_ = 3;
  std::vector<std::pair<uint64_t, std::string>> pages_;
};

}  // namespace holdfast::etcd
