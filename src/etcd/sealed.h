// Encrypted files that can be read at any place (docs/formats/etcd.md, "Encrypted snapshots"):
// chunks of 64 KiB, each under AES-256-GCM with a key of that file alone. The file's key stands at
// its front, encrypted as the API server would encrypt a Secret.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/transformer.h"
#include "etcd/file.h"
#include "stream/stream.h"

namespace holdfast::etcd {

inline constexpr size_t kSealChunk = 64 << 10;  // bytes before encryption
inline constexpr size_t kSealTag = 16;          // that each chunk grows by

// 32 random bytes. kInternal when the generator has none.
Result<SecretBytes> NewSealKey();

// What a sealed file begins with: `key`, encrypted by the first provider of `transformers` for
// Secrets. kInvalid where that provider does not encrypt.
Result<std::string> SealHeader(const crypto::Transformers& transformers, const SecretBytes& key);
// "aescbc, key \"a\"": what a header needs. kCorrupt where it is none.
Result<std::string> SealedBy(std::string_view header);

// Encrypts what it is given into `out`, behind `header` (which may be empty).
class SealSink : public stream::Sink {
 public:
  // `out` outlives it and is not closed.
  SealSink(stream::Sink& out, const SecretBytes& key, std::string header = {});
  ~SealSink() override;
  Status Write(std::string_view bytes) override;
  Status Close() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether the file begins like a sealed one.
Result<bool> IsSealed(const File& file);
// The plain content of a file whose chunks begin at `header_size`. kCorrupt, here or when reading,
// where a chunk was changed, cut off or moved, or the key is another one. May be used by any number
// of threads.
Result<std::unique_ptr<File>> OpenChunks(std::unique_ptr<File> file, uint64_t header_size,
                                         SecretBytes key);
// The same with the key from the header. kInvalid where `transformers` have no such key, kCorrupt
// where it is the wrong one.
Result<std::unique_ptr<File>> OpenSealed(std::unique_ptr<File> file,
                                         const crypto::Transformers& transformers);

}  // namespace holdfast::etcd
