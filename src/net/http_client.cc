#include "net/http_client.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <optional>

#include <curl/curl.h>

#include "net/curl_error.h"
#include "net/curl_pool.h"

namespace holdfast::net {
namespace {

constexpr long kReceiveBuffer = 256 * 1024;
constexpr size_t kMaxHeaderBytes = 256 * 1024;
// How often stop, deadline and stall are looked at while nothing happens. A stop wakes at once.
constexpr int kPollMilliseconds = 100;

// A list of lines that is wiped when freed, because one of them may be Authorization.
class HeaderLines {
 public:
  HeaderLines() = default;
  HeaderLines(const HeaderLines&) = delete;
  HeaderLines& operator=(const HeaderLines&) = delete;
  ~HeaderLines() {
    for (curl_slist* line = list_; line != nullptr; line = line->next)
      Wipe(line->data, std::strlen(line->data));
    curl_slist_free_all(list_);
  }
  void Add(const std::string& line) {
    if (curl_slist* longer = curl_slist_append(list_, line.c_str())) list_ = longer;
  }
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

// "https://host:port/path" in its parts.
struct UrlParts {
  std::string_view scheme, host, port, rest;  // host with its brackets; port may be empty
};

std::optional<UrlParts> SplitUrl(std::string_view url) {
  UrlParts parts;
  size_t at = url.find("://");
  if (at == std::string_view::npos) return std::nullopt;
  parts.scheme = url.substr(0, at);
  std::string_view rest = url.substr(at + 3);
  size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, end);
  parts.rest = rest.substr(end);
  if (size_t user = authority.rfind('@'); user != std::string_view::npos)
    authority.remove_prefix(user + 1);
  size_t bracket = authority.rfind(']');
  size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  parts.host = authority.substr(0, colon);
  if (colon != std::string_view::npos) parts.port = authority.substr(colon + 1);
  if (parts.host.empty()) return std::nullopt;
  return parts;
}

std::string PeerOf(const UrlParts& parts) {
  std::string peer = std::string(parts.scheme) + "://" + std::string(parts.host);
  if (!parts.port.empty()) peer += ":" + std::string(parts.port);
  return peer;
}

bool IsLoopback(std::string_view host) {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

// What one exchange's callbacks share.
struct Exchange {
  const HttpRequest* request;
  HttpResponse* response;
  CURL* easy;
  uint64_t upload_at = 0;
  uint64_t activity = 0;  // grows with every sign of life
  size_t header_bytes = 0;
  bool head_complete = false;
  std::optional<Error> own_error;  // of the sink or of the upload

  static size_t OnHeader(char* data, size_t, size_t size, void* self) {
    return static_cast<Exchange*>(self)->Header({data, size}) ? size : CURL_WRITEFUNC_ERROR;
  }
  static size_t OnBody(char* data, size_t, size_t size, void* self) {
    return static_cast<Exchange*>(self)->Body({data, size}) ? size : CURL_WRITEFUNC_ERROR;
  }
  static size_t OnUpload(char* buffer, size_t, size_t capacity, void* self) {
    return static_cast<Exchange*>(self)->Read(buffer, capacity);
  }
  static int OnSeek(void* self, curl_off_t offset, int origin) {
    if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_FAIL;
    static_cast<Exchange*>(self)->upload_at = static_cast<uint64_t>(offset);
    return CURL_SEEKFUNC_OK;
  }

  bool Header(std::string_view line);
  bool Body(std::string_view piece);
  size_t Read(char* buffer, size_t capacity);
};

bool Exchange::Header(std::string_view line) {
  ++activity;
  header_bytes += line.size();
  if (header_bytes > kMaxHeaderBytes) {
    own_error = Error(ErrorKind::kInvalid, "the answer's headers are too long");
    return false;
  }
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' '))
    line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {
    response->headers.clear();
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    response->status = status >= 200 ? static_cast<int>(status) : 0;  // 1xx is no answer yet
    return true;
  }
  if (line.empty()) head_complete = response->status != 0;
  size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  HttpHeader header{std::string(line.substr(0, colon)), {}};
  for (char& c : header.name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  line.remove_prefix(colon + 1);
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  header.value = std::string(line);
  response->headers.push_back(std::move(header));
  return true;
}

bool Exchange::Body(std::string_view piece) {
  response->body_bytes += piece.size();
  bool ok = true;
  if (request->on_body) {
    if (Status status = request->on_body(*response, piece); !status) {
      own_error = std::move(status).error();
      ok = false;
    }
  }
  ++activity;
  return ok;
}

size_t Exchange::Read(char* buffer, size_t capacity) {
  const Upload& upload = request->upload;
  ++activity;
  if (upload_at >= upload.size) return 0;
  capacity = static_cast<size_t>(std::min<uint64_t>(capacity, upload.size - upload_at));
  Result<size_t> got = upload.read_at(upload_at, buffer, capacity);
  if (got && *got == 0)
    got = Fail(ErrorKind::kInternal, "the request's body ended at byte " +
                                         std::to_string(upload_at) + " of " +
                                         std::to_string(upload.size));
  if (!got) {
    own_error = std::move(got).error();
    return CURL_READFUNC_ABORT;
  }
  upload_at += *got;
  return *got;
}

curl_blob Blob(std::string_view bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size(), CURL_BLOB_NOCOPY};
}

void SetTls(CURL* easy, const TlsOptions& tls) {
  if (tls.insecure) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!tls.ca_pem.empty()) {
    curl_blob blob = Blob(tls.ca_pem);
    curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    // The built-in folder of CAs would be trusted beside it.
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  if (!tls.cert_pem.empty()) {
    curl_blob cert = Blob(tls.cert_pem);
    curl_blob key = Blob(tls.key_pem.view());
    curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &cert);
    curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM");
    curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
    curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM");
  }
}

void SetMethod(CURL* easy, const HttpRequest& request, Exchange& exchange) {
  const std::string& method = request.method;
  if (request.upload.read_at) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.upload.size));
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &Exchange::OnUpload);
    curl_easy_setopt(easy, CURLOPT_READDATA, &exchange);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, &Exchange::OnSeek);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, &exchange);
  } else if (!request.body.empty() || method == "POST" || method == "PUT" || method == "PATCH") {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
  } else if (method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  }
  if (method != "HEAD") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
}

}  // namespace

struct HttpClient::Impl {
  Impl(HttpClientOptions o, Clock& c) : options(std::move(o)), clock(c), pool(options.max_connections) {}

  Status Run(CurlHandle& handle, const HttpRequest& request, Exchange& exchange);
  Status Transfer(CurlHandle& handle, const HttpRequest& request, Exchange& exchange,
                  const std::string& peer, CURLcode& code);

  const HttpClientOptions options;
  Clock& clock;
  CurlPool pool;
};

HttpClient::HttpClient(HttpClientOptions options, Clock& clock) {
  InitCurl();
  impl_ = std::make_unique<Impl>(std::move(options), clock);
}
HttpClient::~HttpClient() = default;

// Drives the transfer to its end, or to ours.
Status HttpClient::Impl::Transfer(CurlHandle& handle, const HttpRequest& request,
                                  Exchange& exchange, const std::string& peer, CURLcode& code) {
  auto last_sign = clock.SteadyNow();
  uint64_t seen_activity = 0;
  curl_off_t seen_upload = 0;
  for (;;) {
    int running = 0;
    CURLMcode multi_code = curl_multi_perform(handle.multi, &running);
    if (multi_code != CURLM_OK)
      return Fail(ErrorKind::kInternal, std::string("libcurl: ") + curl_multi_strerror(multi_code));
    if (running == 0) break;
    if (request.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
    auto now = clock.SteadyNow();
    if (!request.deadline.never() && now >= request.deadline.at())
      return Fail(ErrorKind::kCancelled, "timed out waiting for " + peer);
    curl_off_t upload = 0;
    curl_easy_getinfo(handle.easy, CURLINFO_SIZE_UPLOAD_T, &upload);
    if (exchange.activity != seen_activity || upload != seen_upload) {
      seen_activity = exchange.activity;
      seen_upload = upload;
      last_sign = now;
    } else if (request.stall_timeout.count() > 0 && now - last_sign > request.stall_timeout) {
      return Fail(Error(ErrorKind::kUnavailable,
                        peer + " sent nothing for " +
                            std::to_string(request.stall_timeout.count()) + " ms")
                      .Hint("the server is overloaded, or the connection is dead"));
    }
    curl_multi_poll(handle.multi, nullptr, 0, kPollMilliseconds, nullptr);
  }
  int left = 0;
  CURLMsg* message = curl_multi_info_read(handle.multi, &left);
  code = message != nullptr && message->msg == CURLMSG_DONE ? message->data.result
                                                            : CURLE_FAILED_INIT;
  return {};
}

Status HttpClient::Impl::Run(CurlHandle& handle, const HttpRequest& request, Exchange& exchange) {
  std::optional<UrlParts> parts = SplitUrl(request.url);
  if (!parts || (parts->scheme != "http" && parts->scheme != "https"))
    return Fail(Error(ErrorKind::kInvalid, "not an http or https address")
                    .Hint("addresses begin with https:// or http://"));
  const std::string peer = PeerOf(*parts);
  CURL* easy = handle.easy;
  char error_text[CURL_ERROR_SIZE] = "";

  curl_easy_reset(easy);  // keeps the connection
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text);
  curl_easy_setopt(easy, CURLOPT_SHARE, pool.shared().get());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 30L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 10L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReceiveBuffer);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kReceiveBuffer);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Exchange::OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Exchange::OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
  if (!options.user_agent.empty())
    curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  if (!options.proxy_url.empty())
    curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy_url.c_str());
  else if (IsLoopback(parts->host))
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  SetTls(easy, options.tls);
  SetMethod(easy, request, exchange);

  HeaderLines headers;
  HeaderLines connect_to;
  headers.Add("Expect:");
  if (parts->scheme == "https" && !options.tls.server_name.empty()) {
    // The URL gets the name, which libcurl sends as SNI and verifies; the connection goes to the
    // real address, and so does Host.
    std::string port(parts->port.empty() ? "443" : parts->port);
    std::string name = options.tls.server_name;
    if (name.find(':') != std::string::npos && name[0] != '[') name = "[" + name + "]";
    std::string url = "https://" + name + ":" + port + std::string(parts->rest);
    connect_to.Add("::" + std::string(parts->host) + ":" + port);
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to.get());
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    headers.Add("Host: " + std::string(parts->host) + ":" + port);
  } else {
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  }
  for (const HttpHeader& header : request.headers) {
    // libcurl sends a header without a value only when it is spelled with a semicolon.
    std::string line = header.name + (header.value.empty() ? ";" : ": " + header.value);
    headers.Add(line);
    Wipe(line);
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());

  curl_multi_add_handle(handle.multi, easy);
  CURLcode code = CURLE_OK;
  Status status;
  {
    std::stop_callback wake(request.stop, [&] { curl_multi_wakeup(handle.multi); });
    status = Transfer(handle, request, exchange, peer, code);
  }
  curl_multi_remove_handle(handle.multi, easy);
  // What was set points into this frame.
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, nullptr);
  curl_easy_setopt(easy, CURLOPT_CONNECT_TO, nullptr);
  if (exchange.own_error) return Fail(std::move(*exchange.own_error));
  if (!exchange.head_complete) {
    // libcurl takes a head that breaks off for an answer without a body.
    exchange.response->status = 0;
    if (code == CURLE_OK) code = CURLE_GOT_NOTHING;
  }
  if (!status || code == CURLE_OK) return status;
  CurlFailure failure{code, 0, error_text, peer, exchange.response, options.connect_timeout};
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &failure.os_errno);
  return Fail(CurlError(failure, options.tls));
}

Status HttpClient::Send(const HttpRequest& request, HttpResponse& response) {
  response = {};
  if (request.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
  constexpr std::string_view kBreaks("\r\n\0", 3);
  for (const HttpHeader& header : request.headers)
    if (header.name.find_first_of(kBreaks) != std::string::npos ||
        header.value.find_first_of(kBreaks) != std::string::npos)
      return Fail(ErrorKind::kInvalid, "a header has a line break in its name or value");
  HF_ASSIGN(CurlPool::Lease handle, impl_->pool.Take(impl_->clock, request.deadline, request.stop));
  Exchange exchange{};
  exchange.request = &request;
  exchange.response = &response;
  exchange.easy = handle->easy;
  return impl_->Run(*handle.operator->(), request, exchange);
}

}  // namespace holdfast::net
