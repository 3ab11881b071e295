// Requests to one bucket: addressed, signed, sent, retried. Private to storage.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "net/http_client.h"
#include "storage/s3/credential_sources.h"
#include "storage/s3/endpoint.h"
#include "storage/s3/s3_error.h"
#include "storage/s3/sigv4.h"

namespace holdfast::storage::s3 {

struct Request {
  std::string method = "GET";
  std::string key;  // whole, with the folder; empty: the bucket itself
  Query query;
  std::vector<net::HttpHeader> headers;  // all are signed
  std::string_view body;
  net::Upload upload;        // instead of `body` when upload.read_at is set
  std::string payload_hash;  // hex SHA-256 of the upload; empty: unknown
  std::string_view action;   // the right it takes: "s3:PutObject"
  // Gets the body of a 2xx answer; empty: it is in Answer::body.
  net::BodySink on_body;
};

struct Answer {
  net::HttpResponse head;
  std::string body;  // at most 8 MiB
};

// Thread-safe. Follows a bucket to its region and gets new credentials when the store says that
// they have expired; both once a request.
class Client {
 public:
  Client(S3Config config, Endpoint endpoint, std::string region, std::string ca_pem, const Env& env,
         std::vector<std::unique_ptr<CredentialSource>> sources, Clock& clock, const Logger* log);

  // One request until it succeeds or cannot (config.retry). Success is status 2xx. With on_body a
  // broken body is not retried: what was handed out cannot be taken back.
  Result<Answer> Send(const Request& request, const Waits& waits);
  // Without the retries.
  Result<Answer> SendOnce(const Request& request, const Waits& waits);

  // The error of a 200 whose body is an error (CompleteMultipartUpload).
  Error ErrorIn(const Request& request, const Answer& answer);

  const S3Config& config() const { return config_; }
  const Endpoint& endpoint() const { return endpoint_; }
  Clock& clock() const { return clock_; }
  void Warn(std::string_view message, const Error& error) const;
  void Warn(std::string_view message) const;

 private:
  struct Attempt;
  Result<Answer> Exchange(const Request& request, const Waits& waits, const std::string& region,
                          const Credentials& keys, Attempt& attempt);
  Result<std::string> AskRegion(const Waits& waits, const std::string& region,
                                const Credentials& keys);
  Asked AskedOf(const Request& request, const std::string& region, const Credentials* keys) const;
  std::string Region();
  bool ChangeRegion(const std::string& from, const std::string& to);

  const S3Config config_;
  const Endpoint endpoint_;
  Clock& clock_;
  const Logger* const log_;
  net::HttpClient http_;
  CredentialCache credentials_;
  std::mutex mutex_;
  std::string region_;
};

}  // namespace holdfast::storage::s3
