#include "etcd/client/intake.h"

#include <atomic>
#include <cstring>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"
#include "base/byte_budget.h"
#include "etcd/sealed.h"
#include "etcd/spool_image.h"
#include "stream/gzip.h"
#include "stream/zip.h"
#include "stream/zstd.h"

namespace holdfast::etcd {
namespace {

constexpr size_t kBlock = 1 << 20;
constexpr size_t kBudget = 8 << 20;

// Memory that blocks have used and the next ones use again: taking it from the system anew for
// every block costs more than copying into it.
class BufferPool {
 public:
  std::string Take() {
    std::lock_guard lock(mutex_);
    std::string buffer;
    if (!free_.empty()) {
      buffer = std::move(free_.back());
      free_.pop_back();
    }
    buffer.clear();
    buffer.reserve(kBlock);
    return buffer;
  }
  void GiveBack(std::string buffer) {
    std::lock_guard lock(mutex_);
    free_.push_back(std::move(buffer));
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> free_;  // never more than the budget lets exist at a time
};

// Bytes that several threads read; budget and pool get them back when the last one is done.
struct Block {
  Block(BufferPool& from, std::string taken, ByteBudget::Share of)
      : pool(from), bytes(std::move(taken)), share(std::move(of)) {}
  ~Block() { pool.GiveBack(std::move(bytes)); }

  BufferPool& pool;
  std::string bytes;
  ByteBudget::Share share;
};

// A thread that is handed the bytes in order. After a failure it only drains its queue.
class Follower {
 public:
  Follower(std::function<Status(std::string_view)> take, std::function<Status()> end)
      : thread_([this, take = std::move(take), end = std::move(end)] {
          while (auto block = queue_.Pop()) {
            if (!failed_) Note(take((*block)->bytes));
          }
          if (ended_ && !failed_) Note(end());
        }) {}
  ~Follower() { Join(false); }

  Status Push(std::shared_ptr<const Block> block) {
    if (failed_) return Join(false);
    queue_.Push(std::move(block));
    return {};
  }
  // The first error there was.
  Status Join(bool ended) {
    if (thread_.joinable()) {
      ended_ = ended;
      queue_.Close();
      thread_.join();
    }
    return status_;
  }

 private:
  void Note(Status status) {
    if (status) return;
    status_ = std::move(status);
    failed_ = true;
  }

  BoundedQueue<std::shared_ptr<const Block>> queue_;
  std::atomic<bool> failed_ = false, ended_ = false;
  Status status_;  // the thread's, until it has ended
  std::thread thread_;
};

// SHA-256 of all but the last 32 bytes, which are kept.
class TrailingDigest {
 public:
  void Take(std::string_view bytes) {
    if (bytes.size() >= kTail) {
      sha_.Update(tail_);
      sha_.Update(bytes.substr(0, bytes.size() - kTail));
      tail_ = bytes.substr(bytes.size() - kTail);
      return;
    }
    tail_ += bytes;
    if (tail_.size() <= kTail) return;
    sha_.Update(std::string_view(tail_).substr(0, tail_.size() - kTail));
    tail_.erase(0, tail_.size() - kTail);
  }
  stream::Digest digest() const { return sha_.Current(); }
  bool matches() const {
    stream::Digest digest = sha_.Current();
    return tail_.size() == kTail && std::memcmp(tail_.data(), digest.data(), kTail) == 0;
  }

 private:
  static constexpr size_t kTail = sizeof(stream::Digest);
  stream::Sha256 sha_;
  std::string tail_;
};

}  // namespace

std::string CompressionName(Compression compression) {
  switch (compression) {
    case Compression::kNone: return "none";
    case Compression::kGzip: return "gzip";
    case Compression::kZstd: return "zstd";
    case Compression::kZip: return "zip";
  }
  return "";
}

struct Intake::Impl {
  // A spool that encrypts on the way in, or not.
  struct Stored {
    explicit Stored(stream::Spool made) : spool(std::move(made)), sink(spool) {}
    Status Seal(std::string header) {
      if (key.empty()) {
        HF_ASSIGN(key, NewSealKey());
      }
      header_size = header.size();
      seal = std::make_unique<SealSink>(sink, key, std::move(header));
      return {};
    }
    stream::Sink& front() { return seal ? static_cast<stream::Sink&>(*seal) : sink; }
    Status Close() {
      if (seal) HF_TRY(seal->Close());
      return sink.Close();
    }
    stream::Spool spool;
    stream::SpoolSink sink;
    SecretBytes key;
    size_t header_size = 0;
    std::unique_ptr<SealSink> seal;
  };

  std::unique_ptr<Stored> raw, packed;  // packed: none where the raw one is what is stored
  std::unique_ptr<stream::Sink> packer;
  std::string encryption;
  uint64_t size = 0;
  TrailingDigest trailing;
  BufferPool pool;  // outlives every block
  std::string block;
  ByteBudget budget{kBudget};
  std::unique_ptr<Follower> hasher, packing;  // last: they end first

  // Seals `stored` as what is to be kept.
  Status SealForGood(Stored& stored, const crypto::Transformers& transformers) {
    HF_ASSIGN(stored.key, NewSealKey());
    HF_ASSIGN(std::string header, SealHeader(transformers, stored.key));
    HF_ASSIGN(encryption, SealedBy(header));
    return stored.Seal(std::move(header));
  }

  Status MakePacked(storage::Store& store, const IntakeOptions& options) {
    HF_ASSIGN(stream::Spool spool, store.NewSpool());
    packed = std::make_unique<Stored>(std::move(spool));
    if (options.encryption != nullptr) HF_TRY(SealForGood(*packed, *options.encryption));
    stream::Sink& out = packed->front();
    if (options.compression == Compression::kGzip)
      packer = std::make_unique<stream::GzipSink>(out);
    else if (options.compression == Compression::kZip)
      packer = std::make_unique<stream::ZipSink>(out, options.name);
    else
      packer = std::make_unique<stream::ZstdSink>(out);
    packing =
        std::make_unique<Follower>([this](std::string_view bytes) { return packer->Write(bytes); },
                                   [this]() -> Status {
                                     HF_TRY(packer->Close());
                                     return packed->Close();
                                   });
    return {};
  }

  Status EndBlock() {
    ByteBudget::Share share = budget.Take(block.size());
    auto shared = std::make_shared<const Block>(pool, std::move(block), std::move(share));
    block = pool.Take();
    HF_TRY(hasher->Push(shared));
    if (packing) HF_TRY(packing->Push(shared));
    return {};
  }
};

Intake::Intake(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Intake::~Intake() = default;

Result<std::unique_ptr<Intake>> Intake::Begin(storage::Store& store, const IntakeOptions& options) {
  auto impl = std::make_unique<Impl>();
  Impl* s = impl.get();
  HF_ASSIGN(stream::Spool spool, store.NewSpool());
  s->raw = std::make_unique<Impl::Stored>(std::move(spool));
  if (options.compression != Compression::kNone) {
    if (options.encryption != nullptr) HF_TRY(s->raw->Seal({}));
    HF_TRY(s->MakePacked(store, options));
  } else if (options.encryption != nullptr) {
    HF_TRY(s->SealForGood(*s->raw, *options.encryption));
  }
  s->hasher = std::make_unique<Follower>(
      [s](std::string_view bytes) -> Status {
        s->trailing.Take(bytes);
        return {};
      },
      [] { return Status(); });
  s->block = s->pool.Take();
  return std::unique_ptr<Intake>(new Intake(std::move(impl)));
}

Status Intake::Take(std::string_view piece) {
  impl_->size += piece.size();
  HF_TRY(impl_->raw->front().Write(piece));
  impl_->block += piece;
  return impl_->block.size() + piece.size() > kBlock ? impl_->EndBlock() : Status();
}

Status Intake::Finish() {
  HF_TRY(impl_->EndBlock());
  HF_TRY(impl_->raw->Close());
  HF_TRY(impl_->hasher->Join(true));
  if (impl_->packing) HF_TRY(impl_->packing->Join(true));
  return {};
}

uint64_t Intake::size() const { return impl_->size; }
bool Intake::digest_matches() const { return impl_->trailing.matches(); }
stream::Digest Intake::digest() const { return impl_->trailing.digest(); }
stream::Spool& Intake::product() { return (impl_->packed ? impl_->packed : impl_->raw)->spool; }
const std::string& Intake::encryption() const { return impl_->encryption; }

Result<std::unique_ptr<File>> Intake::Image() const {
  auto file = FileOfSpool(impl_->raw->spool, "the snapshot");
  if (!impl_->raw->seal) return file;
  return OpenChunks(std::move(file), impl_->raw->header_size, impl_->raw->key.Clone());
}

}  // namespace holdfast::etcd
