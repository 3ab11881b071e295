// What KMS v2 stores behind its prefix; what was read is written and read again alike.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "crypto/kms_object.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holdfast::crypto;
  auto object = ParseKmsObject({reinterpret_cast<const char*>(data), size});
  if (!object) return 0;
  auto again = ParseKmsObject(EncodeKmsObject(*object));
  // Fields that were left out are written, which may be too much.
  if (!again) return 0;
  if (again->data != object->data || again->key.key_id != object->key.key_id ||
      again->key.ciphertext != object->key.ciphertext || again->key_type != object->key_type ||
      again->key.annotations != object->key.annotations)
    std::abort();
  return 0;
}
