#include "tests/kms_plugin.h"

#include <stdexcept>

#include <grpcpp/grpcpp.h>

#include "etcd/client/kms.grpc.pb.h"

namespace holdfast::tests {
namespace {

constexpr const char* kKeyId = "test-key-1";
constexpr const char* kNote = "version.kms.holdfast.example";

std::string Turned(std::string bytes) {
  for (char& c : bytes) c = static_cast<char>(c ^ 0x5a);
  return bytes;
}

}  // namespace

struct KmsPlugin::Impl : v2::KeyManagementService::Service {
  grpc::Status Status(grpc::ServerContext*, const v2::StatusRequest*,
                      v2::StatusResponse* answer) override {
    answer->set_version("v2");
    answer->set_healthz("ok");
    answer->set_key_id(kKeyId);
    return grpc::Status::OK;
  }
  grpc::Status Encrypt(grpc::ServerContext*, const v2::EncryptRequest* request,
                       v2::EncryptResponse* answer) override {
    ++encrypts;
    answer->set_ciphertext(Turned(request->plaintext()));
    answer->set_key_id(kKeyId);
    (*answer->mutable_annotations())[kNote] = "1";
    return grpc::Status::OK;
  }
  grpc::Status Decrypt(grpc::ServerContext*, const v2::DecryptRequest* request,
                       v2::DecryptResponse* answer) override {
    ++decrypts;
    auto note = request->annotations().find(kNote);
    if (request->key_id() != kKeyId || note == request->annotations().end() || note->second != "1")
      return {grpc::StatusCode::INVALID_ARGUMENT, "no such key"};
    answer->set_plaintext(Turned(request->ciphertext()));
    return grpc::Status::OK;
  }

  std::string endpoint;
  std::unique_ptr<grpc::Server> server;
  std::atomic<int> encrypts = 0, decrypts = 0;
};

KmsPlugin::KmsPlugin(const std::filesystem::path& socket) : impl_(std::make_unique<Impl>()) {
  impl_->endpoint = "unix://" + socket.string();
  grpc::ServerBuilder builder;
  builder.AddListeningPort(impl_->endpoint, grpc::InsecureServerCredentials());
  builder.RegisterService(impl_.get());
  impl_->server = builder.BuildAndStart();
  if (impl_->server == nullptr) throw std::runtime_error("cannot listen on " + impl_->endpoint);
}
KmsPlugin::~KmsPlugin() {
  impl_->server->Shutdown(std::chrono::system_clock::now());
  impl_->server->Wait();
}

std::string KmsPlugin::endpoint() const { return impl_->endpoint; }
int KmsPlugin::encrypts() const { return impl_->encrypts; }
int KmsPlugin::decrypts() const { return impl_->decrypts; }

}  // namespace holdfast::tests
