#include "operator/store_locator.h"

#include <utility>

#include "base/json_text.h"
#include "operator/cluster_access.h"

namespace holdfast::op {
namespace {

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
    const SecretBytes* value = secret.Find(key);
    if (value != nullptr && !value->empty()) member(key, json::Quote(value->view()));
  }
  const SecretBytes* skip = secret.Find("insecureTLSSkipVerify");
  if (skip != nullptr && skip->view() == "true") member("insecureTLSSkipVerify", "true");
  return "{" + text + "}";
}

Result<storage::StoreKeys> ReadStoreKeys(kube::Client& client, const std::string& ns,
                                         const std::string& name, const kube::Call& call) {
  HF_ASSIGN(SecretData secret, ReadSecret(client, ns, name, call));
  std::string malformed = "malformed secret [" + name + "] in namespace [" + ns + "], ";
  if (!secret.has_data)
    return Fail(ErrorKind::kInvalid, malformed + "unable to read the data field");
  storage::StoreKeys keys;
  std::string absent;
  for (const char* key : {"accessKey", "secretKey"})
    if (secret.Find(key) == nullptr) absent += (absent.empty() ? "" : ",") + std::string(key);
  if (!absent.empty())
    return Fail(
        ErrorKind::kInvalid,
        malformed + "the following keys were not found in the data field: [" + absent + "]");
  keys.access_key = std::string(secret.Find("accessKey")->view());
  keys.secret_key = secret.Find("secretKey")->Clone();
  return keys;
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
  storage::SecretReader secrets = [&](const std::string& given, const std::string& name) {
    const std::string& ns = given.empty() ? settings.ns : given;
    located.secrets.push_back(ns + "/" + name);
    return ReadStoreKeys(client, ns, name, call);
  };
  HF_ASSIGN(located.opened, storage::OpenStore(std::move(config), secrets, clock, &log));
  return located;
}

}  // namespace holdfast::op
