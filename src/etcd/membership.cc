#include "etcd/membership.h"

#include <netdb.h>
#include <openssl/evp.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <memory>
#include <new>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json_text.h"
#include "base/printable.h"
#include "etcd/bytes.h"

namespace holdfast::etcd {
namespace {

uint64_t FirstOfSha1(std::string_view bytes) {
  unsigned char digest[20];
  unsigned int size = sizeof digest;
  if (EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha1(), nullptr) != 1)
    throw std::bad_alloc();  // what it needs memory for is all that can fail
  return Be64(reinterpret_cast<const char*>(digest));
}

Result<std::string> Invalid(std::string text) { return Fail(ErrorKind::kInvalid, std::move(text)); }

bool IsPort(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "a=1,b=2" with repeated names collected.
Result<std::map<std::string, std::vector<std::string>>> ParseCluster(std::string_view text) {
  std::map<std::string, std::vector<std::string>> members;
  while (!text.empty()) {
    size_t comma = std::min(text.find(','), text.size());
    std::string_view part = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    size_t equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return Fail(Error(ErrorKind::kInvalid,
                        fmt::format("--initial-cluster: \"{}\" is not NAME=URL", Printable(part)))
                      .Hint("write NAME=URL[,NAME=URL...]"));
    }
    HF_ASSIGN_CONTEXT(std::string url, CheckPeerUrl(part.substr(equals + 1)), "--initial-cluster");
    members[std::string(part.substr(0, equals))].push_back(std::move(url));
  }
  return members;
}

// scheme://address:port for every address that the URL's host has; the URL itself when it has none.
std::set<std::string> Resolve(const std::string& url) {
  size_t host = url.find("://") + 3;
  size_t colon = url.rfind(':');
  std::string name = url.substr(host, colon - host);
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  std::set<std::string> all;
  if (getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) return {url};
  for (addrinfo* a = found; a != nullptr; a = a->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
      all.insert(url.substr(0, host) + text + url.substr(colon));
  }
  freeaddrinfo(found);
  return all;
}

bool SameUrls(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a == b) return true;
  if (a.size() != b.size()) return false;
  // A name and its address count as the same; every URL needs its counterpart.
  auto covered = [](const std::vector<std::string>& urls, const std::vector<std::string>& by) {
    std::set<std::string> known;
    for (const std::string& url : by) known.merge(Resolve(url));
    return std::all_of(urls.begin(), urls.end(), [&](const std::string& url) {
      std::set<std::string> mine = Resolve(url);
      return std::any_of(mine.begin(), mine.end(),
                         [&](const std::string& one) { return known.contains(one); });
    });
  };
  return covered(a, b) && covered(b, a);
}

Status CheckSelf(const MembershipArgs& args, const std::vector<std::string>& listed) {
  std::vector<std::string> advertised;
  for (const std::string& url : args.advertise_urls) {
    HF_ASSIGN_CONTEXT(std::string checked, CheckPeerUrl(url), "--initial-advertise-peer-urls");
    advertised.push_back(std::move(checked));
  }
  std::sort(advertised.begin(), advertised.end());
  if (SameUrls(listed, advertised)) return {};
  return Fail(Error(ErrorKind::kInvalid,
                    fmt::format("--initial-cluster has {} for member \"{}\", but "
                                "--initial-advertise-peer-urls has {}",
                                fmt::join(listed, ","), args.name, fmt::join(advertised, ",")))
                  .Hint("give the same URLs in both"));
}

}  // namespace

std::string Member::ToJson() const {
  std::string urls;
  for (const std::string& url : peer_urls) urls += (urls.empty() ? "" : ",") + json::Quote(url);
  std::string text = fmt::format("{{\"id\":{},\"peerURLs\":[{}]", id, urls);
  if (!name.empty()) text += ",\"name\":" + json::Quote(name);
  return text + "}";
}

uint64_t MemberId(const std::vector<std::string>& sorted_urls, std::string_view token) {
  std::string all;
  for (const std::string& url : sorted_urls) all += url;
  return FirstOfSha1(all.append(token));
}

uint64_t ClusterId(const std::vector<uint64_t>& ids) {
  std::string all;
  for (uint64_t id : ids) AppendBe64(all, id);
  return FirstOfSha1(all);
}

Result<std::string> CheckPeerUrl(std::string_view url) {
  while (!url.empty() && (url.front() == ' ' || url.front() == '\t')) url.remove_prefix(1);
  while (!url.empty() && (url.back() == ' ' || url.back() == '\t')) url.remove_suffix(1);
  std::string shown = Printable(url);
  size_t scheme_end = url.find("://");
  std::string_view scheme = url.substr(0, std::min(scheme_end, url.size()));
  bool http = scheme == "http" || scheme == "https";
  bool unix_socket = scheme == "unix" || scheme == "unixs";
  if (scheme_end == std::string_view::npos || (!http && !unix_socket))
    return Invalid(
        fmt::format("\"{}\" does not begin with http://, https://, unix:// or unixs://", shown));
  std::string_view rest = url.substr(scheme_end + 3);
  if (unix_socket) return std::string(url);
  if (rest.find_first_of("?#@ ") != std::string_view::npos)
    return Invalid(fmt::format("\"{}\" has more than a host and a port", shown));
  if (rest.find('/') != std::string_view::npos)
    return Invalid(fmt::format("\"{}\" has a path (a \"/\" at the end is one too)", shown));
  size_t colon = rest.rfind(':');
  bool bracketed = rest.starts_with('[') && rest.find(']') == colon - 1;
  if (colon == std::string_view::npos || colon == 0 || !IsPort(rest.substr(colon + 1)) ||
      (!bracketed && rest.substr(0, colon).find_first_of(":[]") != std::string_view::npos))
    return Invalid(fmt::format("\"{}\" has no host:port", shown));
  return std::string(url);
}

Result<Membership> MakeMembership(const MembershipArgs& args) {
  HF_ASSIGN(auto listed, ParseCluster(args.initial_cluster));
  auto self = listed.find(args.name);
  if (self == listed.end()) {
    std::vector<std::string> names;
    for (const auto& [name, urls] : listed) names.push_back(name);
    return Fail(Error(ErrorKind::kInvalid,
                      fmt::format("--name \"{}\" is not in --initial-cluster, which has {}",
                                  Printable(args.name), fmt::join(names, ", ")))
                    .Hint("the name must be one of the members'"));
  }
  Membership membership;
  std::set<std::string> seen;
  for (auto& [name, urls] : listed) {
    std::sort(urls.begin(), urls.end());
    for (const std::string& url : urls)
      if (!seen.insert(url).second)
        return Fail(ErrorKind::kInvalid, fmt::format("--initial-cluster has {} twice", url));
    membership.members.push_back({name, urls, MemberId(urls, args.token)});
  }
  HF_TRY(CheckSelf(args, self->second));
  auto by_id = [](const Member& a, const Member& b) { return a.id < b.id; };
  std::sort(membership.members.begin(), membership.members.end(), by_id);
  std::vector<uint64_t> ids;
  for (size_t i = 0; i < membership.members.size(); ++i) {
    const Member& member = membership.members[i];
    if (member.id == 0 || (!ids.empty() && ids.back() == member.id))
      return Fail(ErrorKind::kInvalid,
                  fmt::format("members of --initial-cluster get the same id {:x}", member.id));
    ids.push_back(member.id);
    if (member.name == args.name) membership.self = i;
  }
  membership.cluster_id = ClusterId(ids);
  return membership;
}

}  // namespace holdfast::etcd
