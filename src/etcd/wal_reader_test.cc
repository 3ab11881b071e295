#include "etcd/wal_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "etcd/raft_files.h"

namespace holdfast::etcd {
namespace {

std::string Wal(size_t members) {
  std::string cluster;
  for (size_t i = 0; i < members; ++i)
    cluster += (i == 0 ? "" : ",") + ("n" + std::to_string(i)) + "=http://10.0.0." +
               std::to_string(i + 1) + ":2380";
  auto made = MakeMembership({"n0", cluster, "token", {"http://10.0.0.1:2380"}});
  EXPECT_TRUE(made) << made.error().ToString();
  return FirstWal(*made);
}

TEST(WalReader, ReadsWhatRestoreWrites) {
  for (size_t members : {1, 3, 7}) {
    WalReader reader;
    std::string wal = Wal(members);
    wal.resize(wal.size() + 4096);
    Status read = reader.Read(wal, true);
    ASSERT_TRUE(read) << read.error().ToString();
    EXPECT_EQ(reader.summary().entries, members);
    EXPECT_EQ(reader.summary().last_index, members);
    EXPECT_EQ(reader.summary().commit, members);
    EXPECT_EQ(reader.summary().snapshot_index, members);
    EXPECT_EQ(reader.summary().records, members + 5);
    EXPECT_NE(reader.summary().member, 0u);
    EXPECT_FALSE(reader.summary().torn);
  }
}

TEST(WalReader, EveryFlippedBitIsFoundOrMeansNothing) {
  std::string wal = Wal(3);
  WalReader whole;
  ASSERT_TRUE(whole.Read(wal, true));
  size_t found = 0, unseen = 0;
  for (size_t bit = 0; bit < wal.size() * 8; ++bit) {
    std::string changed = wal;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    WalReader reader;
    if (!reader.Read(changed, false) || reader.summary().records != whole.summary().records) {
      ++found;
      continue;
    }
    // A record's type and its padding are covered by no checksum in this format.
    ++unseen;
  }
  EXPECT_GT(found, 10 * unseen);
}

TEST(WalReader, CutOffAnywhereIsTornOrDamaged) {
  std::string wal = Wal(3);
  WalReader whole;
  ASSERT_TRUE(whole.Read(wal, true));
  for (size_t size = 0; size < wal.size(); ++size) {
    WalReader reader;
    bool read = reader.Read(std::string_view(wal).substr(0, size), true).has_value();
    EXPECT_TRUE(!read || reader.summary().records < whole.summary().records ||
                reader.summary().torn)
        << size;
  }
  // A sector that never reached the disk.
  std::string zeroed = wal.substr(0, 512) + std::string(wal.size() - 512, '\0');
  WalReader reader;
  EXPECT_TRUE(reader.Read(zeroed, true));
}

TEST(WalReader, FilesBelongTogether) {
  WalReader reader;
  ASSERT_TRUE(reader.Read(Wal(1), false));
  EXPECT_FALSE(reader.Read(Wal(1), true)) << "the checksum begins anew";
}

}  // namespace
}  // namespace holdfast::etcd
