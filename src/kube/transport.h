// One attempt of one request, with credentials; and when it may be made again. Private to kube.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "kube/client.h"
#include "kube/config_data.h"
#include "kube/credentials.h"
#include "kube/status_error.h"
#include "net/http_client.h"

namespace holdfast::kube {

// How far an attempt came; tells what a failure means.
struct Outcome {
  int status = 0;            // HTTP status; 0: nothing was answered
  uint64_t bytes = 0;        // of the body
  bool sink_failed = false;  // the error is our caller's own
};

using PieceSink = std::function<Status(std::string_view piece)>;

// May be used by any number of threads.
class Transport {
 public:
  Transport(ClientConfig::Data data, ClientOptions options, const Logger& log, Clock& clock);

  // Sends once (twice when a 401 is answered and a fresh credential can be had). The pieces of a
  // 2xx body go to `on_ok`; any other answer is the error that its Status describes.
  Status Once(const RawRequest& request, const PieceSink& on_ok, const Call& call,
              Outcome& outcome);

  // Sleeps before attempt + 1. False when there must be none: by the policy, or because repeating a
  // write could do harm.
  bool WaitToRepeat(int attempt, const RawRequest& request, const Error& error,
                    const Outcome& outcome, const Call& call);

  // Once() until it succeeds or must not be tried again; `reset` is called before each attempt.
  Status Repeat(const RawRequest& request, const std::function<void()>& reset,
                const PieceSink& on_ok, const Call& call);

  RequestFacts Facts(const RawRequest& request) const {
    return {request.method, request.path, credentials_.origin()};
  }
  const std::string& server() const { return server_; }
  const RetryPolicy& retry() const { return options_.retry; }
  ClientCounters counters() const;

  // A watch is silent for as long as nothing happens.
  static constexpr std::chrono::seconds kWatchTime{300};
  static constexpr std::chrono::seconds kWatchStall{330};

 private:
  std::shared_ptr<net::HttpClient> HttpFor(const Credential& credential);
  Status Attempt(const RawRequest& request, const PieceSink& on_ok, const Call& call,
                 const Credential& credential, Outcome& outcome);

  const std::string server_;
  const ClientOptions options_;
  const Logger& log_;
  Clock& clock_;
  const net::TlsOptions tls_;
  const std::string proxy_url_;
  Credentials credentials_;

  std::mutex mutex_;
  std::shared_ptr<net::HttpClient> http_;
  std::shared_ptr<const ClientIdentity> identity_;  // the one http_ was made with

  std::atomic<uint64_t> requests_{0}, writes_{0}, retries_{0}, bytes_{0};
};

}  // namespace holdfast::kube
