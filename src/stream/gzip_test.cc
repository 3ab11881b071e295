#include "stream/gzip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

#include "stream/gzip_seal.h"
#include "stream/sha256.h"

namespace holdfast::stream {
namespace {

using ::testing::HasSubstr;

std::string Sample(size_t size) {
  std::mt19937 random(1);
  std::string text;
  while (text.size() < size) {
    text += "{\"metadata\":{\"name\":\"x" + std::to_string(random()) + "\"},\"data\":";
    text += char(random());
  }
  text.resize(size);
  return text;
}

std::string Zip(std::string_view text, const GzipOptions& options = {}, size_t piece = 1 << 20) {
  StringSink out;
  GzipSink sink(out, options);
  for (size_t at = 0; at < text.size(); at += piece)
    EXPECT_TRUE(sink.Write(text.substr(at, piece)));
  EXPECT_TRUE(sink.Close());
  EXPECT_EQ(sink.written(), out.bytes().size());
  return out.Take();
}

// zlib as the judge; empty where it finds fault.
std::string Zlib(std::string_view bytes, bool* good = nullptr) {
  std::string all;
  bool end = false;
  while (!bytes.empty()) {
    z_stream zs{};
    EXPECT_EQ(inflateInit2(&zs, 16 + 15), Z_OK);
    zs.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    zs.avail_in = uInt(bytes.size());
    int result;
    do {
      char part[4096];
      zs.next_out = reinterpret_cast<Bytef*>(part);
      zs.avail_out = sizeof part;
      result = inflate(&zs, Z_NO_FLUSH);
      all.append(part, sizeof part - zs.avail_out);
    } while (result == Z_OK);
    end = result == Z_STREAM_END;
    bytes.remove_prefix(bytes.size() - zs.avail_in);
    inflateEnd(&zs);
    if (!end) break;
  }
  if (good != nullptr) *good = end;
  return all;
}

struct Unzipped {
  std::string text;
  bool sealed = false;
};
Result<Unzipped> Unzip(std::string_view bytes, const GunzipLimits& limits = {},
                       size_t piece = 1 << 16) {
  class Pieces : public Source {
   public:
    Pieces(std::string_view all, size_t most) : source_(all), most_(most) {}
    Result<size_t> Read(char* out, size_t size) override {
      return source_.Read(out, std::min(size, most_));
    }

   private:
    StringSource source_;
    size_t most_;
  } in(bytes, piece);
  GunzipSource source(in, limits);
  Unzipped out;
  char part[10'000];
  for (;;) {
    auto got = source.Read(part, std::min(piece, sizeof part));
    if (!got) {
      EXPECT_FALSE(source.Read(part, 1)) << "an error must stay";
      return Fail(got.error());
    }
    if (*got == 0) break;
    out.text.append(part, *got);
  }
  EXPECT_EQ(source.compressed_offset(), bytes.size());
  out.sealed = source.sealed();
  return out;
}

std::string ErrorOf(std::string_view bytes, const GunzipLimits& limits = {}) {
  auto out = Unzip(bytes, limits);
  return out ? "no error" : out.error().ToString();
}

TEST(Gzip, ZlibReadsWhatWeWrite) {
  for (int level : {0, 1, 2, 3}) {
    for (size_t size : {0, 1, 100, 70'000, 1'000'000}) {
      for (bool seal : {false, true}) {
        std::string text = Sample(size);
        bool good = false;
        EXPECT_EQ(Zlib(Zip(text, {.level = level, .seal = seal}, 3000), &good), text);
        EXPECT_TRUE(good);
      }
    }
  }
}

TEST(Gzip, HeaderHasNoNameAndNoTime) {
  EXPECT_EQ(Zip("x").substr(0, 10), std::string_view("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10));
}

TEST(Gzip, RoundTripsInPieces) {
  std::string text = Sample(300'000);
  std::string bytes = Zip(text, {.seal = true}, 777);
  for (size_t piece : {1, 2, 13, 4096, 1 << 20}) {
    auto out = Unzip(bytes, {}, size_t(piece));
    ASSERT_TRUE(out) << out.error().ToString();
    EXPECT_EQ(out->text, text);
    EXPECT_TRUE(out->sealed);
  }
}

TEST(Gzip, ReadsManyMembers) {
  for (size_t piece : {1, 100, 1 << 16}) {
    auto out = Unzip(Zip("one") + Zip("") + Zip("two") + Zip(Sample(100'000)), {}, size_t(piece));
    ASSERT_TRUE(out) << out.error().ToString();
    EXPECT_EQ(out->text, "onetwo" + Sample(100'000));
    EXPECT_FALSE(out->sealed);
  }
}

TEST(Gzip, ReadsEveryOptionalHeaderField) {
  std::string plain = Zip("text");
  std::string fields("\x05\0ab\x01\0z", 7);
  std::string head("\x1f\x8b\x08\x1f\1\2\3\4\2\3", 10);
  head += fields;
  head += std::string("name\0", 5) + std::string(3000, 'c') + '\0';
  uLong crc = crc32(0, reinterpret_cast<const Bytef*>(head.data()), uInt(head.size()));
  head += char(crc & 0xff);
  head += char(crc >> 8 & 0xff);
  for (size_t piece : {1, 1 << 16}) {
    auto out = Unzip(head + plain.substr(10), {}, size_t(piece));
    ASSERT_TRUE(out) << out.error().ToString();
    EXPECT_EQ(out->text, "text");
  }
  head.back() = char(head.back() ^ 1);
  EXPECT_THAT(ErrorOf(head + plain.substr(10)), HasSubstr("header (CRC)"));
  for (size_t size = 0; size < head.size(); size += 7) {
    EXPECT_NE(ErrorOf(head.substr(0, size)), "no error");
  }
  std::string long_name =
      std::string("\x1f\x8b\x08\x08\0\0\0\0\0\3", 10) + std::string(200'000, 'n');
  EXPECT_THAT(ErrorOf(long_name), HasSubstr("more than 128 KiB"));
}

TEST(Gzip, ErrorsSayWhat) {
  std::string bytes = Zip("some text that is long enough");
  EXPECT_THAT(ErrorOf(""), HasSubstr("empty"));
  EXPECT_THAT(ErrorOf("PK\3\4"), HasSubstr("byte 0: not gzip"));
  EXPECT_THAT(ErrorOf(bytes + "x"), HasSubstr("no gzip after the end"));
  EXPECT_THAT(ErrorOf(bytes.substr(0, bytes.size() - 1)), HasSubstr("truncated"));
  std::string bad = bytes;
  bad[bad.size() - 1] = char(bad[bad.size() - 1] ^ 1);  // ISIZE
  EXPECT_THAT(ErrorOf(bad), HasSubstr("CRC-32 or length"));
  bad = bytes;
  bad[bad.size() - 5] = char(bad[bad.size() - 5] ^ 1);  // CRC-32
  EXPECT_THAT(ErrorOf(bad), HasSubstr("CRC-32 or length"));
}

TEST(Gzip, TruncatedAnywhereIsAnError) {
  std::string bytes = Zip(Sample(2000), {.seal = true});
  for (size_t size = 0; size < bytes.size(); ++size) {
    if (size == bytes.size() - kSealSize) continue;
    auto out = Unzip(bytes.substr(0, size));
    ASSERT_FALSE(out) << size;
    EXPECT_EQ(out.error().kind(), ErrorKind::kCorrupt);
  }
  // At the very seam it is an ordinary gzip file without a seal.
  auto out = Unzip(bytes.substr(0, bytes.size() - kSealSize));
  ASSERT_TRUE(out);
  EXPECT_FALSE(out->sealed);
}

TEST(Gzip, SealFindsEveryFlippedBit) {
  std::string bytes = Zip(Sample(1500), {.seal = true});
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string bad = bytes;
    bad[bit / 8] = char(bad[bit / 8] ^ 1 << bit % 8);
    auto out = Unzip(bad);
    EXPECT_TRUE(!out || !out->sealed) << bit;
  }
}

TEST(Gzip, SealHoldsTheHashInItsCanonicalForm) {
  std::string seal = MakeSeal(FastHash::Of(""));
  ASSERT_EQ(seal.size(), kSealSize);
  std::string hex;
  for (unsigned char c : seal.substr(16, 16)) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", c);
    hex += two;
  }
  EXPECT_EQ(hex, "99aa06d3014798d86001c324468d497f");  // xxHash's own answer for no bytes
}

TEST(Gzip, SealMustBeLast) {
  std::string bytes = Zip("text", {.seal = true});
  EXPECT_THAT(ErrorOf(bytes + Zip("more")), HasSubstr("bytes after the seal"));
  EXPECT_THAT(ErrorOf(Zip("more") + bytes), HasSubstr("seal does not match"));
}

TEST(Gzip, LimitsWhatComesOut) {
  std::string zeros = Zip(std::string(20 << 20, '\0'));
  EXPECT_EQ(ErrorOf(zeros, {.max_output = 20 << 20}), "no error");
  EXPECT_THAT(ErrorOf(zeros, {.max_output = 10 << 20}), HasSubstr("more than the limit"));
  EXPECT_THAT(ErrorOf(zeros, {.max_ratio = 100, .ratio_after = 1 << 20}),
              HasSubstr("more than 100 times its size"));
  EXPECT_EQ(ErrorOf(Zip(Sample(4 << 20)), {.max_ratio = 100, .ratio_after = 1 << 20}), "no error");
}

TEST(Gzip, HandsOnTheErrorsOfItsSinkAndSource) {
  class Broken : public Sink, public Source {
   public:
    Status Write(std::string_view) override { return Fail(ErrorKind::kUnavailable, "full"); }
    Status Close() override { return {}; }
    Result<size_t> Read(char*, size_t) override { return Fail(ErrorKind::kUnavailable, "gone"); }
  } broken;
  GzipSink sink(broken);
  ASSERT_TRUE(sink.Write("x"));
  EXPECT_FALSE(sink.Close());
  EXPECT_FALSE(sink.Close());
  EXPECT_FALSE(sink.Write("x"));
  GunzipSource source(broken);
  char c;
  EXPECT_EQ(source.Read(&c, 1).error().kind(), ErrorKind::kUnavailable);
}

TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(Hex(Sha256::Of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 sha;
  EXPECT_EQ(Hex(sha.Current()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  sha.Update("a");
  (void)sha.Current();
  sha.Update("bc");
  EXPECT_EQ(sha.Current(), Sha256::Of("abc"));
}

}  // namespace
}  // namespace holdfast::stream
