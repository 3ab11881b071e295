// libarchive as the judge of our tar and gzip; tests only.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::stream::judge {

struct File {
  std::string path;
  std::string body;
  int mode = 0644;
  int64_t mtime = 0;
  bool operator==(const File&) const = default;
};

inline void Must(bool good, struct archive* a) {
  if (good) return;
  const char* text = archive_error_string(a);
  throw std::runtime_error(text != nullptr ? text : "libarchive failed");
}

// Every entry of a tar, gzipped or not. Throws where libarchive finds anything wrong.
inline std::vector<File> Read(std::string_view bytes) {
  struct archive* a = archive_read_new();
  archive_read_support_filter_gzip(a);
  archive_read_support_format_tar(a);
  std::vector<File> files;
  Must(archive_read_open_memory(a, bytes.data(), bytes.size()) == ARCHIVE_OK, a);
  struct archive_entry* entry;
  int result;
  while ((result = archive_read_next_header(a, &entry)) == ARCHIVE_OK) {
    File file{archive_entry_pathname_utf8(entry), "", int(archive_entry_perm(entry)),
              int64_t(archive_entry_mtime(entry))};
    file.body.resize(size_t(archive_entry_size(entry)));
    Must(archive_read_data(a, file.body.data(), file.body.size()) == la_ssize_t(file.body.size()),
         a);
    files.push_back(std::move(file));
  }
  Must(result == ARCHIVE_EOF, a);
  archive_read_free(a);
  return files;
}

enum class Format { kUstar, kPax, kGnu };

// A tar made by libarchive, gzipped or not.
inline std::string Write(Format format, bool gzip, const std::vector<File>& files) {
  struct archive* a = archive_write_new();
  if (format == Format::kUstar) archive_write_set_format_ustar(a);
  if (format == Format::kPax) archive_write_set_format_pax(a);
  if (format == Format::kGnu) archive_write_set_format_gnutar(a);
  if (gzip) archive_write_add_filter_gzip(a);
  size_t most = 1 << 20;
  for (const File& file : files) most += file.body.size() + 8192;
  std::string bytes(most, '\0');
  size_t used = 0;
  Must(archive_write_open_memory(a, bytes.data(), bytes.size(), &used) == ARCHIVE_OK, a);
  for (const File& file : files) {
    struct archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname_utf8(entry, file.path.c_str());
    bool folder = file.path.ends_with('/');
    archive_entry_set_filetype(entry, folder ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry, file.mode);
    archive_entry_set_mtime(entry, file.mtime, 123456789);
    archive_entry_set_size(entry, int64_t(file.body.size()));
    Must(archive_write_header(a, entry) == ARCHIVE_OK, a);
    Must(archive_write_data(a, file.body.data(), file.body.size()) == la_ssize_t(file.body.size()),
         a);
    archive_entry_free(entry);
  }
  Must(archive_write_close(a) == ARCHIVE_OK, a);
  archive_write_free(a);
  bytes.resize(used);
  return bytes;
}

}  // namespace holdfast::stream::judge
