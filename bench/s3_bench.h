// Object storage beside its floors, on a MinIO of its own over TLS.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/curl_parts.h"
#include "bench/figures.h"
#include "testbed/minio.h"

namespace holdfast::bench {

class S3Bench {
 public:
  // `dir` must outlive it; it holds what is sent and what the server keeps. Sets the keys in this
  // process's environment, for the programs that it starts.
  static Result<std::unique_ptr<S3Bench>> Start(const std::filesystem::path& dir);

  // A file of `size` bytes up and down, `runs` times, turn by turn with curl.
  Status Transfers(const std::string& transfer_program, uint64_t size, int runs, Figures& figures);

  // `backup` is a command without its store; it prints the archive's name first. Backs up to a
  // folder and to the bucket, turn by turn, and sends that archive by curl.
  Status Backups(const std::vector<std::string>& backup, int runs, Figures& figures);

 private:
  explicit S3Bench(std::filesystem::path dir) : dir_(std::move(dir)) {}
  std::string Url(const std::string& more = "") const;
  std::filesystem::path Log() const { return dir_ / "log"; }
  Status Empty();  // the bucket

  const std::filesystem::path dir_;
  std::unique_ptr<testbed::Minio> minio_;
  CurlBucket curl_;
};

}  // namespace holdfast::bench
