#include "etcd/client/kms_client.h"

#include <grpcpp/grpcpp.h>

#include "etcd/client/kms.grpc.pb.h"

namespace holdfast::etcd {
namespace {

Error ToError(const grpc::Status& status, std::string_view what) {
  ErrorKind kind = ErrorKind::kInvalid;
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE ||
      status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED)
    kind = ErrorKind::kUnavailable;
  if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED ||
      status.error_code() == grpc::StatusCode::PERMISSION_DENIED)
    kind = ErrorKind::kUnauthorized;
  std::string text = status.error_message().empty() ? "no message" : status.error_message();
  return Error(kind, text).With(std::string(what));
}

class Plugin : public crypto::KmsService {
 public:
  Plugin(const std::string& address, std::chrono::nanoseconds timeout)
      : stub_(v2::KeyManagementService::NewStub(
            grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))),
        timeout_(timeout) {}

  Result<crypto::KmsSealed> Encrypt(std::string_view plain, const std::string& uid) override {
    // Kubernetes asks so too: a plugin that is not well could seal under a key that nobody has.
    HF_TRY(CheckHealth());
    grpc::ClientContext context;
    Prepare(context);
    v2::EncryptRequest request;
    request.set_plaintext(std::string(plain));
    request.set_uid(uid);
    v2::EncryptResponse answer;
    grpc::Status status = stub_->Encrypt(&context, request, &answer);
    Wipe(*request.mutable_plaintext());
    if (!status.ok()) return Fail(ToError(status, "Encrypt"));
    crypto::KmsSealed sealed{answer.ciphertext(), answer.key_id(), {}};
    for (const auto& [key, value] : answer.annotations()) sealed.annotations[key] = value;
    if (sealed.ciphertext.empty() || sealed.key_id.empty())
      return Fail(ErrorKind::kInvalid, "Encrypt: it gave no ciphertext, or no key id");
    return sealed;
  }

  Result<SecretBytes> Decrypt(const crypto::KmsSealed& sealed, const std::string& uid) override {
    grpc::ClientContext context;
    Prepare(context);
    v2::DecryptRequest request;
    request.set_ciphertext(sealed.ciphertext);
    request.set_uid(uid);
    request.set_key_id(sealed.key_id);
    for (const auto& [key, value] : sealed.annotations)
      (*request.mutable_annotations())[key] = value;
    v2::DecryptResponse answer;
    grpc::Status status = stub_->Decrypt(&context, request, &answer);
    if (!status.ok()) return Fail(ToError(status, "Decrypt"));
    return SecretBytes::Take(std::move(*answer.mutable_plaintext()));
  }

 private:
  void Prepare(grpc::ClientContext& context) const {
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::duration_cast<std::chrono::system_clock::duration>(timeout_));
  }
  holdfast::Status CheckHealth() {
    grpc::ClientContext context;
    Prepare(context);
    v2::StatusResponse answer;
    grpc::Status status = stub_->Status(&context, {}, &answer);
    if (!status.ok()) return Fail(ToError(status, "Status"));
    if (answer.healthz() != "ok")
      return Fail(ErrorKind::kUnavailable, "it says that it is not well: " + answer.healthz());
    if (answer.version() != "v2" && answer.version() != "v2beta1")
      return Fail(ErrorKind::kInvalid, "it speaks version \"" + answer.version() + "\", not v2");
    return {};
  }

  std::unique_ptr<v2::KeyManagementService::Stub> stub_;
  std::chrono::nanoseconds timeout_;
};

}  // namespace

crypto::KmsConnector GrpcKms() {
  return [](const std::string& endpoint,
            std::chrono::nanoseconds timeout) -> Result<std::unique_ptr<crypto::KmsService>> {
    constexpr std::string_view kAbstract = "unix:///@";
    std::string address = endpoint;
    if (endpoint.starts_with(kAbstract))
      address = "unix-abstract:" + endpoint.substr(kAbstract.size());
    return std::make_unique<Plugin>(address, timeout);
  };
}

}  // namespace holdfast::etcd
