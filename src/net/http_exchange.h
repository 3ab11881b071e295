// What libcurl calls back during one exchange. Private to net.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>

#include <curl/curl.h>

#include "base/result.h"
#include "net/http_message.h"

namespace holdfast::net {

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

}  // namespace holdfast::net
