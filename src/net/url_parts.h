// Taking an http(s) URL apart. Private to net.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::net {

// Views into the URL. User information is left out.
struct UrlParts {
  std::string_view scheme;
  std::string_view host;  // with the brackets of an IPv6 address
  std::string_view port;  // may be empty
  std::string_view rest;  // path, query and fragment

  // "https://host:port": what errors call the server.
  std::string Peer() const;
  // localhost, 127.* or [::1].
  bool IsLoopback() const;
};

// nullopt unless it is SCHEME://HOST with something in both.
std::optional<UrlParts> SplitUrl(std::string_view url);

}  // namespace holdfast::net
