// The made-up insides of objects, as JSON text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "testbed/object_kinds.h"
#include "testbed/object_text.h"
#include "testbed/random.h"

namespace holdfast::testbed {

// Adds to the open object all that stands beside apiVersion, kind, metadata and status.
void WriteBody(ObjectWriter& object, std::string& out, Random& random, const ObjectKind& kind,
               const std::string& ns);
// A Secret of type Opaque with `bytes` bytes of data.
void WriteLargeSecret(ObjectWriter& object, std::string& out, Random& random, size_t bytes);
// What a controller would have reported.
std::string StatusBody(Random& random, const ObjectKind& kind);

}  // namespace holdfast::testbed
