// Changing a few rows of a bbolt database in place: new pages are appended, then one meta page
// makes them count. Until then the file is what it was.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "etcd/cursor.h"
#include "etcd/database.h"

namespace holdfast::etcd {

// For small buckets and for appending; the cost is a few pages whatever the size of the file. Each
// bucket is changed at most once. Used by one thread. Nobody else may have the file open for
// writing.
class Editor {
 public:
  // `database` reads the file behind `fd` (open for reading and writing) and outlives the editor.
  static Result<Editor> Open(const Database& database, int fd);

  // All rows of a bucket that is small; none when it is not there.
  Result<std::vector<Row>> Rows(std::string_view bucket) const;
  // Gives the bucket exactly these rows (sorted, no key twice); makes it when it is missing.
  Status SetRows(std::string_view bucket, const std::vector<Row>& rows);
  // Adds a row behind the last one of a bucket of any size. kInvalid when its key is not the
  // greatest.
  Status AppendRow(std::string_view bucket, const Row& row);
  // Writes the pages, makes them durable, then the meta page, and that durable too. Once.
  Status Commit();

 private:
  Editor(const Database& database, int fd)
      : database_(database), fd_(fd), next_page_(database.meta().high_water) {}
  const Bucket* Find(std::string_view name) const;
  Bucket& FindOrAdd(std::string_view name);
  // Takes over a page made for id next_page_; returns that id.
  uint64_t AddPage(std::string bytes);
  Status AppendAlongPath(Bucket& bucket, const Row& row);
  Status WriteAt(uint64_t offset, std::string_view bytes);

  const Database& database_;
  int fd_;
  uint64_t next_page_;
  std::vector<Bucket> buckets_;  // sorted by name
  std::vector<std::pair<uint64_t, std::string>> pages_;
};

}  // namespace holdfast::etcd
