// From a document to the fields of a ResourceSet.
#pragma once

#include "resourceset/map_reader.h"

namespace holdfast::resourceset {

// Reads selectors and controller references, and the metadata where the mode checks it; adds what
// is wrong to the context.
ResourceSet DecodeResourceSet(ReadContext& context, std::string_view source, const Node& root);

inline constexpr std::string_view kResourceSetKind = "ResourceSet";
inline constexpr std::string_view kResourceSetApiVersion = "resources.cattle.io/v1";

}  // namespace holdfast::resourceset
