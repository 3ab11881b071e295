// Store URLs and store files: what is taken has a bucket, and a folder without "..".
#include <cstdlib>
#include <string>

#include "storage/store_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto check = [](const holdfast::Result<holdfast::storage::StoreConfig>& config) {
    if (!config || config->kind == holdfast::storage::StoreConfig::Kind::kFolder) return;
    const std::string& folder = config->s3.folder;
    if (config->s3.bucket.empty() || folder.starts_with('/') || folder.ends_with('/') ||
        folder == ".." || folder.find("/../") != std::string::npos)
      std::abort();
  };
  check(holdfast::storage::ParseStore("s3://" + std::string(text)));
  check(holdfast::storage::ParseStoreFile(text, "fuzz"));
  return 0;
}
