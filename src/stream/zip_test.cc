#include "stream/zip.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace holdfast::stream {
namespace {

std::string SampleLines(size_t size) {
  std::string text;
  while (text.size() < size) text += "line " + std::to_string(text.size() * 7919 % 1000) + "\n";
  text.resize(size);
  return text;
}

std::string Zip(const std::string& text) {
  StringSink out;
  ZipSink zip(out, "snap.db");
  for (size_t at = 0; at < text.size(); at += 1000)
    EXPECT_TRUE(zip.Write(std::string_view(text).substr(at, 1000)));
  EXPECT_TRUE(zip.Close());
  return out.Take();
}

Result<std::string> Unzip(const std::string& zip, const GunzipLimits& limits = {}) {
  auto read = [&](uint64_t offset, char* out, size_t size) -> Status {
    if (offset > zip.size() || size > zip.size() - offset)
      return Fail(ErrorKind::kCorrupt, "read out of the file");
    std::memcpy(out, zip.data() + offset, size);
    return {};
  };
  HF_ASSIGN(auto source, UnzipSource::Open(read, zip.size(), limits));
  return ReadAll(*source, 1 << 24);
}

// libarchive as the judge: its reader (which goes by the directory at the end) and its writer.
std::string ReadByLibarchive(const std::string& zip) {
  archive* in = archive_read_new();
  archive_read_support_format_zip_seekable(in);
  EXPECT_EQ(archive_read_open_memory(in, zip.data(), zip.size()), ARCHIVE_OK);
  archive_entry* entry;
  EXPECT_EQ(archive_read_next_header(in, &entry), ARCHIVE_OK) << archive_error_string(in);
  EXPECT_STREQ(archive_entry_pathname(entry), "snap.db");
  std::string text(static_cast<size_t>(archive_entry_size(entry)) + 10, '\0');
  auto got = archive_read_data(in, text.data(), text.size());
  EXPECT_GE(got, 0) << archive_error_string(in);
  text.resize(got < 0 ? 0 : static_cast<size_t>(got));
  EXPECT_EQ(archive_read_next_header(in, &entry), ARCHIVE_EOF);
  archive_read_free(in);
  return text;
}
std::string WriteByLibarchive(const std::vector<std::pair<std::string, std::string>>& files,
                              const char* options) {
  archive* out = archive_write_new();
  archive_write_set_format_zip(out);
  archive_write_set_options(out, options);
  std::string zip(1 << 22, '\0');
  size_t used = 0;
  EXPECT_EQ(archive_write_open_memory(out, zip.data(), zip.size(), &used), ARCHIVE_OK);
  for (const auto& [name, text] : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(text.size()));
    archive_entry_set_filetype(entry, name.ends_with('/') ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    EXPECT_EQ(archive_write_header(out, entry), ARCHIVE_OK);
    archive_write_data(out, text.data(), text.size());
    archive_entry_free(entry);
  }
  archive_write_close(out);
  archive_write_free(out);
  zip.resize(used);
  return zip;
}

TEST(Zip, IsReadByOthersAndByUs) {
  for (size_t size : {size_t{0}, size_t{1}, size_t{999}, size_t{700'000}}) {
    std::string text = SampleLines(size), zip = Zip(text);
    EXPECT_EQ(ReadByLibarchive(zip), text);
    auto ours = Unzip(zip);
    ASSERT_TRUE(ours) << ours.error().ToString();
    EXPECT_EQ(*ours, text);
  }
}

TEST(Zip, OthersAreRead) {
  std::string text = SampleLines(300'000);
  for (const char* how :
       {"compression=deflate", "compression=store", "compression=deflate,zip64"}) {
    auto got = Unzip(WriteByLibarchive({{"backup/", ""}, {"backup/snap.db", text}}, how));
    ASSERT_TRUE(got) << how << got.error().ToString();
    EXPECT_EQ(*got, text);
  }
  auto two = Unzip(WriteByLibarchive({{"a", text}, {"b", text}}, "compression=deflate"));
  ASSERT_FALSE(two);
  EXPECT_THAT(two.error().ToString(), ::testing::HasSubstr("several files"));
}

TEST(Zip, AnyOfSeveralFiles) {
  std::string a = SampleLines(70'000), b = "short";
  std::string zip =
      WriteByLibarchive({{"dir/", ""}, {"dir/a", a}, {"b", b}}, "compression=deflate");
  ReadAt read = [&](uint64_t offset, char* out, size_t size) -> Status {
    if (offset > zip.size() || size > zip.size() - offset)
      return Fail(ErrorKind::kCorrupt, "read out of the file");
    std::memcpy(out, zip.data() + offset, size);
    return {};
  };
  auto entries = ListZip(read, zip.size());
  ASSERT_TRUE(entries) << entries.error().ToString();
  ASSERT_EQ(entries->size(), 2u);
  for (const ZipEntry& entry : *entries) {
    auto source = UnzipSource::Open(read, zip.size(), entry);
    ASSERT_TRUE(source);
    EXPECT_EQ((*source)->name(), entry.name);
    auto text = ReadAll(**source, 1 << 20);
    ASSERT_TRUE(text);
    EXPECT_EQ(*text, entry.name == "b" ? b : a);
  }
}

TEST(Zip, DamageIsFound) {
  std::string text = SampleLines(5'000), zip = Zip(text);
  for (size_t size = 0; size < zip.size(); ++size) EXPECT_FALSE(Unzip(zip.substr(0, size))) << size;
  std::string stored = WriteByLibarchive({{"snap.db", text}}, "compression=store");
  for (const std::string& whole : {zip, stored}) {
    for (size_t at = 0; at < whole.size(); ++at) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      auto got = Unzip(changed);
      EXPECT_TRUE(!got || *got == text) << at;
    }
  }
}

}  // namespace
}  // namespace holdfast::stream
