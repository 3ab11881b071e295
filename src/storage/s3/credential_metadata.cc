#include "base/json_scan.h"
#include "base/printable.h"
#include "base/rfc3339.h"
#include "net/http_message.h"
#include "storage/s3/credential_sources.h"

namespace holdfast::storage::s3 {
namespace {

// The services lie on this machine: no proxy, and soon known to be absent.
net::HttpClientOptions Direct() {
  net::HttpClientOptions options;
  options.no_proxy = true;
  options.connect_timeout = std::chrono::milliseconds(1'000);
  return options;
}

std::string HostOf(std::string_view url) {
  size_t begin = url.find("://");
  begin = begin == std::string_view::npos ? 0 : begin + 3;
  std::string_view rest = url.substr(begin, url.find_first_of("/?#", begin) - begin);
  if (rest.starts_with('[')) return std::string(rest.substr(0, rest.find(']') + 1));
  return std::string(rest.substr(0, rest.find(':')));
}

bool IsLoopback(const std::string& host) {
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
}

class ContainerSource : public CredentialSource {
 public:
  ContainerSource(Env env, std::string host)
      : env_(std::move(env)), host_(std::move(host)), http_(Direct()) {}
  std::string Describe() const override {
    return "the container's credentials (AWS_CONTAINER_CREDENTIALS_*_URI)";
  }
  Result<std::optional<Credentials>> Fetch(const Waits& waits) override {
    std::string relative = env_("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").value_or("");
    std::string full = env_("AWS_CONTAINER_CREDENTIALS_FULL_URI").value_or("");
    if (relative.empty() && full.empty()) return std::nullopt;
    MetadataRequest request;
    request.url = relative.empty() ? full : host_ + relative;
    if (relative.empty()) HF_TRY(CheckUrl(full));
    std::string token;
    if (std::string file = env_("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").value_or("");
        !file.empty()) {
      HF_ASSIGN_CONTEXT(token, ReadSmall(file), "reading the container's authorization token");
      while (!token.empty() && (token.back() == '\n' || token.back() == ' ')) token.pop_back();
    } else {
      token = env_("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
    }
    if (!token.empty()) request.headers = {{"Authorization", token}};
    Wipe(token);
    auto answer = Ask(http_, request, waits);
    for (auto& header : request.headers) Wipe(header.value);
    if (!answer) return Fail(std::move(answer).error());
    if (answer->status != 200)
      return Fail(Error(ErrorKind::kUnauthorized,
                        request.url + " answered " + std::to_string(answer->status))
                      .Code(answer->status)
                      .Hint("has the ServiceAccount (or the task) a role associated?"));
    HF_ASSIGN(Credentials found, ParseMetadataKeys(answer->body));
    found.source = Describe();
    return found;
  }

 private:
  // The token must not go to any host that a variable happens to name: over plain HTTP only to the
  // machine itself and to the two addresses of EKS and ECS.
  static Status CheckUrl(const std::string& url) {
    if (url.starts_with("https://")) return {};
    std::string host = HostOf(url);
    if (url.starts_with("http://") &&
        (IsLoopback(host) || host == "localhost" || host == "[::1]" || host == "169.254.170.2" ||
         host == "169.254.170.23" || host == "[fd00:ec2::23]"))
      return {};
    return Fail(ErrorKind::kInvalid, "AWS_CONTAINER_CREDENTIALS_FULL_URI names " +
                                         Printable(host, 80) +
                                         ", which is neither this machine nor reached by https");
  }

  const Env env_;
  const std::string host_;
  net::HttpClient http_;
};

class InstanceSource : public CredentialSource {
 public:
  InstanceSource(Env env, std::string url)
      : env_(std::move(env)), url_(std::move(url)), http_(Direct()) {}
  std::string Describe() const override { return "instance metadata at " + url_; }
  Result<std::optional<Credentials>> Fetch(const Waits& waits) override {
    if (env_("AWS_EC2_METADATA_DISABLED").value_or("") == "true") return std::nullopt;
    MetadataRequest request;
    request.method = "PUT";
    request.url = url_ + "/latest/api/token";
    request.headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}};
    request.timeout = std::chrono::milliseconds(2'000);
    request.attempts = 2;
    auto token = Ask(http_, request, waits);
    if (!token && token.error().kind() == ErrorKind::kCancelled)
      return Fail(std::move(token).error());
    // No such service: this is no instance of EC2, or its hop limit keeps pods away.
    if (!token || token->status != 200) return std::nullopt;
    request.method = "GET";
    request.attempts = 3;
    request.headers = {{"X-aws-ec2-metadata-token", token->body}};
    Wipe(token->body);
    request.url = url_ + "/latest/meta-data/iam/security-credentials/";
    HF_ASSIGN(MetadataAnswer roles, Ask(http_, request, waits));
    std::string role = roles.body.substr(0, roles.body.find_first_of("\r\n"));
    if (roles.status == 404 || role.empty()) return std::nullopt;
    if (roles.status == 200) {
      request.url += net::PercentEncode(role);
      HF_ASSIGN(roles, Ask(http_, request, waits));
    }
    Wipe(request.headers[0].value);
    if (roles.status != 200)
      return Fail(
          Error(ErrorKind::kUnauthorized, request.url + " answered " + std::to_string(roles.status))
              .Code(roles.status)
              .Hint("has the instance a role (instance profile)?"));
    HF_ASSIGN(Credentials found, ParseMetadataKeys(roles.body));
    found.source = Describe();
    return found;
  }

 private:
  const Env env_;
  const std::string url_;
  net::HttpClient http_;
};

}  // namespace

Result<Credentials> ParseMetadataKeys(std::string& text) {
  struct Wiper {
    std::string& text;
    ~Wiper() { Wipe(text); }
  } wiper{text};
  if (!json::Validate(text))
    return Fail(ErrorKind::kInvalid, "the answer with the credentials is not JSON");
  Credentials found;
  found.access_key = json::FindString(text, {"AccessKeyId"}).value_or("");
  found.secret_key = SecretBytes::Take(json::FindString(text, {"SecretAccessKey"}).value_or(""));
  found.session_token = SecretBytes::Take(json::FindString(text, {"Token"}).value_or(""));
  if (found.access_key.empty() || found.secret_key.empty())
    return Fail(ErrorKind::kUnauthorized,
                "there are no keys in the answer (code " +
                    Printable(json::FindString(text, {"Code"}).value_or("none"), 60) + ")");
  if (auto expires = json::FindString(text, {"Expiration"})) {
    HF_ASSIGN_CONTEXT(found.expires, ParseRfc3339(*expires), "reading when the keys expire");
  }
  return found;
}

std::unique_ptr<CredentialSource> ContainerKeys(Env env, std::string host) {
  return std::make_unique<ContainerSource>(std::move(env), std::move(host));
}

std::unique_ptr<CredentialSource> InstanceMetadata(Env env, std::string url) {
  return std::make_unique<InstanceSource>(std::move(env), std::move(url));
}

}  // namespace holdfast::storage::s3
