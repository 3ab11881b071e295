#include "storage/s3/client.h"

#include "storage/s3/digest.h"
#include "storage/s3/sigv4_chunked.h"

namespace holdfast::storage::s3 {
namespace {

constexpr size_t kMaxAnswer = 8 << 20;
constexpr size_t kChunk = 128 * 1024;

net::HttpClientOptions HttpOptions(const S3Config& config, const Endpoint& endpoint,
                                   std::string ca_pem, const Env& env) {
  net::HttpClientOptions options;
  options.tls.extra_ca_pem = std::move(ca_pem);
  options.tls.ca_origin = "endpointCA";
  options.tls.insecure = config.insecure_tls_skip_verify;
  options.user_agent = "holdfast/" HOLDFAST_VERSION;
  options.connect_timeout = config.connect_timeout;
  // libcurl reads http_proxy in lower case only; its rules of NO_PROXY hold here as well.
  bool loopback =
      endpoint.host == "localhost" || endpoint.host == "[::1]" || endpoint.host.starts_with("127.");
  if (!endpoint.https && !loopback && !env("http_proxy").has_value())
    options.proxy_url = env("HTTP_PROXY").value_or("");
  return options;
}

}  // namespace

struct Client::Attempt {
  net::HttpResponse head;
  ErrorDocument document;
  bool answered = false;
};

Client::Client(S3Config config, Endpoint endpoint, std::string region, std::string ca_pem,
               const Env& env, std::vector<std::unique_ptr<CredentialSource>> sources, Clock& clock,
               const Logger* log)
    : config_(std::move(config)),
      endpoint_(std::move(endpoint)),
      clock_(clock),
      log_(log),
      http_(HttpOptions(config_, endpoint_, std::move(ca_pem), env), clock),
      credentials_(std::move(sources)),
      region_(std::move(region)) {}

std::string Client::Region() {
  std::lock_guard lock(mutex_);
  return region_;
}

bool Client::ChangeRegion(const std::string& from, const std::string& to) {
  std::lock_guard lock(mutex_);
  if (region_ == from) region_ = to;  // else another thread was told already
  return region_ != from;
}

void Client::Warn(std::string_view message) const {
  if (log_ != nullptr) log_->Warn(message);
}
void Client::Warn(std::string_view message, const Error& error) const {
  if (log_ != nullptr) log_->Warn(message, {{"error", error.ToString()}});
}

Asked Client::AskedOf(const Request& request, const std::string& region,
                      const Credentials* keys) const {
  Asked asked;
  asked.action = request.action;
  asked.endpoint = endpoint_.Url();
  asked.bucket = config_.bucket;
  asked.key = request.key;
  asked.region = region;
  if (keys != nullptr) {
    asked.masked_key = MaskedKey(keys->access_key);
    asked.credentials_from = keys->source;
  }
  asked.now = clock_.Now();
  return asked;
}

Error Client::ErrorIn(const Request& request, const Answer& answer) {
  net::HttpResponse head = answer.head;
  ErrorDocument document = ParseErrorDocument(answer.body);
  // The status was sent before the outcome was known.
  if (document.code == "InternalError" || document.code == "SlowDown" || document.code.empty())
    head.status = 500;
  return S3Error(head, document, AskedOf(request, Region(), nullptr));
}

Result<Answer> Client::Exchange(const Request& request, const Waits& waits,
                                const std::string& region, const Credentials& keys,
                                Attempt& attempt) {
  Target target = TargetOf(config_, endpoint_, region, request.key);
  std::string query = CanonicalQuery(request.query);
  SigningKey key{keys.access_key, keys.secret_key.view(), keys.session_token.view(), region};
  net::HttpRequest http;
  http.method = request.method;
  http.url = target.url_base + target.encoded_path + (query.empty() ? "" : "?" + query);
  ToSign sign{request.method, target.encoded_path, query, request.headers, ""};
  sign.headers.push_back({"Host", target.authority});
  std::string hash;
  bool chunked = false;
  if (!request.upload.read_at) {
    hash = Sha256Hex(request.body);
  } else {
    PayloadSigning how = config_.payload_signing;
    if (how == PayloadSigning::kAuto)
      how = endpoint_.https ? PayloadSigning::kUnsigned : PayloadSigning::kSigned;
    chunked = how == PayloadSigning::kChunked && request.upload.size > 0;
    hash = chunked ? std::string(kChunkedPayload)
           : how == PayloadSigning::kUnsigned || request.payload_hash.empty()
               ? std::string(kUnsignedPayload)
               : request.payload_hash;
  }
  sign.payload_hash = hash;
  auto now = clock_.Now();
  if (chunked) {
    sign.headers.push_back({"Content-Encoding", "aws-chunked"});
    sign.headers.push_back({"X-Amz-Decoded-Content-Length", std::to_string(request.upload.size)});
  }
  std::string seed;
  http.headers = Sign(std::move(sign), now, key, &seed);
  if (chunked) {
    std::string date = AmzDate(now);
    http.upload =
        SignChunks(request.upload, {DeriveKey(date, key), date, Scope(date, key), seed}, kChunk);
  } else {
    http.upload = request.upload;
  }
  http.body = request.body;
  http.stall_timeout = config_.stall_timeout;
  http.deadline = waits.deadline;
  http.stop = waits.stop;
  Answer answer;
  auto collect = net::CollectInto(answer.body, kMaxAnswer);
  http.on_body = [&](const net::HttpResponse& head, std::string_view piece) -> Status {
    if (head.status / 100 == 2 && request.on_body) return request.on_body(head, piece);
    return collect(head, piece);
  };
  Status sent = http_.Send(http, answer.head);
  for (auto& header : http.headers) Wipe(header.value);
  // A refusal that was answered in full counts even when the rest of the upload broke.
  bool refused = answer.head.status >= 300 && !answer.body.empty();
  if (!sent && !refused) return Fail(std::move(sent).error());
  attempt.answered = true;
  if (answer.head.status / 100 == 2) return answer;
  attempt.head = answer.head;
  attempt.document = ParseErrorDocument(answer.body);
  return Fail(S3Error(answer.head, attempt.document, AskedOf(request, region, &keys)));
}

Result<std::string> Client::AskRegion(const Waits& waits, const std::string& region,
                                      const Credentials& keys) {
  Request request;
  request.query = {{"location", ""}};
  request.action = "s3:GetBucketLocation";
  Attempt attempt;
  HF_ASSIGN(Answer answer, Exchange(request, waits, region, keys, attempt));
  return ParseLocation(answer.body);
}

Result<Answer> Client::SendOnce(const Request& request, const Waits& waits) {
  if (waits.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
  if (waits.deadline.Passed(*waits.clock)) return Fail(ErrorKind::kCancelled, "out of time");
  bool moved = false, renewed = false;
  for (;;) {
    HF_ASSIGN(auto keys, credentials_.Get(waits));
    std::string region = Region();
    Attempt attempt;
    auto answer = Exchange(request, waits, region, *keys, attempt);
    if (answer || !attempt.answered) return answer;
    if (IsExpiredToken(attempt.document) && !renewed) {
      renewed = true;
      credentials_.Reject(keys);
      continue;
    }
    if (IsWrongRegion(attempt.head, attempt.document) && !moved) {
      moved = true;
      std::string named = RegionNamed(attempt.head, attempt.document);
      if (named.empty() || named == region) {
        auto asked = AskRegion(waits, region, *keys);
        named = asked ? *asked : "";
      }
      if (!named.empty() && ChangeRegion(region, named)) {
        if (!config_.region.empty())
          Warn("bucket " + config_.bucket + " is in region " + named + ", not in " + region);
        continue;
      }
    }
    return answer;
  }
}

Result<Answer> Client::Send(const Request& request, const Waits& waits) {
  bool started = false;
  Request watched = request;
  if (request.on_body)
    watched.on_body = [&](const net::HttpResponse& head, std::string_view piece) {
      started = true;
      return request.on_body(head, piece);
    };
  for (int attempt = 1;; ++attempt) {
    auto answer = SendOnce(watched, waits);
    if (answer || started || !WaitBeforeRetry(config_.retry, attempt, answer.error(), waits))
      return answer;
  }
}

}  // namespace holdfast::storage::s3
