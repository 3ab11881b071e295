// SHA-256 of many texts at once: eight side by side in vector registers, where the machine has them.
#pragma once

#include <span>
#include <string_view>

#include "stream/sha256.h"

namespace holdfast::stream {

// digests[i] becomes Sha256::Of(texts[i]); the spans are of the same size. Pays off for ten texts and
// more of similar sizes. Does not block; may be called by any number of threads.
void Sha256Many(std::span<const std::string_view> texts, std::span<Digest> digests);

}  // namespace holdfast::stream
