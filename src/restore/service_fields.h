// Addresses and ports of a Service. The server allocates them where the object names none, and
// refuses those that are taken or out of range.
// Source: kubernetes/kubernetes, pkg/registry/core/service/storage and pkg/apis/core/validation.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "restore/field_rules.h"

namespace holdfast::restore {

// Without addresses, IP families and node ports. That a Service is headless stays.
std::string ComparedService(std::string_view service);
// Whether a node port of `live` is not the archived one, and could be.
bool NodePortsDiffer(std::string_view archived, std::string_view live);
// `live` with the archived node ports.
std::string WithNodePortsOf(std::string_view archived, std::string_view live);
std::string ServiceToCreate(std::string service, const LeftFields& left);
std::string ServiceToUpdate(std::string service, std::string_view live, const LeftFields& left);
bool LeaveServiceField(std::string_view message, LeftFields& left);
std::vector<std::string> ServiceFieldsLeft(std::string_view archived, std::string_view live);

}  // namespace holdfast::restore
