// Writer and scan against each other, against libarchive, and against damage of every kind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <clocale>
#include <filesystem>

#include "archive/archive_for_test.h"
#include "archive/testdata/reference_archives.h"
#include "stream/gzip.h"
#include "stream/gzip_seal.h"
#include "stream/libarchive_for_test.h"
#include "stream/tar_writer.h"

namespace holdfast::archive {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ErrorOf(std::string_view bytes, const ScanOptions& options = {}) {
  Recorder recorder;
  auto result = ScanBytes(bytes, recorder, options);
  return result ? "no error" : result.error().ToString();
}

// A gzipped tar of any files, without manifest; sealed or not.
std::string Pack(const Entries& files, bool seal = false) {
  stream::StringSink out;
  stream::GzipSink gzip(out, {.level = 1, .seal = seal});
  stream::TarWriter tar(gzip, 0);
  for (const auto& [path, body] : files) EXPECT_TRUE(tar.Add(path, body));
  EXPECT_TRUE(tar.Finish());
  EXPECT_TRUE(gzip.Close());
  return out.Take();
}

TEST(Archive, ScanReadsWhatWriterWrites) {
  for (auto digests : {Digests::kAll, Digests::kSealOnly}) {
    TestArchive archive = MakeArchive(TestEntries());
    Recorder recorder;
    ScanOptions options;
    options.digests = digests;
    auto result = ScanBytes(archive.bytes, recorder, options);
    ASSERT_TRUE(result) << result.error().ToString();
    EXPECT_EQ(recorder.entries, TestEntries());
    EXPECT_EQ(recorder.filters, "{\"kind\":\"ResourceSet\"}");
    EXPECT_TRUE(result->has_filters);
    EXPECT_EQ(result->objects, 4u);
    EXPECT_EQ(result->tar_bytes, archive.summary.tar_bytes);
    EXPECT_EQ(result->compressed_bytes, archive.bytes.size());
    EXPECT_EQ(result->stored_bytes, archive.summary.stored_bytes);
    EXPECT_EQ(archive.summary.gzip_bytes, archive.bytes.size());
    ASSERT_TRUE(result->manifest);
    const ManifestInfo& info = result->manifest->info;
    EXPECT_EQ(info.revision, TestInfo().revision);
    EXPECT_EQ(info.started, TestInfo().started);
    EXPECT_EQ(info.finished, TestInfo().finished);
    EXPECT_EQ(info.warnings, TestInfo().warnings);
    EXPECT_EQ(info.cluster_id, TestInfo().cluster_id);
    std::vector<std::string> kinds;
    for (const auto& kind : info.kinds) {
      kinds.push_back(kind.kind + " " + std::to_string(kind.objects) + " " + kind.way);
    }
    EXPECT_THAT(kinds,
                ElementsAre("events.#v1 0 settled", "namespaces.#v1 1 ",
                            "roles.rbac.authorization.k8s.io#v1 1 ", "secrets.#v1 2 cached"));
    ASSERT_EQ(result->manifest->Unpinned().size(), 1u);
    EXPECT_EQ(result->manifest->Unpinned()[0]->note, "a store of its own");
  }
}

TEST(Archive, LibarchiveReadsIt) {
  std::setlocale(LC_ALL, "C.UTF-8");
  auto files = stream::judge::Read(MakeArchive(TestEntries()).bytes);
  std::setlocale(LC_ALL, "C");
  ASSERT_EQ(files.size(), 6u);
  EXPECT_EQ(files[0].path, "filters/filters.json");
  EXPECT_EQ(files[0].mode, 0755);
  EXPECT_EQ(files[0].mtime, 1769479200);
  EXPECT_EQ(files[1].mode, 0644);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(files[i + 1].path, TestEntries()[i].first);
    EXPECT_EQ(files[i + 1].body, TestEntries()[i].second);
  }
  EXPECT_EQ(files[5].path, "filters/manifest.json");
}

TEST(Archive, WithoutObjects) {
  Recorder recorder;
  auto result = ScanBytes(MakeArchive({}, false).bytes, recorder);
  ASSERT_TRUE(result) << result.error().ToString();
  EXPECT_EQ(result->objects, 0u);
  EXPECT_FALSE(result->has_filters);
}

TEST(Archive, ManyEntries) {
  Entries entries;
  for (int i = 0; i < 2000; ++i) {
    std::string name = "n" + std::to_string(i);
    entries.emplace_back("configmaps.#v1/ns/" + name + ".json",
                         ObjectJson("v1", "ConfigMap", "ns", name));
  }
  Recorder recorder;
  auto result = ScanBytes(MakeArchive(entries).bytes, recorder);
  ASSERT_TRUE(result) << result.error().ToString();
  EXPECT_EQ(recorder.entries, entries);
}

TEST(Archive, SpoolGivesBodiesAgain) {
  auto spool = stream::Spool::Create(std::filesystem::temp_directory_path());
  ASSERT_TRUE(spool);
  Recorder recorder;
  ScanOptions options;
  options.tar_spool = &*spool;
  TestArchive archive = MakeArchive(TestEntries());
  ASSERT_TRUE(ScanBytes(archive.bytes, recorder, options));
  EXPECT_EQ(spool->FlushedSize(), archive.summary.tar_bytes);
  for (size_t i = 0; i < recorder.entries.size(); ++i) {
    const std::string& body = recorder.entries[i].second;
    EXPECT_EQ(spool->Read(recorder.offsets[i], body.size()).value(), body);
  }
  EXPECT_FALSE(ScanBytes(archive.bytes, recorder, options)) << "the spool is not empty";
}

TEST(Archive, ReadsWhatTheReferenceWrote) {
  for (const char* base64 : {testdata::kPlainArchive, testdata::kAesGcmArchive}) {
    Recorder recorder;
    auto result = ScanBytes(FromBase64(base64), recorder);
    ASSERT_TRUE(result) << result.error().ToString();
    EXPECT_FALSE(result->manifest);
    EXPECT_TRUE(result->has_filters);
    EXPECT_THAT(recorder.filters, HasSubstr("ResourceSet"));
    std::vector<std::string> paths;
    for (const auto& [path, body] : recorder.entries) paths.push_back(path);
    EXPECT_THAT(paths, ::testing::Contains("configmaps.#v1/cattle-system/filters-in-front-a.json"));
    EXPECT_EQ(paths.size(), base64 == testdata::kPlainArchive ? 6u : 3u);
  }
}

TEST(Archive, OnlyExactFiltersPathIsSpecial) {
  Recorder recorder;
  auto result = ScanBytes(Pack({{"./filters/filters.json", "{\"a\":1}"},
                                {"filters/statusSubresource.json", "{}"},
                                {"filters/deep/filters.json", "{}"},
                                {"configmaps.#v1/filters/filters.json", "{}"},
                                {"logfilters.x#v1/filters.json.json", "{}"}}),
                          recorder);
  ASSERT_TRUE(result) << result.error().ToString();
  EXPECT_EQ(recorder.filters, "{\"a\":1}");
  EXPECT_EQ(result->ignored, 2u);
  ASSERT_EQ(recorder.entries.size(), 2u);
  EXPECT_EQ(recorder.entries[0].first, "configmaps.#v1/filters/filters.json");
}

TEST(Archive, NamesBadEntries) {
  EXPECT_THAT(ErrorOf(Pack({{"stray.json", "{}"}})), HasSubstr("\"stray.json\""));
  EXPECT_THAT(ErrorOf(Pack({{"secrets.v1/a.json", "{}"}})), HasSubstr("\"secrets.v1/a.json\""));
  EXPECT_THAT(ErrorOf(Pack({{"secrets.#v1/a.json", ""}})),
              HasSubstr("\"secrets.#v1/a.json\" is empty"));
  EXPECT_THAT(ErrorOf(Pack({{"secrets.#v1/../a.json", "{}"}})),
              HasSubstr("\"secrets.#v1/../a.json\""));
  EXPECT_THAT(ErrorOf(Pack({{"/etc/passwd", "{}"}})), HasSubstr("\"/etc/passwd\""));
  EXPECT_THAT(ErrorOf(Pack({{"secrets.#v1/" + std::string(5000, 'x') + ".json", "{}"}})),
              HasSubstr("more than 4096 bytes"));
}

TEST(Archive, RefusesABomb) {
  stream::StringSink out;
  stream::GzipSink gzip(out);
  stream::TarWriter tar(gzip, 0);
  ASSERT_TRUE(tar.Begin("secrets.#v1/a.json", 300 << 20));
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(tar.Append(std::string(1 << 20, 'x')));
  ASSERT_TRUE(tar.End() && tar.Finish() && gzip.Close());
  EXPECT_THAT(ErrorOf(out.bytes()), HasSubstr("more than the limit of 268435456"));
  ScanOptions options;
  options.tar.max_entry = uint64_t{1} << 30;
  options.gzip.max_output = 1 << 20;
  EXPECT_THAT(ErrorOf(out.bytes(), options), HasSubstr("unpacks to more than the limit"));
}

TEST(Archive, StopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  ScanOptions options;
  options.stop = stop.get_token();
  Recorder recorder;
  EXPECT_EQ(ScanBytes(MakeArchive(TestEntries()).bytes, recorder, options).error().kind(),
            ErrorKind::kCancelled);
}

TEST(Archive, TruncatedAnywhereIsAnError) {
  std::string bytes = MakeArchive(TestEntries()).bytes;
  for (auto digests : {Digests::kAll, Digests::kSealOnly}) {
    ScanOptions options;
    options.digests = digests;
    for (size_t size = 0; size < bytes.size(); ++size) {
      Recorder recorder;
      auto result = ScanBytes(std::string_view(bytes).substr(0, size), recorder, options);
      ASSERT_FALSE(result) << size;
      EXPECT_EQ(result.error().kind(), ErrorKind::kCorrupt) << result.error().ToString();
    }
  }
}

TEST(Archive, EveryFlippedBitIsAnError) {
  std::string bytes = MakeArchive(TestEntries()).bytes;
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string bad = bytes;
    bad[bit / 8] = char(bad[bit / 8] ^ 1 << bit % 8);
    Recorder recorder;
    ScanOptions options;
    options.digests = bit % 2 == 0 ? Digests::kAll : Digests::kSealOnly;
    EXPECT_FALSE(ScanBytes(bad, recorder, options)) << "bit " << bit;
  }
}

TEST(Archive, TruncatedReferenceArchiveIsAnError) {
  std::string bytes = FromBase64(testdata::kPlainArchive);
  for (size_t size = 0; size < bytes.size(); size += 3) {
    EXPECT_NE(ErrorOf(std::string_view(bytes).substr(0, size)), "no error") << size;
  }
}

// Takes an archive of ours apart and packs it anew, sealed, after `change`: what damage of the
// contents looks like that happened before gzip. libarchive reads in the order of the tar.
std::string Repack(void (*change)(Entries&), bool seal = true) {
  std::setlocale(LC_ALL, "C.UTF-8");
  Entries files;
  Entries plain = TestEntries();
  plain.erase(plain.begin() + 1);
  for (auto& file : stream::judge::Read(MakeArchive(plain, false).bytes)) {
    files.emplace_back(file.path, file.body);
  }
  std::setlocale(LC_ALL, "C");
  change(files);
  stream::StringSink out;
  stream::GzipSink gzip(out, {.level = 1, .seal = seal});
  stream::TarWriter tar(gzip, 1769479200);
  for (const auto& [path, body] : files) EXPECT_TRUE(tar.Add(path, body));
  EXPECT_TRUE(tar.Finish());
  EXPECT_TRUE(gzip.Close());
  return out.Take();
}

TEST(Archive, ManifestProvesTheContents) {
  EXPECT_EQ(ErrorOf(Repack([](Entries&) {})), "no error");
  EXPECT_THAT(ErrorOf(Repack([](Entries&) {}, false)), HasSubstr("seal at the end is missing"));
  EXPECT_THAT(ErrorOf(Repack([](Entries& files) { files[1].second[5] ^= 1; })),
              HasSubstr("entry \"secrets.#v1/ns/a.json\" does not have the SHA-256"));
  EXPECT_THAT(ErrorOf(Repack([](Entries& files) { files[1].first[15] = 'z'; })),
              HasSubstr("its tar does not have the SHA-256"));
  EXPECT_THAT(ErrorOf(Repack([](Entries& files) { files.erase(files.begin()); })),
              HasSubstr("holds 2 entries, its manifest says 3"));
  EXPECT_THAT(ErrorOf(Repack([](Entries& files) { files[0].second += std::string(600, ' '); })),
              HasSubstr("bytes before the manifest"));
  EXPECT_THAT(ErrorOf(Repack([](Entries& files) { files.push_back(files[0]); })),
              HasSubstr("comes after the manifest"));
  EXPECT_THAT(ErrorOf(Repack([](Entries& files) { files.push_back(files.back()); })),
              HasSubstr("comes after the manifest"));
  EXPECT_THAT(ErrorOf(Repack([](Entries& files) {
                std::string& manifest = files.back().second;
                manifest.replace(manifest.find("\"objects\":2"), 11, "\"objects\":3");
              })),
              HasSubstr("holds 2 objects of secrets.#v1"));
  EXPECT_THAT(ErrorOf(Repack([](Entries& files) {
                std::string& manifest = files.back().second;
                manifest.replace(manifest.find("namespaces.#v1"), 14, "namespacez.#v1");
              })),
              HasSubstr("namespace"));
}

TEST(Archive, WriterHashesWhatItIsNotGivenDigestsOf) {
  stream::StringSink out;
  Writer writer(out, Clock::Wall{});
  ASSERT_TRUE(writer.AddFilters("{}"));
  for (int i = 0; i < 700; ++i) {
    std::string path = "a.#v1/" + std::to_string(i) + ".json";
    std::string body(size_t(i * 37 % 5000 + 1), 'x');
    if (i % 100 == 50) body = std::string(300'000, 'y');
    ASSERT_TRUE(i % 10 == 3 ? writer.Add(path, body, stream::Sha256::Of(body))
                            : writer.Add(path, body));
  }
  ASSERT_TRUE(writer.Finish({}));
  EXPECT_EQ(ErrorOf(out.bytes()), "no error");
}

TEST(Archive, WriterKeepsOrder) {
  stream::StringSink out;
  Writer writer(out, Clock::Wall{});
  std::string body = "{}";
  EXPECT_FALSE(writer.Add("a.#v1/x.json", "", stream::Sha256::Of("")));
  ASSERT_TRUE(writer.Add("a.#v1/x.json", body, stream::Sha256::Of(body)));
  EXPECT_FALSE(writer.AddFilters("{}"));
  ASSERT_TRUE(writer.Finish({}));
  EXPECT_FALSE(writer.Add("a.#v1/y.json", body, stream::Sha256::Of(body)));
  EXPECT_FALSE(writer.Finish({}));
}

TEST(Archive, WriterHandsOnTheErrorsOfItsSink) {
  class Full : public stream::Sink {
   public:
    Status Write(std::string_view) override { return Fail(ErrorKind::kUnavailable, "full"); }
    Status Close() override { return {}; }
  } full;
  Writer writer(full, Clock::Wall{});
  EXPECT_EQ(writer.Finish({}).error().kind(), ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace holdfast::archive
