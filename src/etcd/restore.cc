#include "etcd/restore.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "etcd/bytes.h"
#include "etcd/copy_digest.h"
#include "etcd/data_dir.h"
#include "etcd/editor.h"
#include "etcd/mvcc.h"
#include "etcd/raft_files.h"

namespace holdfast::etcd {
namespace {

// Closes a descriptor when it goes.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Status CheckStoredDigest(const File& file, const stream::Digest& taken) {
  stream::Digest stored;
  HF_TRY(file.ReadAt(file.size() - stored.size(), reinterpret_cast<char*>(stored.data()),
                     stored.size()));
  if (stored == taken) return {};
  return Fail(Error(ErrorKind::kCorrupt,
                    fmt::format("its checksum does not match: the file says {}, its content has {}",
                                stream::Hex(stored), stream::Hex(taken)))
                  .Hint("take another copy; `holdfast etcd verify` says what is damaged, and "
                        "--skip-hash-check restores it nevertheless"));
}

Status SetRow(std::vector<Row>& rows, std::string_view key, std::string value) {
  auto at = std::lower_bound(rows.begin(), rows.end(), key,
                             [](const Row& row, std::string_view k) { return row.key < k; });
  if (at != rows.end() && at->key == key)
    at->value = std::move(value);
  else
    rows.insert(at, {std::string(key), std::move(value), false});
  return {};
}

std::string Be64Bytes(uint64_t value) {
  std::string bytes;
  AppendBe64(bytes, value);
  return bytes;
}

Status EditDatabase(const Database& copy, int fd, const RestoreOptions& options,
                    RestoreReport& report) {
  HF_ASSIGN(Editor editor, Editor::Open(copy, fd));
  std::vector<Row> members;
  for (const Member& member : report.membership.members)
    members.push_back({fmt::format("{:x}", member.id), member.ToJson(), false});
  std::sort(members.begin(), members.end(),
            [](const Row& a, const Row& b) { return a.key < b.key; });
  HF_TRY(editor.SetRows("members", members));
  HF_TRY(editor.SetRows("members_removed", {}));
  HF_ASSIGN(auto cluster, editor.Rows("cluster"));
  HF_TRY(editor.SetRows("cluster", cluster));  // makes it where it is missing
  if (options.clear_alarms) HF_TRY(editor.SetRows("alarm", {}));
  HF_ASSIGN(auto meta, editor.Rows("meta"));
  if (report.bump > 0) {
    std::string mark = EncodeRevision({report.revision + report.bump, 0});
    HF_TRY(editor.AppendRow(kKeyBucket, {mark, "", false}));
    HF_TRY(SetRow(meta, "scheduledCompactRev", mark));
  }
  HF_TRY(SetRow(meta, "consistent_index", Be64Bytes(report.membership.members.size())));
  HF_TRY(SetRow(meta, "term", Be64Bytes(1)));
  HF_TRY(editor.SetRows("meta", meta));
  return editor.Commit();
}

Status CheckBump(int64_t bump, int64_t revision) {
  if (bump < 0) return Fail(ErrorKind::kInvalid, "--bump-revision must not be negative");
  if (bump > INT64_MAX - 1 - revision) {
    return Fail(ErrorKind::kInvalid,
                fmt::format("--bump-revision {} on revision {} is beyond 63 bits", bump, revision));
  }
  return {};
}

Result<RestoreReport> Survey(const Database& snapshot, const RestoreOptions& options) {
  RestoreReport report{.size = snapshot.size()};
  HF_ASSIGN(report.membership, MakeMembership(options.membership));
  if (!snapshot.has_digest() && !options.skip_hash_check) {
    return Fail(Error(ErrorKind::kCorrupt, "no checksum at the end of the snapshot")
                    .Hint("a copied member/snap/db has none: --skip-hash-check takes it; otherwise "
                          "the file was cut off"));
  }
  PageSet reached(snapshot.meta().high_water);
  HF_ASSIGN(auto buckets, ReadBuckets(snapshot, reached));
  std::vector<std::string> problems;  // facts that cannot be understood are etcd's matter
  HF_ASSIGN(StoreFacts facts, ReadFacts(snapshot, buckets, problems));
  HF_ASSIGN(report.revision, LastRevision(snapshot, buckets));
  HF_ASSIGN(report.kubernetes, LooksLikeKubernetes(snapshot, buckets));
  report.bump = options.bump_revision.value_or(report.kubernetes ? kKubernetesBump : 0);
  HF_TRY(CheckBump(report.bump, report.revision));
  report.alarms = std::move(facts.alarms);
  report.storage_version = std::move(facts.storage_version);
  return report;
}

Status MakeDatabase(const Database& snapshot, const std::filesystem::path& path,
                    const RestoreOptions& options, RestoreReport& report) {
  Descriptor out(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (out.get() < 0) return Fail(ErrnoError("making " + path.string(), errno));
  const File& file = snapshot.file();
  uint64_t bytes = file.size() - (snapshot.has_digest() ? 32 : 0);
  bool check = snapshot.has_digest() && !options.skip_hash_check;
  HF_ASSIGN_CONTEXT(auto digest, CopyWithDigest(file, bytes, out.get(), check, options.stop),
                    "copying to " + path.string());
  if (digest) HF_TRY(CheckStoredDigest(file, *digest));
  report.digest_checked = digest.has_value();
  HF_ASSIGN(auto copied, OpenFile(path));
  HF_ASSIGN(Database copy, Database::Open(std::move(copied), snapshot.limits()));
  return EditDatabase(copy, out.get(), options, report);
}

}  // namespace

Result<bool> LooksLikeKubernetes(const Database& database, const std::vector<Bucket>& buckets) {
  constexpr int kRecords = 20'000;
  const Bucket* keys = FindBucket(buckets, kKeyBucket);
  if (keys == nullptr) return false;
  for (Direction direction : {Direction::kForward, Direction::kBackward}) {
    PageSet reached(database.meta().high_water);
    Cursor cursor(database, *keys, reached, direction);
    for (int i = 0; i < kRecords; ++i) {
      HF_ASSIGN_CONTEXT(auto row, cursor.Next(), "looking for Kubernetes' keys");
      if (!row) break;
      auto record = ParseKeyValue(row->value);
      if (!record) continue;
      for (std::string_view mark :
           {"/namespaces/kube-system", "/apiregistration.k8s.io/apiservices/v1.",
            "/configmaps/kube-system/extension-apiserver-authentication"})
        if (record->key.starts_with('/') && record->key.ends_with(mark)) return true;
    }
  }
  return false;
}

Result<RestoreReport> Restore(const Database& snapshot, const RestoreOptions& options) {
  HF_ASSIGN(RestoreReport report, Survey(snapshot, options));
  HF_ASSIGN(DataDir dir, DataDir::Begin(options.data_dir));
  HF_TRY(MakeDatabase(snapshot, dir.member() / "snap/db", options, report));
  HF_TRY(dir.WriteFile("wal/0000000000000000-0000000000000000.wal", FirstWal(report.membership),
                       kWalFileBytes));
  std::string snap = FirstSnap(report.membership);
  HF_TRY(dir.WriteFile("snap/" + FirstSnapName(report.membership), snap, snap.size()));
  if (options.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
  HF_TRY(dir.Commit());
  return report;
}

}  // namespace holdfast::etcd
