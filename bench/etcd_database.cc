#include "bench/etcd_database.h"

#include <fcntl.h>
#include <unistd.h>

#include <random>
#include <vector>

#include <fmt/format.h>

#include "base/protobuf_wire.h"
#include "etcd/bytes.h"
#include "etcd/mvcc.h"
#include "etcd/page.h"
#include "stream/sha256.h"

namespace holdfast::bench {
namespace {

using etcd::Child;
using etcd::Row;

constexpr uint32_t kPageSize = 4096;
constexpr size_t kLeafRows = 2;
constexpr size_t kBranchChildren = 110;

// Words and identifiers from a fixed seed: alike from run to run.
class Text {
 public:
  explicit Text(uint64_t bytes) : bytes_(bytes) {
    for (int i = 0; i < 600; ++i) {
      std::string word;
      for (int left = 3 + static_cast<int>(random_() % 9); left > 0; --left)
        word += static_cast<char>('a' + random_() % 26);
      words_.push_back(std::move(word));
    }
  }
  // JSON of an object, `bytes` long.
  std::string Object(const std::string& ns, const std::string& name) {
    std::string json = fmt::format(
        R"({{"apiVersion":"bench.example.com/v1","kind":"Widget","metadata":{{"name":"{}",)"
        R"("namespace":"{}","uid":"{:016x}","labels":{{"app":"{}"}}}},"spec":{{)",
        name, ns, random_(), Word());
    for (int i = 0; json.size() + 120 < bytes_; ++i) {
      json += fmt::format(R"("{}{}":{{"id":"{:016x}","text":"{} {} {} {}"}},)", Word(), i,
                          random_(), Word(), Word(), Word(), Word());
    }
    json += R"("end":")";
    json.append(bytes_ - json.size() - 4, '.');
    return json + "\"}}\n";
  }

 private:
  const std::string& Word() { return words_[random_() % words_.size()]; }

  uint64_t bytes_;
  std::mt19937_64 random_{1};
  std::vector<std::string> words_;
};

class Writer {
 public:
  explicit Writer(const std::filesystem::path& path)
      : path_(path), fd_(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {}
  ~Writer() {
    if (fd_ >= 0) close(fd_);
  }
  bool open_ok() const { return fd_ >= 0; }
  uint64_t next() const { return next_; }

  // Writes a page with its overflow behind those before; its id.
  Result<uint64_t> Add(const std::string& page) {
    uint64_t id = next_;
    HF_TRY(WriteAt(id * kPageSize, page));
    next_ += page.size() / kPageSize;
    return id;
  }
  Status WriteAt(uint64_t offset, std::string_view bytes) {
    ssize_t wrote = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (wrote != static_cast<ssize_t>(bytes.size())) return Fail(ErrnoError(path_.string(), errno));
    return {};
  }
  // The digest of everything, written to the end.
  Status AddDigest() {
    stream::Sha256 sha;
    std::string buffer(1 << 20, '\0');
    uint64_t at = 0;
    while (true) {
      ssize_t got = pread(fd_, buffer.data(), buffer.size(), static_cast<off_t>(at));
      if (got < 0) return Fail(ErrnoError(path_.string(), errno));
      if (got == 0) break;
      sha.Update({buffer.data(), static_cast<size_t>(got)});
      at += static_cast<uint64_t>(got);
    }
    stream::Digest digest = sha.Current();
    HF_TRY(WriteAt(at, {reinterpret_cast<const char*>(digest.data()), digest.size()}));
    return fsync(fd_) == 0 ? Status() : Fail(ErrnoError(path_.string(), errno));
  }

 private:
  std::filesystem::path path_;
  int fd_;
  uint64_t next_ = 3;
};

Row Record(int64_t revision, const std::string& key, const std::string& value) {
  std::string record;
  AppendBytes(record, 1, key);
  for (uint32_t field : {2u, 3u}) AppendNumber(record, field, static_cast<uint64_t>(revision));
  AppendNumber(record, 4, 1);
  AppendBytes(record, 5, value);
  return {etcd::EncodeRevision({revision, 0}), std::move(record), false};
}

// The leaves of bucket "key" and the branches above them; the root's page.
Result<uint64_t> WriteKeys(Writer& writer, const EtcdDatabaseOptions& options) {
  Text text(options.value_bytes);
  std::vector<Child> level;
  std::vector<Row> rows;
  int64_t revision = 2;
  auto end_leaf = [&]() -> Status {
    HF_ASSIGN(uint64_t id, writer.Add(etcd::EncodeLeaf(rows, writer.next(), kPageSize)));
    level.push_back({rows[0].key, id});
    rows.clear();
    return {};
  };
  for (uint64_t i = 0; i + 1 < options.keys; ++i, ++revision) {
    std::string ns = fmt::format("team-{}", i % 200), name = fmt::format("widget-{:06}", i);
    rows.push_back(Record(revision,
                          fmt::format("/registry/bench.example.com/widgets/{}/{}", ns, name),
                          text.Object(ns, name)));
    if (rows.size() == kLeafRows) HF_TRY(end_leaf());
  }
  rows.push_back(
      Record(revision, "/registry/namespaces/kube-system",
             R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"kube-system"}})"));
  HF_TRY(end_leaf());
  while (level.size() > 1) {
    std::vector<Child> above;
    for (size_t i = 0; i < level.size(); i += kBranchChildren) {
      auto begin = level.begin() + static_cast<long>(i);
      auto end = level.begin() + static_cast<long>(std::min(level.size(), i + kBranchChildren));
      std::vector<Child> some(begin, end);
      HF_ASSIGN(uint64_t id, writer.Add(etcd::EncodeBranch(some, writer.next(), kPageSize)));
      above.push_back({some[0].key, id});
    }
    level = std::move(above);
  }
  return level[0].page;
}

std::string InlineBucket(const std::vector<Row>& rows) {
  return std::string(16, '\0') + etcd::EncodeInlineLeaf(rows);
}

}  // namespace

std::string FirstWidget() { return "widget-000000"; }

Status WriteEtcdDatabase(const std::filesystem::path& file, const EtcdDatabaseOptions& options) {
  std::filesystem::path part = file;
  part += ".part";
  Writer writer(part);
  if (!writer.open_ok()) return Fail(ErrnoError(part.string(), errno));
  HF_ASSIGN(uint64_t keys, WriteKeys(writer, options));
  std::string key_bucket, index;
  etcd::AppendLe(key_bucket, keys);
  etcd::AppendLe<uint64_t>(key_bucket, 0);
  etcd::AppendBe64(index, 42);
  std::vector<Row> root;
  for (const char* name : {"alarm", "auth", "authRoles", "authUsers"})
    root.push_back({name, InlineBucket({}), true});
  root.push_back({"cluster", InlineBucket({{"clusterVersion", "3.6.0", false}}), true});
  root.push_back({"key", key_bucket, true});
  for (const char* name : {"lease", "members", "members_removed"})
    root.push_back({name, InlineBucket({}), true});
  root.push_back({"meta",
                  InlineBucket({{"consistent_index", index, false},
                                {"storageVersion", "3.6.0", false},
                                {"term", index, false}}),
                  true});
  HF_ASSIGN(uint64_t root_page, writer.Add(etcd::EncodeLeaf(root, writer.next(), kPageSize)));
  for (uint64_t txid : {8, 7}) {
    std::string page = etcd::EncodeMetaPage(
        {.page_size = kPageSize, .root = root_page, .high_water = writer.next(), .txid = txid});
    page.resize(kPageSize);
    HF_TRY(writer.WriteAt((txid % 2) * kPageSize, page));
  }
  HF_TRY(writer.WriteAt(uint64_t{2} * kPageSize, std::string(kPageSize, '\0')));
  HF_TRY(writer.AddDigest());
  std::filesystem::rename(part, file);
  return {};
}

}  // namespace holdfast::bench
