#include "storage/s3/endpoint.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/printable.h"
#include "storage/s3/sigv4.h"

namespace holdfast::storage::s3 {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }

std::string_view AmazonSuffix(std::string_view host) {
  for (std::string_view suffix : {".amazonaws.com.cn", ".amazonaws.com"})
    if (host.ends_with(suffix)) return suffix;
  return {};
}

// "eu-west-1", "us-gov-west-1": words and a number.
bool IsRegion(std::string_view label) {
  size_t dash = label.rfind('-');
  if (dash == std::string_view::npos || label.find('-') == dash || dash + 1 == label.size())
    return false;
  if (!std::all_of(label.begin() + long(dash) + 1, label.end(), IsDigit)) return false;
  return std::all_of(label.begin(), label.begin() + long(dash),
                     [](char c) { return IsLower(c) || c == '-'; }) &&
         label[2] == '-';
}

std::vector<std::string_view> Labels(std::string_view host) {
  host.remove_suffix(AmazonSuffix(host).size());
  std::vector<std::string_view> labels;
  for (size_t at = 0; at <= host.size();) {
    size_t dot = std::min(host.find('.', at), host.size());
    labels.push_back(host.substr(at, dot - at));
    at = dot + 1;
  }
  return labels;
}

bool IsGoogle(std::string_view host) { return host == "storage.googleapis.com"; }

}  // namespace

std::string Endpoint::Authority(std::string_view host_name) const {
  return std::string(host_name) + (port.empty() ? "" : ":" + port);
}

std::string Endpoint::Url() const {
  return std::string(https ? "https://" : "http://") + Authority(host);
}

Result<Endpoint> ParseEndpoint(std::string_view text, bool plain_http) {
  auto bad = [&](std::string_view why) {
    return Fail(
        Error(ErrorKind::kInvalid, "the endpoint \"" + Printable(text) + "\" " + std::string(why))
            .Hint("an endpoint is HOST or HOST:PORT, with https:// or http:// before it "
                  "if need be"));
  };
  Endpoint endpoint;
  endpoint.https = !plain_http;
  std::string_view rest = text;
  if (size_t scheme = rest.find("://"); scheme != std::string_view::npos) {
    std::string name = Lower(rest.substr(0, scheme));
    if (name != "https" && name != "http") return bad("is neither http nor https");
    endpoint.https = name == "https";
    rest.remove_prefix(scheme + 3);
    if (rest.empty()) return bad("has no host");
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.empty()) {
    if (!text.empty()) return bad("has no host");
    endpoint.default_ = true;
    endpoint.host = "s3.amazonaws.com";
    return endpoint;
  }
  if (rest.find('@') != std::string_view::npos)
    return Fail(Error(ErrorKind::kInvalid, "the endpoint has a user name or password in it")
                    .Hint("keys are given apart from the endpoint"));
  if (rest.find_first_of("/?#") != std::string_view::npos)
    return bad("has a path; buckets and folders are given apart from it");
  size_t bracket = rest.rfind(']');
  size_t colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string_view host = rest.substr(0, colon);
  if (colon != std::string_view::npos) {
    std::string_view port = rest.substr(colon + 1);
    if (port.empty() || port.size() > 5 || !std::all_of(port.begin(), port.end(), IsDigit))
      return bad("has no number for a port");
    if (port != (endpoint.https ? "443" : "80")) endpoint.port = port;
  }
  auto allowed = [&](char c) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return IsLower(c) || IsDigit(c) || c == '-' || c == '.' || c == '_' ||
           (bracket != std::string_view::npos && (c == ':' || c == '[' || c == ']'));
  };
  if (host.empty() || !std::all_of(host.begin(), host.end(), allowed))
    return bad("has no host name that makes sense");
  endpoint.host = Lower(host);
  return endpoint;
}

bool IsAmazon(std::string_view host) { return !AmazonSuffix(host).empty(); }

std::string RegionInHost(std::string_view host) {
  if (!IsAmazon(host)) return "";
  for (std::string_view label : Labels(host)) {
    if (IsRegion(label)) return std::string(label);
    if (label.starts_with("s3-") && IsRegion(label.substr(3))) return std::string(label.substr(3));
  }
  return "";
}

bool IsRewritten(std::string_view host) {
  if (!IsAmazon(host)) return false;
  auto labels = Labels(host);
  if (labels.size() == 1)
    return labels[0] == "s3" || labels[0] == "s3-external-1" ||
           (labels[0].starts_with("s3-") && IsRegion(labels[0].substr(3)));
  if (labels[0] != "s3" || !IsRegion(labels.back())) return false;
  return labels.size() == 2 || (labels.size() == 3 && labels[1] == "dualstack");
}

Status CheckBucketName(std::string_view bucket) {
  const char* why = nullptr;
  if (bucket.empty()) return Fail(ErrorKind::kInvalid, "no bucket is named");
  if (bucket.size() > 255)
    why = "it has more than 255 bytes";
  else if (bucket == "." || bucket == "..")
    why = "it would be taken for a folder";
  else if (std::any_of(bucket.begin(), bucket.end(), [](char c) {
             return c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
           }))
    why = "it has a \"/\" or a control character in it";
  if (why == nullptr) return {};
  return Fail(ErrorKind::kInvalid,
              "\"" + Printable(bucket, 80) + "\" is not the name of a bucket: " + why);
}

std::string AmazonRefuses(std::string_view bucket) {
  auto allowed = [](char c) { return IsLower(c) || IsDigit(c) || c == '-' || c == '.'; };
  if (bucket.size() < 3 || bucket.size() > 63) return "it must have 3 to 63 characters";
  if (!std::all_of(bucket.begin(), bucket.end(), allowed))
    return "only lower-case letters, digits, `-` and `.` are allowed";
  if (!(IsLower(bucket[0]) || IsDigit(bucket[0])) ||
      !(IsLower(bucket.back()) || IsDigit(bucket.back())) ||
      bucket.find("..") != std::string_view::npos)
    return "it must begin and end with a letter or digit, and have no two dots in a row";
  return "";
}

bool UsesVirtualHost(BucketLookup lookup, const Endpoint& endpoint, std::string_view bucket) {
  bool aliyun = endpoint.host.find("aliyun") != std::string::npos;
  switch (lookup) {
    case BucketLookup::kDns: return true;
    case BucketLookup::kPath: return false;
    case BucketLookup::kUnset:
      if (aliyun) return true;
      break;
    case BucketLookup::kAuto: break;
  }
  // It could not stand in a host name.
  if (!AmazonRefuses(bucket).empty()) return false;
  // No certificate is for a name with one more dot in it.
  if (endpoint.https && bucket.find('.') != std::string_view::npos) return false;
  return IsAmazon(endpoint.host) || IsGoogle(endpoint.host) || aliyun;
}

Target TargetOf(const S3Config& config, const Endpoint& endpoint, std::string_view region,
                std::string_view key) {
  std::string host = endpoint.host;
  if (IsRewritten(host)) {
    bool china = host.ends_with(".cn") || region.starts_with("cn-");
    host = std::string(config.dual_stack ? "s3.dualstack." : "s3.") + std::string(region) +
           (china ? ".amazonaws.com.cn" : ".amazonaws.com");
  }
  Target target;
  std::string path = "/";
  if (UsesVirtualHost(config.bucket_lookup, endpoint, config.bucket)) {
    host = config.bucket + "." + host;
  } else {
    path += config.bucket + "/";
  }
  target.authority = endpoint.Authority(host);
  target.url_base = (endpoint.https ? "https://" : "http://") + target.authority;
  target.encoded_path = EncodePath(path + std::string(key));
  return target;
}

}  // namespace holdfast::storage::s3
