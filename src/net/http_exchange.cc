#include "net/http_exchange.h"

#include <algorithm>
#include <cctype>
#include <string>

namespace holdfast::net {
namespace {

constexpr size_t kMaxHeaderBytes = 256 * 1024;

}  // namespace

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
    got =
        Fail(ErrorKind::kInternal, "the request's body ended at byte " + std::to_string(upload_at) +
                                       " of " + std::to_string(upload.size));
  if (!got) {
    own_error = std::move(got).error();
    return CURL_READFUNC_ABORT;
  }
  upload_at += *got;
  return *got;
}

}  // namespace holdfast::net
