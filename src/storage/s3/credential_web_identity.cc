#include "base/printable.h"
#include "storage/s3/credential_sources.h"
#include "storage/s3/documents.h"

namespace holdfast::storage::s3 {
namespace {

std::string StsUrl(const Env& env) {
  if (auto url = env("AWS_ENDPOINT_URL_STS"); url && !url->empty()) return *url;
  std::string region = env("AWS_REGION").value_or("");
  if (region.empty()) region = env("AWS_DEFAULT_REGION").value_or("");
  if (region.empty()) return "https://sts.amazonaws.com";
  return "https://sts." + region +
         (region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com");
}

class WebIdentitySource : public CredentialSource {
 public:
  explicit WebIdentitySource(Env env) : env_(std::move(env)), http_({}) {}
  std::string Describe() const override { return "web identity (AWS_WEB_IDENTITY_TOKEN_FILE)"; }
  Result<std::optional<Credentials>> Fetch(const Waits& waits) override {
    WebIdentityRole role{env_("AWS_WEB_IDENTITY_TOKEN_FILE").value_or(""),
                         env_("AWS_ROLE_ARN").value_or(""),
                         env_("AWS_ROLE_SESSION_NAME").value_or("")};
    if (role.token_file.empty()) return std::nullopt;
    if (role.role_arn.empty())
      return Fail(ErrorKind::kInvalid,
                  "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
    HF_ASSIGN(Credentials found, AssumeRole(http_, env_, role, waits));
    return found;
  }

 private:
  const Env env_;
  net::HttpClient http_;
};

}  // namespace

Result<Credentials> AssumeRole(net::HttpClient& http, const Env& env, const WebIdentityRole& role,
                               const Waits& waits) {
  HF_ASSIGN_CONTEXT(std::string token, ReadSmall(role.token_file),
                    "reading the web identity token");
  while (!token.empty() && (token.back() == '\n' || token.back() == ' ')) token.pop_back();
  std::string session = role.session_name.empty() ? "holdfast" : role.session_name;
  std::string body = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=" +
                     net::PercentEncode(role.role_arn) +
                     "&RoleSessionName=" + net::PercentEncode(session) +
                     "&WebIdentityToken=" + net::PercentEncode(token);
  Wipe(token);
  MetadataRequest request;
  request.method = "POST";
  request.url = StsUrl(env) + "/";
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = body;
  request.timeout = std::chrono::milliseconds(20'000);
  auto answer = Ask(http, request, waits);
  Wipe(body);
  if (!answer)
    return Fail(std::move(answer).error().With("assuming the role " + role.role_arn + " at STS"));
  if (answer->status != 200) {
    ErrorDocument error = ParseErrorDocument(answer->body);
    return Fail(Error(ErrorKind::kUnauthorized,
                      "STS (" + request.url + ") answered " + std::to_string(answer->status) + " " +
                          Printable(error.code, 80) + ": " + Printable(error.message))
                    .Code(answer->status)
                    .Reason(error.code)
                    .Hint("the role " + role.role_arn +
                          " must trust this ServiceAccount's token (" + role.token_file + ")"));
  }
  auto found = ParseStsCredentials(answer->body);
  Wipe(answer->body);
  if (!found) return Fail(std::move(found).error());
  return Credentials{std::move(found->access_key), SecretBytes::Take(std::move(found->secret_key)),
                     SecretBytes::Take(std::move(found->session_token)), found->expires,
                     "web identity of " + role.role_arn};
}

std::unique_ptr<CredentialSource> WebIdentity(Env env) {
  return std::make_unique<WebIdentitySource>(std::move(env));
}

}  // namespace holdfast::storage::s3
