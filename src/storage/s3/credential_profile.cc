#include <cctype>

#include "storage/s3/credential_sources.h"

namespace holdfast::storage::s3 {
namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
    text.remove_suffix(1);
  return text;
}

class SharedFilesSource : public CredentialSource {
 public:
  SharedFilesSource(Env env, std::string profile)
      : env_(std::move(env)), asked_(std::move(profile)), http_({}) {}
  std::string Describe() const override { return "profile \"" + Profile() + "\""; }
  Result<std::optional<Credentials>> Fetch(const Waits& waits) override;

 private:
  std::string Profile() const {
    if (!asked_.empty()) return asked_;
    std::string name = env_("AWS_PROFILE").value_or("");
    return name.empty() ? "default" : name;
  }
  // Adds the settings of the profile to `into`; those that are there stay.
  Status Read(const char* variable, const char* file, std::map<std::string, std::string>& into);

  const Env env_;
  const std::string asked_;
  net::HttpClient http_;
};

Status SharedFilesSource::Read(const char* variable, const char* file,
                               std::map<std::string, std::string>& into) {
  std::string path = env_(variable).value_or("");
  if (path.empty()) {
    std::string home = env_("HOME").value_or("");
    if (home.empty()) return {};
    path = home + "/.aws/" + file;
  }
  auto text = ReadSmall(path);
  if (!text && text.error().kind() == ErrorKind::kNotFound) return {};
  if (!text) return Fail(std::move(text).error());
  Profiles profiles = ParseProfiles(*text);
  Wipe(*text);
  into.merge(profiles[Profile()]);
  for (auto& [name, settings] : profiles)
    for (auto& [key, value] : settings) Wipe(value);
  return {};
}

Result<std::optional<Credentials>> SharedFilesSource::Fetch(const Waits& waits) {
  std::map<std::string, std::string> settings;
  HF_TRY(Read("AWS_SHARED_CREDENTIALS_FILE", "credentials", settings));
  HF_TRY(Read("AWS_CONFIG_FILE", "config", settings));
  std::string access = settings["aws_access_key_id"];
  auto secret = SecretBytes::Take(std::move(settings["aws_secret_access_key"]));
  auto token = SecretBytes::Take(std::move(settings["aws_session_token"]));
  if (!access.empty() && !secret.empty())
    return Credentials{access, std::move(secret), std::move(token), std::nullopt, Describe()};
  if (!access.empty() || !secret.empty())
    return Fail(ErrorKind::kInvalid, Describe() +
                                         " has only one of aws_access_key_id and "
                                         "aws_secret_access_key");
  if (!settings["web_identity_token_file"].empty() && !settings["role_arn"].empty()) {
    WebIdentityRole role{settings["web_identity_token_file"], settings["role_arn"],
                         settings["role_session_name"]};
    HF_ASSIGN(Credentials found, AssumeRole(http_, env_, role, waits));
    return found;
  }
  for (const char* unknown : {"credential_process", "sso_session", "sso_start_url",
                              "source_profile", "credential_source"})
    if (!settings[unknown].empty())
      return Fail(Error(ErrorKind::kInvalid,
                        Describe() + " gets its keys by " + unknown + ", which is not supported")
                      .Hint("put its keys into the environment: `aws configure "
                            "export-credentials --profile " +
                            Profile() + " --format env`"));
  if (!asked_.empty())
    return Fail(Error(ErrorKind::kUnauthorized, "there is no " + Describe() + " with keys in it")
                    .Hint("look into ~/.aws/credentials and ~/.aws/config"));
  return std::nullopt;
}

}  // namespace

Profiles ParseProfiles(std::string_view text) {
  Profiles profiles;
  std::map<std::string, std::string>* section = nullptr;
  while (!text.empty()) {
    size_t end = text.find('\n');
    std::string_view raw = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    bool indented = !raw.empty() && (raw.front() == ' ' || raw.front() == '\t');
    std::string_view line = Trim(raw);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      std::string_view name = Trim(line.substr(1, line.find(']') - 1));
      if (name.starts_with("profile ") || name.starts_with("profile\t"))
        name = Trim(name.substr(8));
      section = &profiles[std::string(name)];
      continue;
    }
    size_t equals = line.find('=');
    if (indented || section == nullptr || equals == std::string_view::npos) continue;
    std::string key(Trim(line.substr(0, equals)));
    for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    std::string_view value = Trim(line.substr(equals + 1));
    if (size_t comment = value.find(" #"); comment != std::string_view::npos)
      value = Trim(value.substr(0, comment));
    (*section)[key] = value;
  }
  return profiles;
}

std::unique_ptr<CredentialSource> SharedFiles(Env env, std::string profile) {
  return std::make_unique<SharedFilesSource>(std::move(env), std::move(profile));
}

}  // namespace holdfast::storage::s3
