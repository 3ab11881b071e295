#include "etcd/page.h"

#include <gmock/gmock.h>

#include "etcd/bytes.h"
#include "etcd/crc32c.h"

namespace holdfast::etcd {
namespace {

using ::testing::HasSubstr;

TEST(Crc32c, KnownValues) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283);
  EXPECT_EQ(Crc32cPortable("123456789"), 0xe3069283);
  EXPECT_EQ(Crc32c("456789", Crc32c("123")), 0xe3069283);
  std::string text(1000, 'x');
  for (size_t n = 0; n < 40; ++n)
    EXPECT_EQ(Crc32c(text.substr(n)), Crc32cPortable(text.substr(n))) << n;
}

TEST(Fnv, KnownValues) {
  EXPECT_EQ(Fnv1a64(""), 0xcbf29ce484222325);
  EXPECT_EQ(Fnv1a64("a"), 0xaf63dc4c8601ec8c);
}

// Checksums that bbolt 1.4 wrote.
TEST(Meta, EncodesAsBboltDoes) {
  Meta fresh{.page_size = 4096, .root = 3, .freelist = 2, .high_water = 4, .txid = 0};
  std::string page = EncodeMetaPage(fresh);
  EXPECT_EQ(Le64(page.data() + 72), 0x07516e114689fdee);
  EXPECT_EQ(ParsePageHeader(page).id, 0u);
  Meta used{.page_size = 4096, .root = 4, .high_water = 17, .txid = 39};
  page = EncodeMetaPage(used);
  EXPECT_EQ(Le64(page.data() + 72), 0xd7b8d9792c72c051);
  EXPECT_EQ(ParsePageHeader(page).id, 1u);
  Meta read;
  ASSERT_EQ(ParseMeta(std::string_view(page).substr(kPageHeader), read), MetaState::kValid);
  EXPECT_EQ(read, used);
}

TEST(Meta, EveryChangedByteIsNoticed) {
  std::string page = EncodeMetaPage({.page_size = 4096, .root = 3, .high_water = 9, .txid = 4});
  for (size_t i = kPageHeader; i < page.size(); ++i) {
    std::string changed = page;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    Meta meta;
    EXPECT_NE(ParseMeta(std::string_view(changed).substr(kPageHeader), meta), MetaState::kValid)
        << i;
  }
  std::string swapped = page;
  std::reverse(swapped.begin() + 16, swapped.begin() + 20);
  Meta meta;
  EXPECT_EQ(ParseMeta(std::string_view(swapped).substr(kPageHeader), meta), MetaState::kBigEndian);
}

TEST(Leaf, RoundTrip) {
  std::vector<Row> rows = {
      {"a", "1", false}, {"b", std::string(3000, 'x'), false}, {"c", "", true}};
  std::string page = EncodeLeaf(rows, 5, 1024);
  EXPECT_EQ(page.size(), 3072u);
  ASSERT_TRUE(CheckTreePage(page, {}));
  TreePage tree(page);
  EXPECT_TRUE(tree.leaf());
  EXPECT_EQ(tree.header().overflow, 2u);
  ASSERT_EQ(tree.count(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(tree.At(i).key, rows[i].key);
    EXPECT_EQ(tree.At(i).value, rows[i].value);
    EXPECT_EQ(tree.At(i).bucket, rows[i].bucket);
  }
  EXPECT_EQ(EmptyBucketValue(),
            std::string(16, '\0') + std::string("\0\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0", 16));
}

TEST(Branch, RoundTrip) {
  std::string page = EncodeBranch({{"a", 7}, {"m", 9}}, 5, 1024);
  ASSERT_TRUE(CheckTreePage(page, {}));
  TreePage tree(page);
  EXPECT_FALSE(tree.leaf());
  EXPECT_EQ(tree.At(1).key, "m");
  EXPECT_EQ(tree.At(1).child, 9u);
}

struct Damage {
  const char* what;
  size_t at;
  uint32_t value;
  size_t width;
  const char* says;
};

class DamagedLeaf : public ::testing::TestWithParam<Damage> {};

// A leaf of rows a=1, b=2: elements at 16 and 32, data from 48 on.
TEST_P(DamagedLeaf, IsRefused) {
  std::string page = EncodeLeaf({{"a", "1", false}, {"b", "2", false}}, 5, 1024);
  const Damage& damage = GetParam();
  if (damage.width == 1) page[damage.at] = static_cast<char>(damage.value);
  if (damage.width == 2) StoreLe(page.data() + damage.at, static_cast<uint16_t>(damage.value));
  if (damage.width == 4) StoreLe(page.data() + damage.at, damage.value);
  Status status = CheckTreePage(page, {});
  ASSERT_FALSE(status) << damage.what;
  EXPECT_EQ(status.error().kind(), ErrorKind::kCorrupt);
  EXPECT_THAT(status.error().message(), HasSubstr(damage.says));
}
INSTANTIATE_TEST_SUITE_P(
    Rules, DamagedLeaf,
    ::testing::Values(Damage{"flags", 8, 0x10, 2, "no branch or leaf"},
                      Damage{"both flags", 8, 3, 2, "no branch or leaf"},
                      Damage{"count", 10, 64, 2, "do not fit"},
                      Damage{"empty branch", 8, 0x00000001, 4, "without children"},
                      Damage{"element flags", 16, 2, 4, "unknown flags"},
                      Damage{"position in table", 20, 31, 4, "in the element table"},
                      Damage{"position beyond", 20, 0xffffffff, 4, "out of the page"},
                      Damage{"no key", 24, 0, 4, "a key of 0 bytes"},
                      Damage{"huge key", 24, 32769, 4, "a key of 32769 bytes"},
                      Damage{"huge value", 28, 0x7fffffff, 4, "a value of"},
                      Damage{"value beyond", 44, 1000, 4, "out of the page"},
                      Damage{"order", 48, 'b', 1, "not greater"}),
    [](const auto& test) {
      std::string name = test.param.what;
      std::replace(name.begin(), name.end(), ' ', '_');
      return name;
    });

TEST(Leaf, KeysStayInTheirRange) {
  std::string page = EncodeLeaf({{"b", "1", false}, {"d", "2", false}}, 5, 1024);
  EXPECT_TRUE(CheckTreePage(page, {"b", "e"}));
  EXPECT_FALSE(CheckTreePage(page, {"c", "e"}));
  EXPECT_FALSE(CheckTreePage(page, {"a", "d"}));
}

}  // namespace
}  // namespace holdfast::etcd
