#include "etcd/kube_object.h"

#include <string>

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "etcd/kube/defaults.h"

namespace holdfast::etcd {
namespace {

constexpr std::string_view kProtobufMark("k8s\0", 4);

}  // namespace

ValueForm FormOf(std::string_view value) {
  if (value.starts_with('{')) return ValueForm::kJson;
  if (value.starts_with(kProtobufMark)) return ValueForm::kProtobuf;
  if (value.starts_with("k8s:enc:")) return ValueForm::kEncrypted;
  return ValueForm::kUnknown;
}

Result<DecodedObject> ToJson(std::string_view plain, int64_t mod_revision) {
  std::string revision = std::to_string(mod_revision);
  switch (FormOf(plain)) {
    case ValueForm::kJson: break;
    case ValueForm::kProtobuf: return ProtobufToJson(plain, revision);
    default: return Fail(ErrorKind::kCorrupt, "the value is no Kubernetes object");
  }
  while (!plain.empty() && plain.back() == '\n') plain.remove_suffix(1);
  HF_TRY(json::Validate(plain));
  return DecodedObject{
      CrdInV1(json::SetPath(plain, {"metadata", "resourceVersion"}, json::Quote(revision))), {}};
}

}  // namespace holdfast::etcd
