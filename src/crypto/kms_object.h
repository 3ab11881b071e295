// The payload of a value sealed under KMS v2: a protobuf message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/kms.h"

namespace holdfast::crypto {

struct KmsObject {
  std::string data;  // encrypted
  KmsSealed key;     // what its key is made from
  // 0: the plugin opens the AES-GCM key itself; 1: a seed, and `data` begins with what the key is
  // drawn from it with.
  uint64_t key_type = 0;
};

std::string EncodeKmsObject(const KmsObject& object);
// kCorrupt where it is no such message; kInvalid beyond Kubernetes' limits: 1 KiB for key and key
// id, 32 KiB for annotations.
Result<KmsObject> ParseKmsObject(std::string_view bytes);

}  // namespace holdfast::crypto
