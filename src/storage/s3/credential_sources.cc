#include "storage/s3/credential_sources.h"

#include <cstdlib>

#include "stream/file_source.h"

namespace holdfast::storage::s3 {
namespace {

constexpr size_t kMaxCredentials = 256 * 1024;
constexpr size_t kMaxTokenFile = 1 << 20;

class StaticSource : public CredentialSource {
 public:
  StaticSource(std::string access, SecretBytes secret, SecretBytes token)
      : access_(std::move(access)), secret_(std::move(secret)), token_(std::move(token)) {}
  std::string Describe() const override { return "the configuration"; }
  Result<std::optional<Credentials>> Fetch(const Waits&) override {
    if (access_.empty() && secret_.empty()) return std::nullopt;
    if (access_.empty() || secret_.empty())
      return Fail(Error(ErrorKind::kInvalid,
                        std::string(access_.empty() ? "accessKey" : "secretKey") + " is empty")
                      .Hint("give both, or neither to use the credentials of the environment"));
    return Credentials{access_, secret_.Clone(), token_.Clone(), std::nullopt, Describe()};
  }

 private:
  const std::string access_;
  const SecretBytes secret_, token_;
};

class EnvironmentSource : public CredentialSource {
 public:
  explicit EnvironmentSource(Env env) : env_(std::move(env)) {}
  std::string Describe() const override { return "the environment (AWS_ACCESS_KEY_ID)"; }
  Result<std::optional<Credentials>> Fetch(const Waits&) override {
    std::string access = env_("AWS_ACCESS_KEY_ID").value_or("");
    auto secret = SecretBytes::Take(env_("AWS_SECRET_ACCESS_KEY").value_or(""));
    if (access.empty() && secret.empty()) return std::nullopt;
    if (access.empty() || secret.empty())
      return Fail(ErrorKind::kInvalid,
                  std::string(access.empty() ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY") +
                      " is not set, but its counterpart is");
    return Credentials{access, std::move(secret),
                       SecretBytes::Take(env_("AWS_SESSION_TOKEN").value_or("")), std::nullopt,
                       Describe()};
  }

 private:
  const Env env_;
};

}  // namespace

std::unique_ptr<CredentialSource> StaticKeys(std::string access_key, SecretBytes secret_key,
                                             SecretBytes session_token) {
  return std::make_unique<StaticSource>(std::move(access_key), std::move(secret_key),
                                        std::move(session_token));
}

std::unique_ptr<CredentialSource> EnvironmentKeys(Env env) {
  return std::make_unique<EnvironmentSource>(std::move(env));
}

std::vector<std::unique_ptr<CredentialSource>> CredentialSources(const S3Config& config,
                                                                 const S3Surroundings& around) {
  std::vector<std::unique_ptr<CredentialSource>> sources;
  if (!config.access_key.empty() || !config.secret_key.empty()) {
    sources.push_back(
        StaticKeys(config.access_key, config.secret_key.Clone(), config.session_token.Clone()));
    return sources;
  }
  Env env = around.env;
  if (!env)
    env = [](const std::string& name) -> std::optional<std::string> {
      const char* value = std::getenv(name.c_str());
      return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
  // A profile that was asked for by name is meant, whatever else is set.
  if (!config.profile.empty()) {
    sources.push_back(SharedFiles(env, config.profile));
    return sources;
  }
  sources.push_back(EnvironmentKeys(env));
  sources.push_back(WebIdentity(env));
  sources.push_back(SharedFiles(env, ""));
  sources.push_back(ContainerKeys(env, around.container_host));
  sources.push_back(InstanceMetadata(env, around.instance_metadata));
  return sources;
}

Result<std::string> ReadSmall(const std::string& path) {
  HF_ASSIGN(auto file, stream::FileSource::Open(path));
  return stream::ReadAll(file, kMaxTokenFile);
}

Result<MetadataAnswer> Ask(net::HttpClient& http, const MetadataRequest& ask, const Waits& waits) {
  RetryPolicy policy;
  policy.max_attempts = ask.attempts;
  return Retry(policy, waits, [&]() -> Result<MetadataAnswer> {
    MetadataAnswer answer;
    net::HttpRequest request;
    request.method = ask.method;
    request.url = ask.url;
    request.headers = ask.headers;
    request.body = ask.body;
    request.on_body = net::CollectInto(answer.body, kMaxCredentials);
    request.deadline = waits.deadline.Min(Deadline::After(*waits.clock, ask.timeout));
    request.stop = waits.stop;
    net::HttpResponse response;
    Status sent = http.Send(request, response);
    for (auto& header : request.headers) Wipe(header.value);
    if (!sent) {
      Error error = std::move(sent).error();
      // Only our own short limit has passed, not the caller's.
      if (error.kind() == ErrorKind::kCancelled && !waits.stop.stop_requested() &&
          !waits.deadline.Passed(*waits.clock))
        return Fail(ErrorKind::kUnavailable, error.message());
      return Fail(std::move(error));
    }
    answer.status = response.status;
    if (answer.status >= 500 || answer.status == 429)
      return Fail(
          Error(ErrorKind::kUnavailable, ask.url + " answered " + std::to_string(answer.status))
              .Code(answer.status));
    return answer;
  });
}

}  // namespace holdfast::storage::s3
