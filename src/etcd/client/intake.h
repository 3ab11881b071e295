// Receiving a snapshot: the bytes are hashed, packed and encrypted while they come.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/transformer.h"
#include "etcd/file.h"
#include "storage/store.h"
#include "stream/sha256.h"

namespace holdfast::etcd {

enum class Compression { kNone, kGzip, kZstd, kZip };
std::string CompressionName(Compression compression);

struct IntakeOptions {
  Compression compression = Compression::kNone;
  const crypto::Transformers* encryption = nullptr;  // none: not encrypted
  std::string name;                                  // of the file in a zip
};

// Take() is called by one thread; hashing and packing have threads of their own. Memory is
// constant; bytes on disk are those to be stored, and, where they are packed, the unpacked ones
// beside them (encrypted with a key that is nowhere but in memory when what is stored is
// encrypted).
class Intake {
 public:
  static Result<std::unique_ptr<Intake>> Begin(storage::Store& store, const IntakeOptions& options);
  ~Intake();

  // A piece of the snapshot. An error is that of any of the threads.
  Status Take(std::string_view piece);
  // After the last piece; waits for the threads.
  Status Finish();

  // From here on after Finish().
  uint64_t size() const;
  // Whether the last 32 bytes are the SHA-256 of all before.
  bool digest_matches() const;
  stream::Digest digest() const;  // of all before
  // The snapshot as it came, to be read at any place. The intake outlives it.
  Result<std::unique_ptr<File>> Image() const;
  // What is to be stored.
  stream::Spool& product();
  // "aesgcm, key \"a\""; empty: not encrypted.
  const std::string& encryption() const;

 private:
  struct Impl;
  explicit Intake(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::etcd
