#include "net/http_client.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "net/curl_error.h"
#include "net/curl_pool.h"
#include "net/http_exchange.h"
#include "net/url_parts.h"

namespace holdfast::net {
namespace {

constexpr long kReceiveBuffer = 256 * 1024;
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

curl_blob Blob(std::string_view bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size(), CURL_BLOB_NOCOPY};
}

// Adds extra_ca_pem to what is trusted already. The store belongs to this client's handles alone.
CURLcode AddCertificates(CURL*, void* context, void* options) {
  const std::string& pem = static_cast<const TlsOptions*>(options)->extra_ca_pem;
  X509_STORE* store = SSL_CTX_get_cert_store(static_cast<SSL_CTX*>(context));
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  int added = 0;
  while (X509* cert = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr)) {
    added += X509_STORE_add_cert(store, cert);
    X509_free(cert);
  }
  BIO_free(bio);
  ERR_clear_error();  // the end of the text is an error to OpenSSL
  return added > 0 ? CURLE_OK : CURLE_SSL_CACERT_BADFILE;
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
  if (!tls.extra_ca_pem.empty()) {
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, &AddCertificates);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, const_cast<TlsOptions*>(&tls));
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
  Impl(HttpClientOptions o, Clock& c)
      : options(std::move(o)), clock(c), pool(options.max_connections) {}

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
      return Fail(
          Error(ErrorKind::kUnavailable,
                peer + " sent nothing for " + std::to_string(request.stall_timeout.count()) + " ms")
              .Hint("the server is overloaded, or the connection is dead"));
    }
    curl_multi_poll(handle.multi, nullptr, 0, kPollMilliseconds, nullptr);
  }
  int left = 0;
  CURLMsg* message = curl_multi_info_read(handle.multi, &left);
  code =
      message != nullptr && message->msg == CURLMSG_DONE ? message->data.result : CURLE_FAILED_INIT;
  return {};
}

Status HttpClient::Impl::Run(CurlHandle& handle, const HttpRequest& request, Exchange& exchange) {
  std::optional<UrlParts> parts = SplitUrl(request.url);
  if (!parts || (parts->scheme != "http" && parts->scheme != "https"))
    return Fail(Error(ErrorKind::kInvalid, "not an http or https address")
                    .Hint("addresses begin with https:// or http://"));
  const std::string peer = parts->Peer();
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
  if (options.no_proxy)
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
  else if (!options.proxy_url.empty())
    curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy_url.c_str());
  else if (parts->IsLoopback())
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
