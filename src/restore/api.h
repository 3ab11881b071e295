// The few requests that a restore sends, as an interface: the seam where tests inject faults.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kube/client.h"
#include "kube/types.h"

namespace holdfast::restore {

// All calls block; the contracts are those of kube::Client. May be used by many threads at once.
class Api {
 public:
  virtual ~Api() = default;
  virtual Result<std::string> Get(const kube::ResourceType& type, std::string_view ns,
                                  std::string_view name) = 0;
  virtual Result<std::string> Create(const kube::ResourceType& type, std::string_view ns,
                                     std::string_view object,
                                     const kube::WriteOptions& options = {}) = 0;
  virtual Result<std::string> Update(const kube::ResourceType& type, std::string_view ns,
                                     std::string_view name, std::string_view object,
                                     const kube::WriteOptions& options = {}) = 0;
  virtual Result<std::string> UpdateStatus(const kube::ResourceType& type, std::string_view ns,
                                           std::string_view name, std::string_view object,
                                           const kube::WriteOptions& options = {}) = 0;
  virtual Result<std::string> MergePatch(const kube::ResourceType& type, std::string_view ns,
                                         std::string_view name, std::string_view patch,
                                         const kube::WriteOptions& options = {}) = 0;
  virtual Status Delete(const kube::ResourceType& type, std::string_view ns, std::string_view name,
                        const kube::DeleteOptions& options) = 0;
  virtual Result<kube::ListEnd> ListPage(const kube::ListRequest& request,
                                         const kube::ObjectSink& sink) = 0;
};

// Asked before each request that changes something; its error is returned instead of sending it.
// Called by many threads at once, must not block.
using MayWrite = std::function<Status()>;

// The API server, every call with the same deadline and stop token.
class ClientApi : public Api {
 public:
  // `client` must outlive this. `may_write` empty: always.
  ClientApi(kube::Client& client, kube::Call call, MayWrite may_write = {})
      : client_(client), call_(std::move(call)), may_write_(std::move(may_write)) {}

  Result<std::string> Get(const kube::ResourceType& type, std::string_view ns,
                          std::string_view name) override {
    return client_.Get(type, ns, name, call_);
  }
  Result<std::string> Create(const kube::ResourceType& type, std::string_view ns,
                             std::string_view object,
                             const kube::WriteOptions& options = {}) override {
    if (may_write_) HF_TRY(may_write_());
    return client_.Create(type, ns, object, call_, options);
  }
  Result<std::string> Update(const kube::ResourceType& type, std::string_view ns,
                             std::string_view name, std::string_view object,
                             const kube::WriteOptions& options = {}) override {
    if (may_write_) HF_TRY(may_write_());
    return client_.Update(type, ns, name, object, call_, options);
  }
  Result<std::string> UpdateStatus(const kube::ResourceType& type, std::string_view ns,
                                   std::string_view name, std::string_view object,
                                   const kube::WriteOptions& options = {}) override {
    if (may_write_) HF_TRY(may_write_());
    return client_.UpdateStatus(type, ns, name, object, call_, options);
  }
  Result<std::string> MergePatch(const kube::ResourceType& type, std::string_view ns,
                                 std::string_view name, std::string_view patch,
                                 const kube::WriteOptions& options = {}) override {
    if (may_write_) HF_TRY(may_write_());
    return client_.Patch(type, ns, name, kube::PatchType::kMerge, patch, call_, options);
  }
  Status Delete(const kube::ResourceType& type, std::string_view ns, std::string_view name,
                const kube::DeleteOptions& options) override {
    if (may_write_) HF_TRY(may_write_());
    return client_.Delete(type, ns, name, options, call_);
  }
  Result<kube::ListEnd> ListPage(const kube::ListRequest& request,
                                 const kube::ObjectSink& sink) override {
    return client_.ListPage(request, sink, call_);
  }

 private:
  kube::Client& client_;
  kube::Call call_;
  MayWrite may_write_;
};

}  // namespace holdfast::restore
