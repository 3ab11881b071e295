// The places where credentials are kept. Private to storage.
#pragma once

#include <map>
#include <memory>

#include "net/http_client.h"
#include "storage/s3/credentials.h"

namespace holdfast::storage::s3 {

using Env = std::function<std::optional<std::string>(const std::string& name)>;

// accessKey, secretKey and sessionToken of the configuration.
std::unique_ptr<CredentialSource> StaticKeys(std::string access_key, SecretBytes secret_key,
                                             SecretBytes session_token);
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
std::unique_ptr<CredentialSource> EnvironmentKeys(Env env);
// AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME: STS at the region of
// AWS_REGION, or at AWS_ENDPOINT_URL_STS.
std::unique_ptr<CredentialSource> WebIdentity(Env env);
// ~/.aws/credentials and ~/.aws/config (AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE): static keys,
// or role_arn with web_identity_token_file. `profile` empty: AWS_PROFILE, else "default".
std::unique_ptr<CredentialSource> SharedFiles(Env env, std::string profile);
// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI (at `host`) or ..._FULL_URI with
// AWS_CONTAINER_AUTHORIZATION_TOKEN(_FILE): ECS tasks and EKS Pod Identity.
std::unique_ptr<CredentialSource> ContainerKeys(Env env, std::string host);
// EC2's metadata service, version 2. AWS_EC2_METADATA_DISABLED=true turns it off.
std::unique_ptr<CredentialSource> InstanceMetadata(Env env, std::string url);

struct WebIdentityRole {
  std::string token_file, role_arn, session_name;
};
// AssumeRoleWithWebIdentity. The token is read anew each time.
Result<Credentials> AssumeRole(net::HttpClient& http, const Env& env, const WebIdentityRole& role,
                               const Waits& waits);
// JSON with AccessKeyId, SecretAccessKey, Token and Expiration, as container and instance metadata
// give it. Wipes `json`.
Result<Credentials> ParseMetadataKeys(std::string& json);

// Sections of an AWS config file, by name ("profile " is cut off); nested settings are left out.
using Profiles = std::map<std::string, std::map<std::string, std::string>>;
Profiles ParseProfiles(std::string_view text);

// A short request to a service that gives out credentials: retried a few times, no redirects, the
// body at most 256 KiB. The error tells the status, never the body.
struct MetadataRequest {
  std::string method = "GET", url;
  std::vector<net::HttpHeader> headers;
  std::string_view body;
  std::chrono::milliseconds timeout{5'000};
  int attempts = 3;
};
struct MetadataAnswer {
  int status = 0;
  std::string body;
};
Result<MetadataAnswer> Ask(net::HttpClient& http, const MetadataRequest& request,
                           const Waits& waits);
// The first 64 KiB of a file that holds a token or settings.
Result<std::string> ReadSmall(const std::string& path);

}  // namespace holdfast::storage::s3
