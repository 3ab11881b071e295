#include "kube/types.h"

#include "net/http_message.h"

namespace holdfast::kube {

Result<GroupVersion> GroupVersion::Parse(std::string_view api_version) {
  size_t slash = api_version.find('/');
  GroupVersion gv;
  if (slash == std::string_view::npos) {
    gv.version = std::string(api_version);
  } else {
    gv.group = std::string(api_version.substr(0, slash));
    gv.version = std::string(api_version.substr(slash + 1));
  }
  bool bad = gv.version.empty() || (slash != std::string_view::npos && gv.group.empty()) ||
             gv.version.find('/') != std::string::npos;
  if (bad)
    return Fail(Error(ErrorKind::kInvalid,
                      "\"" + std::string(api_version.substr(0, 200)) + "\" is not an apiVersion")
                    .Hint("write VERSION for the core group (\"v1\"), else GROUP/VERSION "
                          "(\"apps/v1\")"));
  return gv;
}

std::string GroupVersion::UrlPath() const {
  if (group.empty()) return "/api/" + net::PercentEncode(version);
  return "/apis/" + net::PercentEncode(group) + "/" + net::PercentEncode(version);
}

std::string ResourceType::CollectionPath(std::string_view ns) const {
  std::string path = gv.UrlPath();
  if (!ns.empty()) path += "/namespaces/" + net::PercentEncode(ns);
  return path + "/" + net::PercentEncode(plural);
}

std::string ResourceType::ObjectPath(std::string_view ns, std::string_view name) const {
  return CollectionPath(ns) + "/" + net::PercentEncode(name);
}

}  // namespace holdfast::kube
