#include "net/url_parts.h"

#include <algorithm>

namespace holdfast::net {

std::optional<UrlParts> SplitUrl(std::string_view url) {
  UrlParts parts;
  size_t at = url.find("://");
  if (at == std::string_view::npos || at == 0) return std::nullopt;
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

std::string UrlParts::Peer() const {
  std::string peer = std::string(scheme) + "://" + std::string(host);
  if (!port.empty()) peer += ":" + std::string(port);
  return peer;
}

bool UrlParts::IsLoopback() const {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

}  // namespace holdfast::net
