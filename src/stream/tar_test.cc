#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <clocale>
#include <cstdio>
#include <cstring>

#include "stream/libarchive_for_test.h"
#include "stream/tar_format.h"
#include "stream/tar_reader.h"
#include "stream/tar_writer.h"

namespace holdfast::stream {
namespace {

using judge::File;
using ::testing::HasSubstr;

std::string Repeat(std::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

// Paths on both sides of every limit of ustar.
std::vector<File> Samples() {
  std::vector<File> files;
  auto add = [&](std::string path, std::string body) {
    files.push_back({std::move(path), std::move(body), 0644, 1769479200});
  };
  add("filters/filters.json", "{}");
  add("empty.#v1/e.json", "");
  add("a.#v1/" + Repeat("n", 94), "x");                         // 100
  add("a.#v1/" + Repeat("n", 95), "x");                         // 101: prefix
  add(Repeat("p", 155) + "/" + Repeat("n", 100), "x");          // the most that ustar holds
  add(Repeat("p", 156) + "/" + Repeat("n", 99), "x");           // pax
  add(Repeat("p", 50) + "/" + Repeat("n", 101), "x");           // pax
  add("secrets.#v1/ns/" + Repeat("long", 300) + ".json", "y");  // pax
  add("roles.x#v1/ns/üñí.json", "z");                           // pax
  add("roles.x#v1/ns/system:controller-x.json", std::string(511, 'a'));
  add("b.#v1/512.json", std::string(512, 'b'));
  add("b.#v1/513.json", std::string(513, 'c'));
  add("b.#v1/big.json", Repeat("0123456789", 70'000));
  return files;
}

std::string WriteTar(const std::vector<File>& files) {
  StringSink sink;
  TarWriter writer(sink, 1769479200);
  for (const File& file : files) EXPECT_TRUE(writer.Add(file.path, file.body, uint32_t(file.mode)));
  EXPECT_TRUE(writer.Finish());
  EXPECT_EQ(writer.offset(), sink.bytes().size());
  return sink.Take();
}

// Shows what a reader makes of a stream that comes in pieces of `piece` bytes.
class PieceSource : public Source {
 public:
  PieceSource(std::string_view bytes, size_t piece) : source_(bytes), piece_(piece) {}
  Result<size_t> Read(char* out, size_t size) override {
    return source_.Read(out, std::min(size, piece_));
  }

 private:
  StringSource source_;
  size_t piece_;
};

class Collector : public TarObserver {
 public:
  Status Bytes(std::string_view bytes) override {
    all += bytes;
    return {};
  }
  std::string all;
};

Result<std::vector<File>> ReadTar(std::string_view bytes, const TarLimits& limits = {},
                                  size_t piece = 1 << 20, bool bodies = true) {
  PieceSource source(bytes, piece);
  Collector collector;
  TarReader reader(source, limits, &collector);
  std::vector<File> files;
  for (;;) {
    HF_ASSIGN(auto entry, reader.Next());
    if (!entry) break;
    EXPECT_EQ(collector.all.size(), entry->header_offset) << entry->path;
    std::string_view body;
    if (bodies) {
      HF_ASSIGN(body, reader.Body());
      EXPECT_EQ(body, bytes.substr(size_t(entry->body_offset), size_t(entry->size)));
    }
    files.push_back({entry->path, std::string(body), 0644, 1769479200});
  }
  EXPECT_EQ(collector.all, bytes);
  return files;
}

std::string TarErrorOf(std::string_view bytes, const TarLimits& limits = {}) {
  auto files = ReadTar(bytes, limits);
  return files ? "no error" : files.error().ToString();
}

class TarTest : public ::testing::Test {
 protected:
  void SetUp() override { std::setlocale(LC_ALL, "C.UTF-8"); }
  void TearDown() override { std::setlocale(LC_ALL, "C"); }
};

TEST_F(TarTest, LibarchiveReadsWhatWeWrite) {
  std::vector<File> files = Samples();
  files[0].mode = 0755;
  EXPECT_EQ(judge::Read(WriteTar(files)), files);
}

TEST_F(TarTest, UsesPaxOnlyWhereItMust) {
  auto pax = [](std::string path) {
    return WriteTar({{std::move(path), "", 0644, 0}}).find("PaxHeaders") != std::string::npos;
  };
  EXPECT_FALSE(pax("a.#v1/" + Repeat("n", 94)));
  EXPECT_FALSE(pax(Repeat("p", 155) + "/" + Repeat("n", 100)));
  EXPECT_TRUE(pax(Repeat("p", 156) + "/" + Repeat("n", 99)));
  EXPECT_TRUE(pax("ü"));
}

TEST_F(TarTest, PaxLengthCountsItsOwnDigits) {
  // Around the step from two to three and from three to four digits.
  for (size_t size : {85, 86, 87, 88, 89, 90, 91, 92, 985, 986, 987, 988, 989, 990, 991, 992}) {
    std::string path = "ü" + std::string(size - 2, 'x');
    std::vector<File> files{{path, "body", 0644, 1769479200}};
    EXPECT_EQ(judge::Read(WriteTar(files)), files) << size;
  }
}

TEST_F(TarTest, ReadsWhatItWrites) {
  std::string bytes = WriteTar(Samples());
  for (size_t piece : {size_t{1 << 20}, size_t{1000}, size_t{512}, size_t{7}}) {
    auto files = ReadTar(bytes, {}, piece);
    ASSERT_TRUE(files) << files.error().ToString();
    EXPECT_EQ(*files, Samples()) << piece;
  }
}

TEST_F(TarTest, PassesOverBodies) {
  auto files = ReadTar(WriteTar(Samples()), {}, 1000, false);
  ASSERT_TRUE(files) << files.error().ToString();
  ASSERT_EQ(files->size(), Samples().size());
  EXPECT_EQ(files->back().path, "b.#v1/big.json");
}

TEST_F(TarTest, ReadsWhatLibarchiveWrites) {
  for (auto format : {judge::Format::kPax, judge::Format::kGnu}) {
    auto files = ReadTar(judge::Write(format, false, Samples()));
    ASSERT_TRUE(files) << files.error().ToString();
    EXPECT_EQ(*files, Samples());
  }
}

TEST_F(TarTest, PassesOverFoldersAndTakesDotSlashOff) {
  auto bytes = judge::Write(judge::Format::kUstar, false,
                            {{"a.#v1/", "", 0755, 0}, {"./a.#v1/x.json", "{}", 0644, 0}});
  auto files = ReadTar(bytes);
  ASSERT_TRUE(files) << files.error().ToString();
  ASSERT_EQ(files->size(), 1u);
  EXPECT_EQ(files->front().path, "a.#v1/x.json");
}

TEST_F(TarTest, TruncatedAnywhereIsAnError) {
  std::string bytes =
      WriteTar({{"a.#v1/x.json", std::string(600, 'x'), 0644, 0}, {"b.#v1/ü.json", "{}", 0644, 0}});
  for (size_t size = 0; size < bytes.size(); ++size) {
    auto files = ReadTar(std::string_view(bytes).substr(0, size));
    ASSERT_FALSE(files) << size;
    EXPECT_EQ(files.error().kind(), ErrorKind::kCorrupt);
    EXPECT_THAT(files.error().ToString(), HasSubstr("truncated")) << size;
  }
}

TEST_F(TarTest, RefusesPathsThatLeadOut) {
  for (auto [path, why] : std::vector<std::pair<std::string, std::string>>{
           {"../etc/passwd", "\"..\""},
           {"a/../../b", "\"..\""},
           {"a/..", "\"..\""},
           {"a/./b", "\".\""},
           {"/etc/passwd", "absolute"},
           {".//etc/passwd", "absolute"},
           {"a//b", "empty part"},
           {"./", "empty"},
           {"üa/../b", "\"..\""},
           {"a/" + std::string(5000, 'x'), "more than 4096 bytes"}}) {
    std::string error = TarErrorOf(WriteTar({{path, "{}", 0644, 0}}));
    EXPECT_THAT(error, HasSubstr(why)) << path;
    EXPECT_THAT(error, HasSubstr("at byte ")) << path;
  }
}

TEST_F(TarTest, NamesTheEntryInErrors) {
  EXPECT_THAT(TarErrorOf(WriteTar({{"a/\x1b[2J/../b", "{}", 0644, 0}})),
              HasSubstr(R"(entry "a/\x1b[2J/../b" at byte 0)"));
}

TEST_F(TarTest, HasLimits) {
  std::string bytes = WriteTar(Samples());
  EXPECT_THAT(TarErrorOf(bytes, {.max_entry = 600'000}), HasSubstr("b.#v1/big.json"));
  EXPECT_THAT(TarErrorOf(bytes, {.max_entries = 5}), HasSubstr("more than 5 entries"));
  EXPECT_EQ(TarErrorOf(bytes + std::string(100'000, '\0'), {.max_padding = 100'000}), "no error");
  EXPECT_THAT(TarErrorOf(bytes + std::string(100'001, '\0'), {.max_padding = 100'000}),
              HasSubstr("zero bytes after the end"));
}

TEST_F(TarTest, RefusesBytesAfterTheEnd) {
  std::string bytes = WriteTar(Samples());
  EXPECT_THAT(TarErrorOf(bytes + "x"), HasSubstr("after the end"));
  std::string one = bytes.substr(0, bytes.size() - 512) + bytes;
  EXPECT_THAT(TarErrorOf(one), HasSubstr("single zero block"));
}

// A header with `change` applied, its checksum mended.
std::string Forge(void (*change)(tar::Header&)) {
  std::string bytes = WriteTar({{"a.#v1/x.json", "{}", 0644, 0}});
  auto& header = *reinterpret_cast<tar::Header*>(bytes.data());
  change(header);
  std::snprintf(header.checksum, 8, "%06o", tar::SumOf(header).of_unsigned);
  return bytes;
}

TEST_F(TarTest, ReadsBase256AndOldNumbers) {
  EXPECT_EQ(TarErrorOf(Forge(
                [](tar::Header& h) { std::memcpy(h.size, "\x80\0\0\0\0\0\0\0\0\0\0\2", 12); })),
            "no error");
  EXPECT_EQ(TarErrorOf(Forge([](tar::Header& h) { std::memcpy(h.size, "         2 \0", 12); })),
            "no error");
  EXPECT_EQ(TarErrorOf(Forge([](tar::Header& h) { std::memset(h.magic, 0, 8); })), "no error");
  EXPECT_EQ(TarErrorOf(Forge([](tar::Header& h) { h.type = '\0'; })), "no error");
}

TEST_F(TarTest, RefusesAbsurdSizes) {
  EXPECT_THAT(TarErrorOf(Forge([](tar::Header& h) { std::memset(h.size, 0xff, 12); })),
              HasSubstr("no number"));
  EXPECT_THAT(TarErrorOf(Forge([](tar::Header& h) {
                std::memcpy(h.size, "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12);
              })),
              HasSubstr("more than the limit"));
  EXPECT_THAT(TarErrorOf(Forge([](tar::Header& h) { std::memset(h.size, '7', 12); })),
              HasSubstr("more than the limit"));
  EXPECT_THAT(TarErrorOf(Forge([](tar::Header& h) { std::memset(h.size, '9', 12); })),
              HasSubstr("no number"));
  EXPECT_THAT(TarErrorOf(Forge([](tar::Header& h) {
                h.type = 'x';
                std::memset(h.size, '7', 12);
              })),
              HasSubstr("extension"));
  EXPECT_THAT(TarErrorOf(Forge([](tar::Header& h) { h.type = 'S'; })), HasSubstr("sparse"));
}

TEST_F(TarTest, ChecksTheChecksum) {
  std::string bytes = WriteTar({{"a.#v1/x.json", "{}", 0644, 0}});
  for (size_t at = 0; at < 512; ++at) {
    if (at == 154 || at == 155) continue;  // behind the checksum's digits
    std::string bad = bytes;
    bad[at] = char(bad[at] ^ 1);
    EXPECT_NE(TarErrorOf(bad), "no error") << at;
  }
}

TEST_F(TarTest, ReadsPax) {
  auto with = [](std::string records) {
    StringSink sink;
    TarWriter writer(sink, 0);
    EXPECT_TRUE(writer.Add("pax", records));
    EXPECT_TRUE(writer.Add("name.#v1/x", "body"));
    EXPECT_TRUE(writer.Finish());
    std::string bytes = sink.Take();
    auto& header = *reinterpret_cast<tar::Header*>(bytes.data());
    header.type = 'x';
    std::snprintf(header.checksum, 8, "%06o", tar::SumOf(header).of_unsigned);
    return bytes;
  };
  auto files = ReadTar(with("12 path=abc\n"));
  ASSERT_TRUE(files) << files.error().ToString();
  EXPECT_EQ(files->at(0).path, "abc");
  EXPECT_EQ(ReadTar(with("12 path=abc\n8 path=\n"))->at(0).path, "name.#v1/x");
  EXPECT_EQ(ReadTar(with("9 size=2\n"))->at(0).body, "bo");
  EXPECT_EQ(ReadTar(with("20 mtime=12345.6789\n"))->at(0).path, "name.#v1/x");
  for (const char* bad : {"x", "12 path=ab\n", "13 path=abc\n", "0 \n", "3 \n", "5 a=b", "4 a\n",
                          "99999999999999999999 path=abc\n", "11 size=-12\n", "11 =abcdef\n"}) {
    EXPECT_THAT(TarErrorOf(with(bad)), HasSubstr("pax header")) << bad;
  }
  EXPECT_THAT(TarErrorOf(with("22 GNU.sparse.major=1\n")), HasSubstr("sparse"));
  EXPECT_THAT(TarErrorOf(with(std::string("14 path=a\0bcd\n", 14))), HasSubstr("NUL"));
  EXPECT_THAT(TarErrorOf(with("14 path=../a\n")), HasSubstr("damaged"));
  EXPECT_THAT(TarErrorOf(with("13 path=../a\n")), HasSubstr("\"..\""));
}

TEST_F(TarTest, WriterKeepsCount) {
  StringSink sink;
  TarWriter writer(sink, 0);
  ASSERT_TRUE(writer.Begin("a", 3));
  EXPECT_FALSE(writer.Append("abcd"));
  EXPECT_FALSE(writer.End());
  EXPECT_FALSE(writer.Begin("b", 3));
  EXPECT_FALSE(writer.Finish());
  EXPECT_TRUE(writer.Append("abc"));
  EXPECT_TRUE(writer.End());
  EXPECT_FALSE(writer.Begin("", 0));
  EXPECT_FALSE(writer.Begin("b", uint64_t{1} << 33));
}

}  // namespace
}  // namespace holdfast::stream
