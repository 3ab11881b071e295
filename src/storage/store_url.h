// s3://BUCKET[/FOLDER][?PARAMETER=VALUE&...]. Private to storage.
//
// Bucket, folder and values may be percent-encoded; `+` is itself. Parameters, each at most once:
// endpoint, region, endpointCA, insecureTLSSkipVerify, bucketLookup, dualStack, profile,
// credentialSecretName, credentialSecretNamespace, storageClass, checksum, requestsPerSecond,
// bytesPerSecond, attempts, leftOverMinutes: as the fields of that name in a store file.
#pragma once

#include <string_view>

#include "storage/store_config.h"

namespace holdfast::storage {

// kInvalid, naming the place, for anything else; user information and parameters that look like
// keys are refused without being shown.
Result<StoreConfig> ParseS3Url(std::string_view url);

}  // namespace holdfast::storage
