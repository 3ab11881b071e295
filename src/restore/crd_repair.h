// CustomResourceDefinitions that older API servers took and newer ones do not establish.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::restore {

// The conversion webhook's caBundle is white space, as a generator wrote it for a controller to
// fill in. API servers from 1.31 on do not establish such a CRD; without caBundle they do.
bool HasVoidCaBundle(std::string_view crd);

// Without a void caBundle; where `live` (empty: there is none) has a good one, with that.
std::string WithoutVoidCaBundle(std::string object, std::string_view live);

}  // namespace holdfast::restore
