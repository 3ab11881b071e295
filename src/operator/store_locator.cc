#include "operator/store_locator.h"

#include <utility>

#include "backup/s3_secret.h"
#include "base/json_text.h"
#include "operator/cluster_access.h"

namespace holdfast::op {
namespace {

// `kubectl create secret --from-file` takes a file's last line feed with it.
std::string_view Trimmed(const SecretBytes* value) {
  std::string_view text = value == nullptr ? std::string_view() : value->view();
  size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// The default bucket's Secret as the text that describes a store.
Result<std::string> DefaultS3(kube::Client& client, const Settings& settings,
                              const kube::Call& call) {
  HF_ASSIGN(SecretData secret, ReadSecret(client, settings.ns, settings.default_s3_secret, call));
  std::string text;
  auto member = [&](std::string_view key, const std::string& value) {
    text += (text.empty() ? "" : ",") + json::Quote(key) + ":" + value;
  };
  for (std::string_view key :
       {"endpoint", "endpointCA", "credentialSecretName", "credentialSecretNamespace", "bucketName",
        "region", "folder", "clientConfig"}) {
    if (std::string_view value = Trimmed(secret.Find(key)); !value.empty())
      member(key, json::Quote(value));
  }
  if (Trimmed(secret.Find("insecureTLSSkipVerify")) == "true")
    member("insecureTLSSkipVerify", "true");
  return "{" + text + "}";
}

// Moves the folders that `file` begins with into the store's folder.
Status TakeFolders(std::string& folder, std::string& file) {
  size_t slash = file.rfind('/');
  if (slash == file.npos) return {};
  std::string before = file.substr(0, slash);
  file.erase(0, slash + 1);
  folder += (folder.empty() || before.empty() ? "" : "/") + before;
  HF_ASSIGN(folder, storage::NormalFolder(folder));
  return {};
}

}  // namespace

Result<LocatedStore> LocateStore(kube::Client& client, const Settings& settings,
                                 const std::optional<std::string>& s3, const std::string& file,
                                 const std::string& missing, const Logger& log, Clock& clock,
                                 const kube::Call& call) {
  LocatedStore located;
  located.file = file;
  storage::StoreConfig config;
  if (!s3 && !settings.default_folder.empty()) {
    located.kind = "PV";
    located.folder = settings.default_folder;
    config.folder = settings.default_folder;
  } else if (s3 || !settings.default_s3_secret.empty()) {
    std::string text, origin = "spec.storageLocation.s3";
    if (s3) {
      text = *s3;
    } else {
      origin = "Secret " + settings.ns + "/" + settings.default_s3_secret;
      located.secrets.push_back(settings.ns + "/" + settings.default_s3_secret);
      HF_ASSIGN(text, DefaultS3(client, settings, call));
    }
    HF_ASSIGN(config, storage::ParseStoreFile(text, origin));
    config.s3.plain_http = settings.plain_http;
    if (!located.file.empty()) HF_TRY(TakeFolders(config.s3.folder, located.file));
    located.kind = "S3";
    located.folder = config.s3.folder;
    located.bucket = config.s3.bucket;
  } else {
    return Fail(Error(ErrorKind::kInvalid, missing)
                    .Hint("set spec.storageLocation.s3, or give the chart a default store "
                          "(persistence.enabled or s3.enabled)"));
  }
  storage::SecretReader secrets = [&](const std::string& given,
                                      const std::string& name) -> Result<storage::StoreKeys> {
    const std::string& ns = given.empty() ? settings.ns : given;
    located.secrets.push_back(ns + "/" + name);
    auto keys = backup::ReadS3Secret(client, ns, name, call);
    // The condition's text is the reference's: without what was being done.
    if (!keys && keys.error().kind() == ErrorKind::kNotFound)
      return Fail(ErrorKind::kNotFound, keys.error().message());
    return keys;
  };
  HF_ASSIGN(located.opened, storage::OpenStore(std::move(config), secrets, clock, &log));
  return located;
}

}  // namespace holdfast::op
