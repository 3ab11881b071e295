// The few requests that reading at one revision is made of: the seam at which tests put a scripted
// API server.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "kube/client.h"

namespace holdfast::backup {

// As the calls of kube::Client of the same names; may be used by any number of threads.
class ListApi {
 public:
  virtual ~ListApi() = default;
  virtual Result<kube::ListEnd> ListPage(const kube::ListRequest& request,
                                         const kube::ObjectSink& sink, const kube::Call& call) = 0;
  virtual Result<kube::ListEnd> List(const kube::ListRequest& request, const kube::ObjectSink& sink,
                                     const kube::Call& call) = 0;
  virtual Result<std::string> Get(const kube::ResourceType& type, std::string_view ns,
                                  std::string_view name, const kube::Call& call) = 0;
};

// Asks the client, which must outlive it.
class ClientListApi : public ListApi {
 public:
  explicit ClientListApi(kube::Client& client) : client_(client) {}
  Result<kube::ListEnd> ListPage(const kube::ListRequest& request, const kube::ObjectSink& sink,
                                 const kube::Call& call) override {
    return client_.ListPage(request, sink, call);
  }
  Result<kube::ListEnd> List(const kube::ListRequest& request, const kube::ObjectSink& sink,
                             const kube::Call& call) override {
    return client_.List(request, sink, call);
  }
  Result<std::string> Get(const kube::ResourceType& type, std::string_view ns,
                          std::string_view name, const kube::Call& call) override {
    return client_.Get(type, ns, name, call);
  }

 private:
  kube::Client& client_;
};

}  // namespace holdfast::backup
