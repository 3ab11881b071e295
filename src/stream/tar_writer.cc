#include "stream/tar_writer.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

#include "stream/tar_format.h"

namespace holdfast::stream {
namespace {

using tar::Header;
using tar::kBlock;

constexpr char kZeros[2 * kBlock] = {};
constexpr uint64_t kMaxSize = (uint64_t{1} << 33) - 1;  // eleven octal digits

template <size_t N>
void PutOctal(char (&field)[N], uint64_t value) {
  std::snprintf(field, N, "%0*llo", int(N - 1), static_cast<unsigned long long>(value));
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return uint8_t(c) < 0x80; });
}

// Splits a path into ustar's prefix and name; false when they cannot hold it.
bool Split(std::string_view path, std::string_view& prefix, std::string_view& name) {
  if (path.size() <= sizeof Header::name) {
    prefix = {};
    name = path;
    return true;
  }
  // The name needs at most 100 bytes after a slash, the prefix at most 155 before it.
  size_t slash = path.find('/', path.size() - sizeof Header::name - 1);
  if (slash == std::string_view::npos || slash == 0 || slash > sizeof Header::prefix) return false;
  prefix = path.substr(0, slash);
  name = path.substr(slash + 1);
  return !name.empty();
}

Header MakeHeader(std::string_view prefix, std::string_view name, char type, uint64_t size,
                  uint32_t mode, int64_t mtime) {
  Header header{};
  name.copy(header.name, sizeof header.name);
  prefix.copy(header.prefix, sizeof header.prefix);
  PutOctal(header.mode, mode);
  PutOctal(header.uid, 0);
  PutOctal(header.gid, 0);
  PutOctal(header.size, size);
  PutOctal(header.mtime, uint64_t(std::max<int64_t>(mtime, 0)) & kMaxSize);
  header.type = type;
  std::memcpy(header.magic, "ustar", 6);
  std::memcpy(header.version, "00", 2);
  PutOctal(header.dev_major, 0);
  PutOctal(header.dev_minor, 0);
  std::snprintf(header.checksum, sizeof header.checksum, "%06o", tar::SumOf(header).of_unsigned);
  header.checksum[7] = ' ';
  return header;
}

std::string_view BytesOf(const Header& header) {
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

// "<length of the whole record> path=<path>\n", POSIX pax.
std::string PaxPath(std::string_view path) {
  size_t rest = path.size() + std::strlen(" path=\n");
  size_t size = rest + 1;
  while (size != rest + std::to_string(size).size()) size = rest + std::to_string(size).size();
  std::string record = std::to_string(size);
  record += " path=";
  record += path;
  record += '\n';
  return record;
}

}  // namespace

Status TarWriter::Put(std::string_view bytes) {
  HF_TRY(out_.Write(bytes));
  offset_ += bytes.size();
  return {};
}

Status TarWriter::Pad() {
  size_t over = size_t(offset_ % kBlock);
  if (over == 0) return {};
  return Put(std::string_view(kZeros, kBlock - over));
}

Status TarWriter::Begin(std::string_view path, uint64_t size, uint32_t mode) {
  if (left_ > 0) return Fail(ErrorKind::kInternal, "tar: a new file before the end of the last");
  if (path.empty() || path.find('\0') != std::string_view::npos) {
    return Fail(ErrorKind::kInvalid, "tar: a path that is empty or has a NUL in it");
  }
  if (size > kMaxSize) {
    return Fail(ErrorKind::kInvalid, "tar: more than 8 GiB in one file: " + std::string(path));
  }
  std::string_view prefix, name;
  if (!IsAscii(path) || !Split(path, prefix, name)) {
    std::string record = PaxPath(path);
    HF_TRY(Put(BytesOf(MakeHeader("", "PaxHeaders.0/entry", 'x', record.size(), 0644, mtime_))));
    HF_TRY(Put(record));
    HF_TRY(Pad());
    prefix = {};
    name = "PaxHeaders.0/path";  // never seen by readers that know pax
  }
  HF_TRY(Put(BytesOf(MakeHeader(prefix, name, '0', size, mode, mtime_))));
  left_ = size;
  return {};
}

Status TarWriter::Append(std::string_view bytes) {
  if (bytes.size() > left_) return Fail(ErrorKind::kInternal, "tar: more bytes than announced");
  HF_TRY(Put(bytes));
  left_ -= bytes.size();
  return {};
}

Status TarWriter::End() {
  if (left_ > 0) return Fail(ErrorKind::kInternal, "tar: fewer bytes than announced");
  return Pad();
}

Status TarWriter::Add(std::string_view path, std::string_view body, uint32_t mode) {
  HF_TRY(Begin(path, body.size(), mode));
  HF_TRY(Append(body));
  return End();
}

Status TarWriter::Finish() {
  if (left_ > 0) return Fail(ErrorKind::kInternal, "tar: fewer bytes than announced");
  return Put(std::string_view(kZeros, sizeof kZeros));
}

}  // namespace holdfast::stream
