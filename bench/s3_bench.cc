#include "bench/s3_bench.h"

#include <stdlib.h>

#include <fstream>

#include "bench/process.h"

namespace holdfast::bench {
namespace {

constexpr char kBucket[] = "bench";
constexpr uint64_t kPart = 8 << 20;  // what the product takes for a file of this length

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

Result<std::unique_ptr<S3Bench>> S3Bench::Start(const std::filesystem::path& dir) {
  std::unique_ptr<S3Bench> bench(new S3Bench(dir));
  HF_ASSIGN(bench->minio_, testbed::Minio::Start({.tls = true, .parent = dir}));
  testbed::Minio& minio = *bench->minio_;
  HF_TRY(minio.MakeBucket(kBucket));
  // For curl, which then need not sign.
  HF_TRY(minio.Mc({"anonymous", "set", "public", std::string("m/") + kBucket}));
  std::ofstream(dir / "ca.pem") << minio.ca_pem();
  ::setenv("AWS_ACCESS_KEY_ID", minio.root().access_key.c_str(), 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", minio.root().secret_key.c_str(), 1);
  bench->curl_ = {minio.url() + "/" + kBucket, dir / "ca.pem", dir, bench->Log()};
  return bench;
}

std::string S3Bench::Url(const std::string& more) const {
  return std::string("s3://") + kBucket + "?endpoint=" + minio_->url() +
         "&region=us-east-1&bucketLookup=path&endpointCA=" + (dir_ / "ca.pem").string() + more;
}

Status S3Bench::Empty() {
  HF_TRY(minio_->Mc({"rm", "--recursive", "--force", std::string("m/") + kBucket}));
  return {};
}

Status S3Bench::Transfers(const std::string& program, uint64_t size, int runs, Figures& figures) {
  HF_ASSIGN(Parts parts, MakeParts(dir_, size, kPart));
  std::vector<double> bare, same, up, up_cpu, up_peak, floor, down, down_cpu, down_peak;
  for (int i = 0; i < runs; ++i) {
    HF_ASSIGN(double seconds, CurlUpload(curl_, parts, "by-curl", false));
    bare.push_back(seconds);
    HF_ASSIGN(seconds, CurlUpload(curl_, parts, "by-curl", true));
    same.push_back(seconds);
    HF_ASSIGN(Run put, MustRun({program, "put", Url(), parts.whole.string()}, Log()));
    up.push_back(std::stod(put.out));
    up_cpu.push_back(put.cost.cpu_seconds);
    up_peak.push_back(put.cost.peak_mib);
    HF_ASSIGN(seconds, CurlDownload(curl_, parts, "whole"));
    floor.push_back(seconds);
    HF_ASSIGN(Run get, MustRun({program, "get", Url(), "whole"}, Log()));
    down.push_back(std::stod(get.out));
    down_cpu.push_back(get.cost.cpu_seconds);
    down_peak.push_back(get.cost.peak_mib);
    HF_TRY(Empty());
  }
  double mib = static_cast<double>(size) / (1 << 20);
  std::printf("one file of %.0f MiB, parts of %.0f MiB, four at once, TLS\n", mib,
              static_cast<double>(kPart) / (1 << 20));
  figures.Add("upload by curl, bare parts", Median(bare), "s", 0, bare);
  figures.Add("upload by curl, the same requests", Median(same), "s", 0, same);
  figures.Add("upload", Median(up), "s", 0, up);
  figures.Add("upload / curl, the same requests", Median(up) / Median(same), "x", 1.25, {});
  figures.Add("upload / curl, bare parts", Median(up) / Median(bare), "x", 0, {});
  figures.Add("upload, own CPU (with making the spool)", Median(up_cpu), "s", 0, up_cpu);
  figures.Add("upload, peak RSS", Median(up_peak), "MiB", 64, up_peak);
  figures.Add("download by curl", Median(floor), "s", 0, floor);
  figures.Add("download", Median(down), "s", 0, down);
  figures.Add("download / curl", Median(down) / Median(floor), "x", 1.25, {});
  figures.Add("download, own CPU", Median(down_cpu), "s", 0, down_cpu);
  figures.Add("download, peak RSS", Median(down_peak), "MiB", 64, down_peak);
  for (const auto& file : parts.files) std::filesystem::remove(file);
  std::filesystem::remove(parts.whole);
  return {};
}

Status S3Bench::Backups(const std::vector<std::string>& backup, int runs, Figures& figures) {
  std::filesystem::path folder = dir_ / "s3-store";
  auto with = [&](const std::string& store) {
    std::vector<std::string> argv = backup;
    argv.insert(argv.end(), {"--store", store});
    return argv;
  };
  HF_TRY(MustRun(with(folder), Log()));  // warms the API server's caches
  std::vector<double> local, bucket, plain, peak;
  double bytes = 0;
  for (int i = 0; i < runs; ++i) {
    HF_ASSIGN(Run here, MustRun(with(folder), Log()));
    HF_ASSIGN(Run there, MustRun(with(Url()), Log()));
    std::filesystem::path archive = folder / FirstLine(here.out);
    HF_ASSIGN(double seconds, CurlPut(curl_, archive, "by-curl"));
    bytes = static_cast<double>(std::filesystem::file_size(archive));
    local.push_back(here.cost.wall_seconds);
    bucket.push_back(there.cost.wall_seconds);
    peak.push_back(there.cost.peak_mib);
    plain.push_back(seconds);
    HF_TRY(Empty());
  }
  std::printf("an archive of %.1f MB\n", bytes / 1e6);
  figures.Add("backup to a folder", Median(local), "s", 0, local);
  figures.Add("the archive by curl", Median(plain), "s", 0, plain);
  figures.Add("backup to the bucket", Median(bucket), "s", 0, bucket);
  figures.Add("backup to the bucket / (folder + 1.3 curl)",
              Median(bucket) / (Median(local) + 1.3 * Median(plain)), "x", 1.0, {});
  figures.Add("backup to the bucket, peak RSS", Median(peak), "MiB", 64, peak);
  return {};
}

}  // namespace holdfast::bench
