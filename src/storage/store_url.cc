#include "storage/store_url.h"

#include <algorithm>
#include <set>

#include "base/printable.h"
#include "storage/store_fields.h"

namespace holdfast::storage {
namespace {

constexpr size_t kMaxUrl = 16 << 10;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> PercentDecode(std::string_view text, const std::string& what) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
    int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return Fail(Error(ErrorKind::kInvalid, what + ": \"%\" is not followed by two hex digits")
                      .Hint("a percent sign itself is written %25"));
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

Error CredentialsInUrl(const std::string& what) {
  return Error(ErrorKind::kInvalid, what)
      .Hint(
          "everybody on this machine can read arguments; give keys by AWS_ACCESS_KEY_ID and "
          "AWS_SECRET_ACCESS_KEY, a profile, or credentialSecretName");
}

bool LooksLikeKey(std::string name) {
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  std::erase_if(name, [](char c) { return c == '-' || c == '_'; });
  for (const char* part : {"accesskey", "secretkey", "secretaccess", "token", "password",
                           "signature", "amzcredential"}) {
    if (name.find(part) != std::string::npos) return true;
  }
  return false;
}

Status TakeParameters(StoreConfig& config, std::string_view query) {
  std::set<std::string> seen;
  while (!query.empty()) {
    std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    size_t equals = pair.find('=');
    HF_ASSIGN(std::string name,
              PercentDecode(pair.substr(0, equals), "--store: a parameter's name"));
    std::string what = "--store: parameter \"" + Printable(name, 60) + "\"";
    if (LooksLikeKey(name)) return Fail(CredentialsInUrl(what + ": keys have no place in a URL"));
    if (equals == std::string_view::npos) {
      return Fail(ErrorKind::kInvalid, what + " has no value (NAME=VALUE)");
    }
    if (!seen.insert(name).second) return Fail(ErrorKind::kInvalid, what + " is given twice");
    std::vector<std::string_view> known;
    for (const FieldInfo& field : StoreFields()) {
      if (field.name != "bucketName" && field.name != "folder") known.push_back(field.name);
    }
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return Fail(Error(ErrorKind::kInvalid, what + " is not known").Hint(KnownFields(known)));
    }
    HF_ASSIGN(std::string value, PercentDecode(pair.substr(equals + 1), what));
    HF_TRY_CONTEXT(SetField(config, name, value), what);
  }
  return {};
}

}  // namespace

Result<StoreConfig> ParseS3Url(std::string_view url) {
  constexpr std::string_view kScheme = "s3://";
  if (!url.starts_with(kScheme)) return Fail(ErrorKind::kInvalid, "--store: not an s3:// URL");
  if (url.size() > kMaxUrl) {
    return Fail(ErrorKind::kInvalid, "--store: the URL has more than 16 KiB");
  }
  std::string_view rest = url.substr(kScheme.size());
  std::string_view path = rest.substr(0, rest.find_first_of("?#"));
  std::string_view bucket = path.substr(0, path.find('/'));
  if (bucket.find('@') != std::string_view::npos) {
    return Fail(CredentialsInUrl("--store: a URL of a store has no user name and no password"));
  }
  if (rest.find('#') != std::string_view::npos) {
    return Fail(Error(ErrorKind::kInvalid, "--store: the URL has a \"#\" in it")
                    .Hint("in a folder or a value it is written %23"));
  }
  StoreConfig config;
  config.kind = StoreConfig::Kind::kS3;
  if (bucket.find(':') != std::string_view::npos) {
    return Fail(Error(ErrorKind::kInvalid, "--store: a port cannot stand behind the bucket")
                    .Hint("the server is a parameter: s3://BUCKET/FOLDER?endpoint=HOST:PORT"));
  }
  HF_ASSIGN(config.s3.bucket, PercentDecode(bucket, "--store: the bucket"));
  if (config.s3.bucket.empty()) {
    return Fail(Error(ErrorKind::kInvalid, "--store: the URL names no bucket")
                    .Hint("s3://BUCKET/FOLDER?endpoint=HOST:PORT&region=REGION"));
  }
  if (bucket.size() < path.size()) {
    HF_ASSIGN(config.s3.folder,
              PercentDecode(path.substr(bucket.size() + 1), "--store: the folder"));
  }
  if (path.size() < rest.size()) HF_TRY(TakeParameters(config, rest.substr(path.size() + 1)));
  HF_TRY_CONTEXT(FinishConfig(config), "--store");
  HF_ASSIGN(config.s3.folder, NormalFolder(config.s3.folder));
  return config;
}

}  // namespace holdfast::storage
