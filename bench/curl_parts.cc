#include "bench/curl_parts.h"

#include <chrono>
#include <fstream>
#include <random>
#include <sstream>

#include <openssl/evp.h>

#include "bench/process.h"

namespace holdfast::bench {
namespace {

std::string Sha256Base64(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  unsigned char text[EVP_MAX_MD_SIZE * 2];
  int length = EVP_EncodeBlock(text, digest, static_cast<int>(size));
  return std::string(reinterpret_cast<char*>(text), static_cast<size_t>(length));
}

// What holds for every transfer of a configuration.
void WriteCommon(std::ofstream& out, const CurlBucket& bucket) {
  out << "silent\nshow-error\nfail\ncacert = \"" << bucket.ca.string()
      << "\"\nheader = \"Expect:\"\n";
}

Result<Run> Curl(const CurlBucket& bucket, const std::filesystem::path& config) {
  return MustRun({"curl", "--parallel", "--parallel-max", "4", "--no-progress-meter", "--config",
                  config.string()},
                 bucket.log);
}

Result<std::string> Begin(const CurlBucket& bucket, const std::string& key, bool checksums) {
  std::filesystem::path config = bucket.dir / "begin";
  std::ofstream out(config);
  WriteCommon(out, bucket);
  if (checksums) out << "header = \"x-amz-checksum-algorithm: SHA256\"\n";
  out << "request = POST\nurl = \"" << bucket.url << "/" << key << "?uploads=\"\n";
  out.close();
  HF_ASSIGN(Run run, Curl(bucket, config));
  size_t begin = run.out.find("<UploadId>"), end = run.out.find("</UploadId>");
  if (begin == std::string::npos || end == std::string::npos)
    return Fail(ErrorKind::kInternal, "no upload id in " + run.out);
  return run.out.substr(begin + 10, end - begin - 10);
}

Status Complete(const CurlBucket& bucket, const Parts& parts, const std::string& key,
                const std::string& id, const std::vector<std::string>& etags, bool checksums) {
  std::ofstream body(bucket.dir / "complete.xml");
  body << "<CompleteMultipartUpload>";
  for (size_t i = 0; i < etags.size(); ++i) {
    body << "<Part><PartNumber>" << i + 1 << "</PartNumber><ETag>" << etags[i] << "</ETag>";
    if (checksums) body << "<ChecksumSHA256>" << parts.sha256[i] << "</ChecksumSHA256>";
    body << "</Part>";
  }
  body << "</CompleteMultipartUpload>";
  body.close();
  std::filesystem::path config = bucket.dir / "complete";
  std::ofstream out(config);
  WriteCommon(out, bucket);
  out << "data-binary = \"@" << (bucket.dir / "complete.xml").string() << "\"\nurl = \""
      << bucket.url << "/" << key << "?uploadId=" << id << "\"\n";
  out.close();
  HF_ASSIGN(Run run, Curl(bucket, config));
  if (run.out.find("CompleteMultipartUploadResult") == std::string::npos)
    return Fail(ErrorKind::kInternal, "the upload was not completed: " + run.out);
  return {};
}

}  // namespace

Result<Parts> MakeParts(const std::filesystem::path& dir, uint64_t size, uint64_t part_size) {
  Parts parts;
  parts.size = size;
  parts.part_size = part_size;
  parts.whole = dir / "whole";
  std::ofstream whole(parts.whole, std::ios::binary);
  std::mt19937_64 random(11);
  std::string part(part_size, '\0');
  for (size_t i = 0; i < part.size(); i += 8) {
    uint64_t word = random();
    part.replace(i, 8, reinterpret_cast<const char*>(&word), 8);
  }
  for (uint64_t at = 0; at < size; at += part_size) {
    uint64_t word = random();
    part.replace(0, 8, reinterpret_cast<const char*>(&word), 8);
    parts.files.push_back(dir / ("part-" + std::to_string(parts.files.size() + 1)));
    std::ofstream file(parts.files.back(), std::ios::binary);
    file << part;
    file.close();
    whole << part;
    if (!file || !whole) return Fail(ErrorKind::kUnavailable, "no room in " + dir.string());
    parts.sha256.push_back(Sha256Base64(part));
  }
  whole.close();
  if (!whole) return Fail(ErrorKind::kUnavailable, "no room in " + dir.string());
  return parts;
}

Result<double> CurlUpload(const CurlBucket& bucket, const Parts& parts, const std::string& key,
                          bool checksums) {
  auto begin = std::chrono::steady_clock::now();
  HF_ASSIGN(std::string id, Begin(bucket, key, checksums));
  std::filesystem::path config = bucket.dir / "parts";
  std::ofstream out(config);
  for (size_t i = 0; i < parts.files.size(); ++i) {
    if (i > 0) out << "next\n";
    WriteCommon(out, bucket);
    if (checksums) out << "header = \"x-amz-checksum-sha256: " << parts.sha256[i] << "\"\n";
    out << "upload-file = \"" << parts.files[i].string() << "\"\noutput = /dev/null\n"
        << "write-out = \"" << i << " %header{etag}\\n\"\nurl = \"" << bucket.url << "/" << key
        << "?partNumber=" << i + 1 << "&uploadId=" << id << "\"\n";
  }
  out.close();
  HF_ASSIGN(Run run, Curl(bucket, config));
  std::vector<std::string> etags(parts.files.size());
  std::istringstream lines(run.out);
  for (size_t i; lines >> i;)
    if (i < etags.size()) lines >> etags[i];
  HF_TRY(Complete(bucket, parts, key, id, etags, checksums));
  return SecondsSince(begin);
}

Result<double> CurlDownload(const CurlBucket& bucket, const Parts& parts, const std::string& key) {
  std::filesystem::path config = bucket.dir / "ranges";
  std::ofstream out(config);
  for (size_t i = 0; i < parts.files.size(); ++i) {
    if (i > 0) out << "next\n";
    WriteCommon(out, bucket);
    out << "range = \"" << i * parts.part_size << "-" << (i + 1) * parts.part_size - 1
        << "\"\noutput = /dev/null\nurl = \"" << bucket.url << "/" << key << "\"\n";
  }
  out.close();
  HF_ASSIGN(Run run, Curl(bucket, config));
  return run.cost.wall_seconds;
}

Result<double> CurlPut(const CurlBucket& bucket, const std::filesystem::path& file,
                       const std::string& key) {
  std::filesystem::path config = bucket.dir / "put";
  std::ofstream out(config);
  WriteCommon(out, bucket);
  out << "upload-file = \"" << file.string() << "\"\noutput = /dev/null\nurl = \"" << bucket.url
      << "/" << key << "\"\n";
  out.close();
  HF_ASSIGN(Run run, Curl(bucket, config));
  return run.cost.wall_seconds;
}

}  // namespace holdfast::bench
