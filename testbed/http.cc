#include "testbed/http.h"

#include <curl/curl.h>

#include <memory>

namespace holdfast::testbed {
namespace {

size_t Append(char* data, size_t size, size_t count, void* out) {
  static_cast<std::string*>(out)->append(data, size * count);
  return size * count;
}

struct CurlFree {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

}  // namespace

Result<HttpAnswer> Http(const HttpCall& call) {
  std::unique_ptr<CURL, CurlFree> handle(curl_easy_init());
  if (!handle) return Fail(ErrorKind::kInternal, "libcurl gave no handle");
  CURL* curl = handle.get();
  HttpAnswer answer;
  char detail[CURL_ERROR_SIZE] = "";
  std::string content_type = "Content-Type: " + call.content_type;
  std::string bearer = "Authorization: Bearer " + call.bearer_token;
  std::unique_ptr<curl_slist, CurlFree> headers(curl_slist_append(nullptr, content_type.c_str()));
  if (!call.bearer_token.empty()) curl_slist_append(headers.get(), bearer.c_str());
  curl_easy_setopt(curl, CURLOPT_URL, call.url.c_str());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call.method.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "holdfast-testbed");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(call.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  if (!call.body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
  }
  if (!call.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, call.ca_file.c_str());
  if (!call.cert_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_SSLCERT, call.cert_file.c_str());
    curl_easy_setopt(curl, CURLOPT_SSLKEY, call.key_file.c_str());
  }
  if (call.insecure) {
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) {
    return Fail(ErrorKind::kUnavailable,
                call.method + " " + call.url + ": " +
                    (detail[0] != '\0' ? detail : curl_easy_strerror(code)));
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  answer.code = static_cast<int>(status);
  return answer;
}

}  // namespace holdfast::testbed
