// Archives that are damaged or made to do harm, on the command line. Nothing of them reaches the
// cluster.
#include <fstream>
#include <functional>

#include "stream/gzip.h"
#include "stream/gzip_seal.h"
#include "stream/stream.h"
#include "stream/tar_writer.h"
#include "tests/cli_rig.h"
#include "tests/plane_client.h"

namespace holdfast::tests {
namespace {

using ::testing::HasSubstr;

constexpr char kGood[] =
    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"made","namespace":"small"}})";
constexpr char kGoodPath[] = "configmaps.#v1/small/made.json";
constexpr uint64_t kMiB = 1 << 20;

struct BadArchive {
  const char* what;
  std::function<void(stream::TarWriter&, stream::Sink&)> write;  // after a good entry
  Words words;
};

void AddObject(stream::TarWriter& tar, const std::string& path) { Must(tar.Add(path, kGood)); }

std::vector<BadArchive> BadArchives() {
  const std::string long_name(5'000, 'n');
  return {
      {"an entry that leads out of the archive",
       [](auto& tar, auto&) { AddObject(tar, "configmaps.#v1/../../../etc/cron.d/x.json"); },
       {"\"configmaps.#v1/../../../etc/cron.d/x.json\"", "the part \"..\"", "hint: "}},
      {"an absolute name",
       [](auto& tar, auto&) { AddObject(tar, "/etc/configmaps.#v1/small/x.json"); },
       {"\"/etc/configmaps.#v1/small/x.json\"", "absolute", "hint: "}},
      {"a long name",
       [=](auto& tar, auto&) { AddObject(tar, "configmaps.#v1/small/" + long_name + ".json"); },
       {"nnnn", "4096"}},
      {"a name that is no object's",
       [](auto& tar, auto&) { AddObject(tar, "notes.txt"); },
       {"\"notes.txt\""}},
      {"an entry that is not JSON",
       [](auto& tar, auto&) { Must(tar.Add("configmaps.#v1/small/text.json", "hello")); },
       {"configmaps.#v1/small/text.json", "not JSON"}},
      {"an entry that is another object",
       [](auto& tar, auto&) { AddObject(tar, "secrets.#v1/small/other.json"); },
       {"secrets.#v1/small/other.json"}},
      {"an entry that fills memory",
       [](auto& tar, auto&) { Must(tar.Begin("configmaps.#v1/small/x.json", uint64_t{4} << 30)); },
       {"configmaps.#v1/small/x.json", "limit"}},
      {"zeros without end after the archive",
       [](auto& tar, auto& gzip) {
         Must(tar.Finish());
         std::string zeros(kMiB, '\0');
         for (int i = 0; i < 64; ++i) Must(gzip.Write(zeros));
       },
       {"zero bytes"}},
      {"a gzip bomb of entries",
       [](auto& tar, auto&) {
         std::string spaces(kMiB, ' ');
         for (int entry = 0; entry < 6; ++entry) {
           std::string name = "x" + std::to_string(entry);
           std::string object = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" +
                                name + R"(","namespace":"small"}})";
           Must(tar.Begin("configmaps.#v1/small/" + name + ".json", object.size() + 200 * kMiB));
           Must(tar.Append(object));
           for (int i = 0; i < 200; ++i) Must(tar.Append(spaces));
           Must(tar.End());
         }
       },
       {"unpacks to more than 700 times its size"}},
  };
}

class CliArchiveTest : public CliTest {
 protected:
  void WriteArchive(const BadArchive& bad) const {
    class FileSink : public stream::Sink {
     public:
      explicit FileSink(const std::filesystem::path& path) : file_(path, std::ios::binary) {}
      Status Write(std::string_view bytes) override {
        file_ << bytes;
        return {};
      }
      Status Close() override {
        file_.close();
        return file_ ? Status() : Fail(ErrorKind::kInternal, "the archive cannot be written");
      }

     private:
      std::ofstream file_;
    };
    std::filesystem::create_directories(store());
    FileSink file(store() + "/bad.tar.gz");
    stream::GzipSink gzip(file);
    stream::TarWriter tar(gzip, 1769479200);
    AddObject(tar, kGoodPath);
    bad.write(tar, gzip);
    (void)tar.Finish();
    Must(gzip.Close());
    Must(file.Close());
  }
  // verify and restore both fail with these words, and nothing is written to the cluster.
  void ExpectRefused(const Words& words) {
    size_t writes = Writes();
    const std::string& config = plane().kubeconfig();
    for (const Words& args :
         {Words{"verify", "bad.tar.gz"},
          Words{"restore", "bad.tar.gz", "--plan", "--kubeconfig", config},
          Words{"restore", "bad.tar.gz", "--ignore-errors", "--kubeconfig", config}}) {
      SCOPED_TRACE(args[0] + " " + args.back());
      Words all = args;
      all.insert(all.end(), {"--store", store()});
      Outcome outcome = Holdfast(all);
      EXPECT_EQ(outcome.code, 1) << ToText(outcome).substr(0, 2000);
      EXPECT_LT(outcome.err.size(), 3'000u);
      for (const std::string& word : words)
        EXPECT_THAT(outcome.out + outcome.err, HasSubstr(word)) << args[0];
      EXPECT_THAT(StoreFiles(), ::testing::ElementsAre("bad.tar.gz"));
    }
    EXPECT_EQ(Writes(), writes);
  }
};

TEST_F(CliArchiveTest, WhatIsMadeToDoHarmIsRefused) {
  for (const BadArchive& bad : BadArchives()) {
    SCOPED_TRACE(bad.what);
    WriteArchive(bad);
    ExpectRefused(bad.words);
  }
  // The good entry alone is no reason to refuse.
  WriteArchive({"", [](auto&, auto&) {}, {}});
  size_t writes = Writes();
  Outcome outcome =
      Holdfast({"restore", "bad.tar.gz", "--store", store(), "--kubeconfig", plane().kubeconfig()});
  EXPECT_EQ(outcome.code, 0) << ToText(outcome);
  EXPECT_GT(Writes(), writes);
}

TEST_F(CliArchiveTest, DamageIsFound) {
  Outcome outcome = Backup(Set("configmaps, secrets", "small"));
  ASSERT_EQ(outcome.code, 0) << ToText(outcome);
  std::string name = StoreFiles().at(0);
  std::ifstream file(store() + "/" + name, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::filesystem::remove(store() + "/" + name);
  ASSERT_GT(bytes.size(), 500u);

  folder().Write("store/bad.tar.gz", bytes.substr(0, bytes.size() / 2));
  ExpectRefused({"bad.tar.gz", "truncated", "hint: the file is incomplete; use another copy"});
  // Without the seal at its end the rest is whole.
  folder().Write("store/bad.tar.gz", bytes.substr(0, bytes.size() - stream::kSealSize));
  ExpectRefused({"bad.tar.gz", "seal"});
  for (size_t at : {size_t{4}, bytes.size() / 2, bytes.size() - 1}) {
    SCOPED_TRACE(at);
    std::string bad = bytes;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    folder().Write("store/bad.tar.gz", bad);
    ExpectRefused({"bad.tar.gz"});
  }
  folder().Write("store/bad.tar.gz", "");
  ExpectRefused({"bad.tar.gz", "empty", "hint: take another archive"});
  folder().Write("store/bad.tar.gz", "these are not the bytes of an archive");
  ExpectRefused({"bad.tar.gz", "not gzip"});
}

}  // namespace
}  // namespace holdfast::tests
