// One walk over all buckets for Verify(): pages, rows, records.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "etcd/cursor.h"
#include "etcd/key_table.h"
#include "etcd/mvcc.h"
#include "etcd/verify.h"

namespace holdfast::etcd {

class VerifyWalk {
 public:
  // Both outlive it.
  VerifyWalk(const Database& database, const VerifyOptions& options, VerifyReport& report)
      : database_(database),
        options_(options),
        report_(report),
        reached_(database.meta().high_water) {}

  // Errors are those of the disk and kCancelled.
  Status Run();
  // A page or a record cannot be read: etcd would not start.
  bool fatal() const { return fatal_; }

 private:
  // Damage that etcd dies of, and what only makes a value doubtful.
  void Fatal(std::string text);
  void Doubtful(std::string text);
  Status WalkBucket(const Bucket& bucket, int depth);
  void CheckRow(const Bucket& bucket, const Element& row);
  void CheckRecord(const Element& row);
  void CheckHistory(const RecordKey& key, const KeyValue& kv);
  Status CheckFreelist();

  const Database& database_;
  const VerifyOptions& options_;
  VerifyReport& report_;
  PageSet reached_;
  KeyTable keys_;
  std::vector<Bucket> buckets_;
  int64_t compacted_ = 0;  // records up to here may lack their predecessors
  bool fatal_ = false;
};

// What is wrong with a row of one of etcd's small buckets; empty when nothing is, and for buckets
// that are not etcd's.
std::string CheckSmallRow(std::string_view bucket, std::string_view key, std::string_view value);

}  // namespace holdfast::etcd
