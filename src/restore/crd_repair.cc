#include "restore/crd_repair.h"

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "kube/text_file.h"

namespace holdfast::restore {

bool HasVoidCaBundle(std::string_view crd) {
  auto bundle =
      json::FindString(crd, {"spec", "conversion", "webhook", "clientConfig", "caBundle"});
  if (!bundle) return false;
  // Base64 of nothing but white space; what cannot be decoded is for the API server to refuse.
  auto bytes = kube::DecodeBase64(*bundle);
  return bytes && bytes->find_first_not_of(" \t\r\n") == std::string::npos;
}

std::string WithoutVoidCaBundle(std::string object, std::string_view live) {
  if (!HasVoidCaBundle(object)) return object;
  auto filled = json::Find(live, {"spec", "conversion", "webhook", "clientConfig", "caBundle"});
  if (filled && !HasVoidCaBundle(live))
    return json::SetPath(object, {"spec", "conversion", "webhook", "clientConfig", "caBundle"},
                         *filled);
  return json::RemovePath(object, {"spec", "conversion", "webhook", "clientConfig", "caBundle"});
}

}  // namespace holdfast::restore
