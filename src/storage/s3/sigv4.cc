#include "storage/s3/sigv4.h"

#include <algorithm>
#include <cctype>
#include <ctime>
#include <map>

#include "base/secret.h"
#include "storage/s3/digest.h"

namespace holdfast::storage::s3 {
namespace {

// Blanks around are dropped, runs of them inside become one.
std::string TrimAll(std::string_view value) {
  std::string out;
  bool blank = false;
  for (char c : value) {
    if (c == ' ' || c == '\t') {
      blank = true;
      continue;
    }
    if (blank && !out.empty()) out += ' ';
    blank = false;
    out += c;
  }
  return out;
}

// By lower-case name; repeated headers in one, in their order.
std::map<std::string, std::string> CanonicalHeaders(const std::vector<net::HttpHeader>& headers) {
  std::map<std::string, std::string> sorted;
  for (const auto& header : headers) {
    std::string name = header.name;
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    auto [it, fresh] = sorted.try_emplace(name, TrimAll(header.value));
    if (!fresh) it->second += "," + TrimAll(header.value);
  }
  return sorted;
}

std::string SignedNames(const std::map<std::string, std::string>& headers) {
  std::string names;
  for (const auto& [name, value] : headers) names += (names.empty() ? "" : ";") + name;
  return names;
}

}  // namespace

std::string CanonicalQuery(const Query& query) {
  std::vector<std::pair<std::string, std::string>> encoded;
  for (const auto& [name, value] : query)
    encoded.emplace_back(net::PercentEncode(name), net::PercentEncode(value));
  std::sort(encoded.begin(), encoded.end());
  std::string out;
  for (const auto& [name, value] : encoded) out += (out.empty() ? "" : "&") + name + "=" + value;
  return out;
}

std::string EncodePath(std::string_view path) {
  std::string out;
  for (size_t at = 0; at <= path.size();) {
    size_t slash = std::min(path.find('/', at), path.size());
    out += net::PercentEncode(path.substr(at, slash - at));
    if (slash < path.size()) out += '/';
    at = slash + 1;
  }
  return out;
}

std::string AmzDate(Clock::Wall time) {
  std::time_t seconds = Clock::Wall::clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  size_t size = std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
  return std::string(text, size);
}

std::string Scope(std::string_view amz_date, const SigningKey& key) {
  return std::string(amz_date.substr(0, 8)) + "/" + std::string(key.region) + "/" +
         std::string(key.service) + "/aws4_request";
}

std::string CanonicalRequest(const ToSign& request) {
  auto headers = CanonicalHeaders(request.headers);
  std::string text = std::string(request.method) + "\n" + std::string(request.encoded_path) + "\n" +
                     std::string(request.canonical_query) + "\n";
  for (const auto& [name, value] : headers) text += name + ":" + value + "\n";
  return text + "\n" + SignedNames(headers) + "\n" + std::string(request.payload_hash);
}

std::string StringToSign(const ToSign& request, std::string_view amz_date, const SigningKey& key) {
  return "AWS4-HMAC-SHA256\n" + std::string(amz_date) + "\n" + Scope(amz_date, key) + "\n" +
         Sha256Hex(CanonicalRequest(request));
}

std::string DeriveKey(std::string_view amz_date, const SigningKey& key) {
  std::string step = "AWS4" + std::string(key.secret_key);
  for (std::string_view part :
       {amz_date.substr(0, 8), key.region, key.service, std::string_view("aws4_request")}) {
    std::string next = HmacSha256(step, part);
    Wipe(step);
    step = std::move(next);
  }
  return step;
}

std::string Signature(const ToSign& request, std::string_view amz_date, const SigningKey& key) {
  std::string derived = DeriveKey(amz_date, key);
  std::string signature = HexOf(HmacSha256(derived, StringToSign(request, amz_date, key)));
  Wipe(derived);
  return signature;
}

std::vector<net::HttpHeader> Sign(ToSign request, Clock::Wall time, const SigningKey& key,
                                  std::string* signature) {
  std::string date = AmzDate(time);
  request.headers.push_back({"X-Amz-Date", date});
  if (key.service == "s3")
    request.headers.push_back({"X-Amz-Content-Sha256", std::string(request.payload_hash)});
  if (!key.session_token.empty())
    request.headers.push_back({"X-Amz-Security-Token", std::string(key.session_token)});
  std::string signed_text = Signature(request, date, key);
  request.headers.push_back(
      {"Authorization", "AWS4-HMAC-SHA256 Credential=" + std::string(key.access_key) + "/" +
                            Scope(date, key) +
                            ", SignedHeaders=" + SignedNames(CanonicalHeaders(request.headers)) +
                            ", Signature=" + signed_text});
  if (signature != nullptr) *signature = std::move(signed_text);
  return std::move(request.headers);
}

}  // namespace holdfast::storage::s3
