#include "etcd/zip_snapshot.h"

#include <cstring>
#include <vector>

#include "base/printable.h"

namespace holdfast::etcd {
namespace {

constexpr std::string_view kStateSuffix = ".rkestate";
constexpr uint64_t kMaxState = 64 << 20;
// A zip of a snapshot has a few files; each that is looked into costs a read.
constexpr size_t kMaxFiles = 1000;

// A page of bbolt begins with 16 bytes of header; in the first one the magic number follows.
bool LooksLikeDatabase(const stream::ReadAt& read, uint64_t size, const stream::ZipEntry& entry) {
  constexpr size_t kHeader = 16;
  constexpr std::string_view kMagic("\xed\xda\x0c\xed", 4);
  auto source = stream::UnzipSource::Open(read, size, entry);
  if (!source) return false;
  char first[kHeader + kMagic.size()];
  for (size_t have = 0; have < sizeof first;) {
    auto got = (*source)->Read(first + have, sizeof first - have);
    if (!got || *got == 0) return false;
    have += *got;
  }
  return std::string_view(first + kHeader, kMagic.size()) == kMagic;
}

bool IsState(const stream::ZipEntry& entry) { return entry.name.ends_with(kStateSuffix); }

std::string Names(const std::vector<stream::ZipEntry>& entries) {
  constexpr size_t kShown = 10;
  std::string text;
  for (size_t i = 0; i < entries.size() && i < kShown; ++i)
    text += (i == 0 ? "" : ", ") + Printable(entries[i].name, 200);
  if (entries.size() > kShown) text += " and " + std::to_string(entries.size() - kShown) + " more";
  return text.empty() ? "nothing" : text;
}

}  // namespace

Result<stream::ZipEntry> FindSnapshotInZip(const stream::ReadAt& read, uint64_t size) {
  HF_ASSIGN(auto entries, stream::ListZip(read, size));
  if (entries.size() == 1) return std::move(entries[0]);
  if (entries.size() > kMaxFiles)
    return Fail(ErrorKind::kInvalid,
                "zip: there are " + std::to_string(entries.size()) + " files in it");
  std::vector<stream::ZipEntry> databases, others;
  for (const stream::ZipEntry& entry : entries) {
    if (IsState(entry)) continue;
    others.push_back(entry);
    if (LooksLikeDatabase(read, size, entry)) databases.push_back(entry);
  }
  if (databases.size() == 1) return std::move(databases[0]);
  if (databases.size() > 1)
    return Fail(
        Error(ErrorKind::kInvalid, "zip: there are several snapshots in it: " + Names(databases))
            .Hint("unpack it and name one of them"));
  // Damaged or encrypted, but nothing else can be meant: the reader says what is wrong with it.
  if (others.size() == 1) return std::move(others[0]);
  return Fail(ErrorKind::kInvalid,
              "zip: there is no snapshot of etcd in it; it has " + Names(entries));
}

Result<StateFile> ReadStateFile(const stream::ReadAt& read, uint64_t size) {
  HF_ASSIGN(auto entries, stream::ListZip(read, size));
  std::vector<stream::ZipEntry> states;
  for (const stream::ZipEntry& entry : entries)
    if (IsState(entry)) states.push_back(entry);
  if (states.empty())
    return Fail(Error(ErrorKind::kNotFound, "there is no state file (*" +
                                                std::string(kStateSuffix) + ") in it; it has " +
                                                Names(entries))
                    .Hint("before RKE 1.2.3 the state was not packed; it may be in ConfigMap "
                          "full-cluster-state of namespace kube-system (`holdfast etcd extract`)"));
  if (states.size() > 1)
    return Fail(ErrorKind::kInvalid, "there are several state files in it: " + Names(states));
  StateFile state{.name = states[0].name, .content = {}};
  HF_ASSIGN(auto source,
            stream::UnzipSource::Open(read, size, std::move(states[0]), {.max_output = kMaxState}));
  HF_ASSIGN(std::string text, stream::ReadAll(*source, kMaxState));
  state.content = SecretBytes::Take(std::move(text));
  return state;
}

}  // namespace holdfast::etcd
