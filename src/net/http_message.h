// What an HTTP request and its answer consist of.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace holdfast::net {

struct HttpHeader {
  std::string name;
  std::string value;
};

// The head of an answer.
struct HttpResponse {
  int status = 0;                   // 0: the server answered nothing
  std::vector<HttpHeader> headers;  // names in lower case
  uint64_t body_bytes = 0;          // received so far

  // The first header of that (lower-case) name; nullptr when there is none.
  const std::string* Header(std::string_view name) const;
};

// Gets the body piece by piece as it arrives; the head is complete by then. The piece is valid
// during the call only. An error ends the exchange and is returned from Send() as it is. May block:
// the time spent here is not counted as a stall.
using BodySink = std::function<Status(const HttpResponse& head, std::string_view piece)>;

// A sink that appends to `into` and fails with kInvalid beyond `max` bytes.
BodySink CollectInto(std::string& into, size_t max);

// A request body of known length that is read while it is sent, more than once when a kept
// connection turns out to be dead.
struct Upload {
  uint64_t size = 0;
  // Fills `buffer` with up to `capacity` bytes from `offset` on; 0 only at the end.
  std::function<Result<size_t>(uint64_t offset, char* buffer, size_t capacity)> read_at;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http or https, percent-encoded
  // Sent as they are, after those that HTTP demands. Values of Authorization never show in errors.
  std::vector<HttpHeader> headers;
  std::string_view body;  // must live until Send() has returned; unused when upload.read_at is set
  Upload upload;
  BodySink on_body;  // empty: the body is dropped
  // No byte either way for this long (once connected) breaks the exchange; zero: never.
  std::chrono::milliseconds stall_timeout{60'000};
  Deadline deadline = Deadline::Never();
  std::stop_token stop;
};

// Percent-encodes all but unreserved characters (RFC 3986, section 2.3).
std::string PercentEncode(std::string_view text);

}  // namespace holdfast::net
