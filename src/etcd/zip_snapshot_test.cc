#include "etcd/zip_snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/temp_folder_for_test.h"
#include "etcd/database_for_test.h"
#include "etcd/spool_image.h"
#include "stream/zip_format.h"

namespace holdfast::etcd {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Files = std::vector<std::pair<std::string, std::string>>;

uint32_t Crc32(std::string_view bytes) {
  uint32_t crc = ~0u;
  for (unsigned char byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

// A zip of files that are stored as they are.
std::string StoredZip(const Files& files) {
  using namespace stream::zip;
  std::string zip, directory;
  for (const auto& [name, text] : files) {
    std::string common;
    Put<uint16_t>(common, 20);
    Put<uint16_t>(common, 0);
    Put<uint16_t>(common, kStoredAsIs);
    Put<uint32_t>(common, 0);
    Put<uint32_t>(common, Crc32(text));
    Put<uint32_t>(common, static_cast<uint32_t>(text.size()));
    Put<uint32_t>(common, static_cast<uint32_t>(text.size()));
    Put<uint16_t>(common, static_cast<uint16_t>(name.size()));
    Put<uint16_t>(common, 0);
    Put(directory, kCentral);
    Put<uint16_t>(directory, 20);
    directory += common + std::string(10, '\0');
    Put<uint32_t>(directory, static_cast<uint32_t>(zip.size()));
    directory += name;
    Put(zip, kLocal);
    zip += common + name + text;
  }
  uint32_t begin = static_cast<uint32_t>(zip.size());
  zip += directory;
  Put(zip, kEnd);
  Put<uint32_t>(zip, 0);
  Put<uint16_t>(zip, static_cast<uint16_t>(files.size()));
  Put<uint16_t>(zip, static_cast<uint16_t>(files.size()));
  Put<uint32_t>(zip, static_cast<uint32_t>(directory.size()));
  Put<uint32_t>(zip, begin);
  Put<uint16_t>(zip, 0);
  return zip;
}

class ZipSnapshot : public ::testing::Test {
 protected:
  ~ZipSnapshot() override { fs::remove_all(dir_); }
  // The name of the snapshot that is found, or the error.
  std::string Find(const Files& files) {
    std::string zip = StoredZip(files);
    auto found = FindSnapshotInZip(
        [&](uint64_t offset, char* out, size_t size) -> Status {
          if (offset > zip.size() || size > zip.size() - offset)
            return Fail(ErrorKind::kCorrupt, "read out of the file");
          std::memcpy(out, zip.data() + offset, size);
          return {};
        },
        zip.size());
    return found ? found->name : found.error().ToString();
  }
  std::unique_ptr<File> Zip(const Files& files) {
    std::ofstream(dir_ / "x.zip", std::ios::binary) << StoredZip(files);
    auto file = OpenFile(dir_ / "x.zip");
    EXPECT_TRUE(file) << file.error().ToString();
    return std::move(*file);
  }

  fs::path dir_ = TempFolderForTest();
  std::string snapshot_ = TestDatabase::Store(20).BuildSnapshot();
  OpenOptions options_{.scratch = dir_};
};

TEST_F(ZipSnapshot, IsToldByItsContent) {
  const std::string state = R"({"desiredState":{},"currentState":{}})";
  EXPECT_EQ(Find({{"/backup/s", snapshot_}, {"/etc/kubernetes/s.rkestate", state}}), "/backup/s");
  EXPECT_EQ(Find({{"/etc/kubernetes/s.rkestate", state}, {"/backup/s", snapshot_}}), "/backup/s");
  EXPECT_EQ(Find({{"README", "x"}, {"s.db", snapshot_}, {"__MACOSX/._s.db", "resource"}}), "s.db");
  EXPECT_EQ(Find({{"s", "no database, but nothing else is there"}}), "s");
  EXPECT_EQ(Find({{"s", "damaged"}, {"s.rkestate", state}}), "s");
  EXPECT_THAT(Find({{"a", snapshot_}, {"b", snapshot_}}),
              HasSubstr("several snapshots in it: a, b"));
  EXPECT_THAT(Find({{"a", "x"}, {"b", "y"}}), HasSubstr("no snapshot of etcd in it; it has a, b"));
  EXPECT_THAT(Find({}), HasSubstr("it has nothing"));
  EXPECT_THAT(Find(Files(1200, {"a", "x"})), HasSubstr("1200 files"));
}

TEST_F(ZipSnapshot, IsReadBesideAStateFile) {
  auto opened = Unwrap(Zip({{"/etc/s.rkestate", "{}"}, {"/backup/s", snapshot_}}), options_);
  ASSERT_TRUE(opened) << opened.error().ToString();
  std::string bytes((*opened)->size(), '\0');
  ASSERT_TRUE((*opened)->ReadAt(0, bytes.data(), bytes.size()));
  EXPECT_EQ(bytes, snapshot_);
}

TEST_F(ZipSnapshot, GivesTheStateFile) {
  auto state =
      ReadStateBeside(Zip({{"/etc/s.rkestate", R"({"a":1})"}, {"/backup/s", snapshot_}}), options_);
  ASSERT_TRUE(state) << state.error().ToString();
  EXPECT_EQ(state->name, "/etc/s.rkestate");
  EXPECT_EQ(state->content.view(), R"({"a":1})");
  auto none = ReadStateBeside(Zip({{"/backup/s", snapshot_}, {"notes", "x"}}), options_);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind(), ErrorKind::kNotFound);
  EXPECT_THAT(none.error().ToString(), HasSubstr("it has /backup/s, notes"));
  EXPECT_FALSE(ReadStateBeside(Zip({{"a.rkestate", "{}"}, {"b.rkestate", "{}"}}), options_));
  std::ofstream(dir_ / "plain", std::ios::binary) << snapshot_;
  auto plain = ReadStateBeside(*OpenFile(dir_ / "plain"), options_);
  ASSERT_FALSE(plain);
  EXPECT_THAT(plain.error().ToString(), HasSubstr("it is no zip"));
}

}  // namespace
}  // namespace holdfast::etcd
