#include "storage/s3/s3_config.h"

#include <cctype>

namespace holdfast::storage {

BucketLookup ParseBucketLookup(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower == "auto"   ? BucketLookup::kAuto
         : lower == "dns"  ? BucketLookup::kDns
         : lower == "path" ? BucketLookup::kPath
                           : BucketLookup::kUnset;
}

}  // namespace holdfast::storage
