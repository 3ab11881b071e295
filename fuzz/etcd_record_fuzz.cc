// Revisions, records and small rows of an etcd store.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "etcd/mvcc.h"
#include "etcd/verify_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holdfast::etcd;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto key = ParseRecordKey(bytes)) {
    std::string again = EncodeRevision(key->revision) + (key->tombstone ? "t" : "");
    if (again != bytes) std::abort();
  }
  if (auto kv = ParseKeyValue(bytes)) {
    for (std::string_view view : {kv->key, kv->value})
      if (!view.empty() &&
          (view.data() < bytes.data() || view.data() + view.size() > bytes.data() + bytes.size()))
        std::abort();
  }
  size_t half = size / 2;
  for (std::string_view bucket : {"lease", "authUsers", "members", "meta", "auth", "alarm"})
    (void)CheckSmallRow(bucket, bytes.substr(0, half), bytes.substr(half));
  return 0;
}
