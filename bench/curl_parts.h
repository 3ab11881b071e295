// The floor of a transfer to or from a bucket: the same parts by curl, four at a time, into a
// bucket that is open to all, so that curl need not sign.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace holdfast::bench {

// A big file, cut into files of `part_size` bytes for curl, which sends whole files.
struct Parts {
  std::filesystem::path whole;
  std::vector<std::filesystem::path> files;
  std::vector<std::string> sha256;  // Base64
  uint64_t size = 0, part_size = 0;
};
// Bytes that do not repeat. Written to `dir` twice: whole and in parts. `size` is a multiple of
// `part_size`.
Result<Parts> MakeParts(const std::filesystem::path& dir, uint64_t size, uint64_t part_size);

// A bucket as curl reaches it.
struct CurlBucket {
  std::string url;            // "https://127.0.0.1:9000/bucket"
  std::filesystem::path ca;   // of the server's certificate
  std::filesystem::path dir;  // for configurations
  std::filesystem::path log;
};

// Begins, sends and completes an upload of `parts` under `key`; seconds. With `checksums` each part
// names its SHA-256, which the server then checks, too.
Result<double> CurlUpload(const CurlBucket& bucket, const Parts& parts, const std::string& key,
                          bool checksums);
// Fetches the object in ranges of a part's length; seconds.
Result<double> CurlDownload(const CurlBucket& bucket, const Parts& parts, const std::string& key);
// One PUT of one file; seconds.
Result<double> CurlPut(const CurlBucket& bucket, const std::filesystem::path& file,
                       const std::string& key);

}  // namespace holdfast::bench
