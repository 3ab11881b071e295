#include "etcd/database.h"

#include <gmock/gmock.h>

#include "etcd/bytes.h"
#include "etcd/cursor.h"
#include "etcd/database_for_test.h"
#include "etcd/store.h"

namespace holdfast::etcd {
namespace {

using ::testing::HasSubstr;

Result<Database> Open(std::string bytes) {
  return Database::Open(FileOfBytes(std::move(bytes), "f"));
}

std::vector<Row> ReadAll(const Database& database, std::string_view name, Direction direction,
                         std::vector<std::string>* errors = nullptr) {
  PageSet reached(database.meta().high_water);
  auto buckets = ReadBuckets(database, reached);
  EXPECT_TRUE(buckets) << buckets.error().ToString();
  std::vector<Row> rows;
  if (!buckets) return rows;
  const Bucket* bucket = FindBucket(*buckets, name);
  EXPECT_NE(bucket, nullptr);
  Cursor cursor(database, *bucket, reached, direction);
  while (true) {
    auto row = cursor.Next();
    if (!row) {
      EXPECT_NE(errors, nullptr) << row.error().ToString();
      if (errors == nullptr || errors->size() > 1000) return rows;
      errors->push_back(row.error().ToString());
      continue;
    }
    if (!*row) return rows;
    rows.push_back({std::string((*row)->key), std::string((*row)->value), (*row)->bucket});
  }
}

std::vector<std::string> Keys(const std::vector<Row>& rows) {
  std::vector<std::string> keys;
  for (const Row& row : rows) keys.push_back(row.key);
  return keys;
}

TEST(Cursor, WalksDeepTreesBothWays) {
  TestDatabase test = TestDatabase::Store(200);  // leaves below four levels of branches
  auto database = Open(test.BuildSnapshot());
  ASSERT_TRUE(database) << database.error().ToString();
  std::vector<std::string> expected = Keys(test.buckets["key"]);
  EXPECT_EQ(Keys(ReadAll(*database, "key", Direction::kForward)), expected);
  std::reverse(expected.begin(), expected.end());
  EXPECT_EQ(Keys(ReadAll(*database, "key", Direction::kBackward)), expected);
}

TEST(Cursor, ReadsRowsInsideTheBucketsDescription) {
  TestDatabase test = TestDatabase::Store(1);
  auto database = Open(test.Build());
  ASSERT_TRUE(database);
  EXPECT_EQ(ReadAll(*database, "key", Direction::kForward).size(), 2u);
  EXPECT_EQ(ReadAll(*database, "lease", Direction::kForward).size(), 0u);
}

TEST(Cursor, ReadsOverflowAndEmptyLeaves) {
  TestDatabase test;
  test.inline_small = false;
  test.buckets["big"] = {{"a", std::string(10'000, 'x'), false},
                         {"b", std::string(70'000, 'y'), false}};
  test.buckets["none"] = {};
  auto database = Open(test.Build());
  ASSERT_TRUE(database);
  std::vector<Row> rows = ReadAll(*database, "big", Direction::kForward);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].value, std::string(70'000, 'y'));
  EXPECT_TRUE(ReadAll(*database, "none", Direction::kForward).empty());
}

// The first child of the root branch of bucket "key" is made another page.
std::string WithChild(TestDatabase& test, uint64_t (*choose)(uint64_t root, uint64_t own)) {
  std::string file = test.Build();
  auto database = Open(file);
  PageSet reached(database->meta().high_water);
  auto buckets = ReadBuckets(*database, reached);
  uint64_t root = FindBucket(*buckets, "key")->root;
  char* child = file.data() + root * test.page_size + kPageHeader + 8;
  StoreLe(child, choose(root, Le64(child)));
  return file;
}

TEST(Cursor, CyclesEnd) {
  TestDatabase test = TestDatabase::Store(200);
  size_t all = test.buckets["key"].size();
  auto database = Open(WithChild(test, [](uint64_t root, uint64_t) { return root; }));
  ASSERT_TRUE(database);
  std::vector<std::string> errors;
  std::vector<Row> rows = ReadAll(*database, "key", Direction::kForward, &errors);
  EXPECT_GT(rows.size(), 0u);
  EXPECT_LT(rows.size(), all);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_THAT(errors[0], HasSubstr("reached before"));
}

TEST(Cursor, GoesOnBehindDamage) {
  TestDatabase test = TestDatabase::Store(200);
  for (auto choose : {+[](uint64_t, uint64_t) -> uint64_t { return 1'000'000; },
                      +[](uint64_t, uint64_t) -> uint64_t { return 0; },
                      +[](uint64_t, uint64_t) -> uint64_t { return 2; },
                      +[](uint64_t, uint64_t own) -> uint64_t { return own + 1; }}) {
    auto database = Open(WithChild(test, choose));
    ASSERT_TRUE(database);
    std::vector<std::string> errors;
    std::vector<Row> rows = ReadAll(*database, "key", Direction::kForward, &errors);
    EXPECT_FALSE(errors.empty());
    EXPECT_GT(rows.size(), 0u);
    ASSERT_FALSE(rows.empty());
    EXPECT_EQ(rows.back().key, test.buckets["key"].back().key) << "the last child is sound";
  }
}

TEST(Database, TheNewerMetaWins) {
  TestDatabase test = TestDatabase::Store(3);
  std::string file = test.Build();
  EXPECT_EQ(Open(file)->winner(), 0);
  std::string first = file;
  first[20] = static_cast<char>(first[20] ^ 4);
  auto database = Open(first);
  ASSERT_TRUE(database) << database.error().ToString();
  EXPECT_EQ(database->winner(), 1) << "page 0 is damaged";
  EXPECT_EQ(database->meta_state(0), MetaState::kWrongVersion);
  EXPECT_EQ(ReadAll(*database, "key", Direction::kForward).size(), 6u);
  first[test.page_size + 20] = 'x';
  auto neither = Open(first);
  ASSERT_FALSE(neither);
  EXPECT_THAT(neither.error().ToString(), HasSubstr("neither meta page is valid"));
}

TEST(Database, PageSizesOfOtherMachines) {
  for (uint32_t size : {1024u, 4096u, 16384u, 65536u}) {
    TestDatabase test = TestDatabase::Store(50);
    test.page_size = size;
    std::string file = test.BuildSnapshot();
    auto database = Open(file);
    ASSERT_TRUE(database) << size;
    EXPECT_EQ(database->page_size(), size);
    EXPECT_EQ(ReadAll(*database, "key", Direction::kForward).size(), 100u);
    file[20] = 'x';  // page 1 has to be found without page 0
    ASSERT_TRUE(Open(file)) << size;
  }
}

TEST(Database, WhatIsNoDatabase) {
  struct {
    std::string bytes;
    const char* says;
  } cases[] = {{"", "empty"},
               {"x", "too few"},
               {std::string(4096, '\0'), "not a bbolt database"},
               {std::string(100'000, 'x'), "not a bbolt database"}};
  for (const auto& one : cases) {
    auto database = Open(one.bytes);
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().kind(), ErrorKind::kCorrupt);
    EXPECT_THAT(database.error().ToString(), HasSubstr(one.says));
  }
  std::string big_endian = TestDatabase::Store(1).Build();
  std::reverse(big_endian.begin() + 16, big_endian.begin() + 20);
  auto database = Open(big_endian);
  ASSERT_FALSE(database);
  EXPECT_THAT(database.error().ToString(), HasSubstr("big-endian"));
}

// Nothing is believed of a meta page whose checksum is right but whose numbers are not.
TEST(Database, AbsurdMetas) {
  std::string good = TestDatabase::Store(3).Build();
  Meta sound = Open(good)->meta();
  auto with = [&](Meta meta) {
    std::string file = good;
    meta.txid = 100;
    file.replace(0, kPageHeader + kMetaBytes, EncodeMetaPage(meta));
    return Open(file);
  };
  ASSERT_TRUE(with(sound));
  for (auto change :
       {+[](Meta& m) { m.page_size = 1000; }, +[](Meta& m) { m.page_size = 0; },
        +[](Meta& m) { m.flags = 1; }, +[](Meta& m) { m.root = 0; },
        +[](Meta& m) { m.root = m.high_water; }, +[](Meta& m) { m.freelist = 1; },
        +[](Meta& m) { m.freelist = m.high_water; }, +[](Meta& m) { m.high_water = 1000; },
        +[](Meta& m) { m.high_water = UINT64_MAX / 512; }}) {
    Meta meta = sound;
    change(meta);
    auto database = with(meta);
    ASSERT_FALSE(database);
    EXPECT_EQ(database.error().kind(), ErrorKind::kCorrupt);
  }
}

TEST(Database, TruncatedAnywhereIsAnErrorOrFound) {
  std::string file = TestDatabase::Store(30).BuildSnapshot();
  for (size_t size = 0; size < file.size(); size += 37) {
    auto database = Open(file.substr(0, size));
    if (size < file.size() - 32) {
      ASSERT_FALSE(database) << size;
      EXPECT_EQ(database.error().kind(), ErrorKind::kCorrupt);
    }
  }
}

}  // namespace
}  // namespace holdfast::etcd
