// The keys of an S3 store in a Secret, as spec.storageLocation.s3.credentialSecretName names it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "kube/client.h"
#include "storage/store_config.h"

namespace holdfast::backup {

// Where a Secret lies when no namespace is named: the operator's own.
inline constexpr std::string_view kDefaultSecretNamespace = "cattle-resources-system";

// data.accessKey and data.secretKey, and data.sessionToken where there is one; white space around
// them is dropped. kInvalid names the Secret and what is wrong with it; no value is ever shown.
// `ns` empty: kDefaultSecretNamespace. Blocks.
Result<storage::StoreKeys> ReadS3Secret(kube::Client& client, const std::string& ns,
                                        const std::string& name, const kube::Call& call);

// The same from the Secret's JSON.
Result<storage::StoreKeys> ParseS3Secret(std::string_view secret, const std::string& ns,
                                         const std::string& name);

}  // namespace holdfast::backup
