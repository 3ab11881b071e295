#include "backup/s3_secret.h"

#include "base/json_scan.h"
#include "crypto/base64.h"
#include "net/http_message.h"

namespace holdfast::backup {
namespace {

Result<SecretBytes> Decode(std::string_view value, const std::string& key,
                           const std::string& malformed) {
  std::string bytes;
  if (json::TypeOf(value) != json::Type::kString ||
      crypto::Base64Decode(json::StringOf(value), bytes)) {
    Wipe(bytes);
    return Fail(ErrorKind::kInvalid, malformed + ", " + key + " could not be base64 decoded");
  }
  // A line feed that came from a file would make every signature wrong.
  size_t begin = bytes.find_first_not_of(" \t\r\n");
  size_t end = bytes.find_last_not_of(" \t\r\n");
  SecretBytes trimmed(begin == std::string::npos
                          ? std::string_view()
                          : std::string_view(bytes).substr(begin, end - begin + 1));
  Wipe(bytes);
  return trimmed;
}

}  // namespace

Result<storage::StoreKeys> ParseS3Secret(std::string_view secret, const std::string& ns,
                                         const std::string& name) {
  std::string malformed = "malformed secret [" + name + "] in namespace [" + ns + "]";
  HF_TRY_CONTEXT(json::Validate(secret), malformed);
  auto data = json::Find(secret, {"data"});
  if (!data || json::TypeOf(*data) != json::Type::kObject) {
    return Fail(Error(ErrorKind::kInvalid, malformed + ", unable to read the data field")
                    .Hint("it needs the keys accessKey and secretKey"));
  }
  std::string missing;
  for (const char* key : {"accessKey", "secretKey"}) {
    if (!json::Find(*data, {key})) missing += (missing.empty() ? "" : ",") + std::string(key);
  }
  if (!missing.empty()) {
    return Fail(
        ErrorKind::kInvalid,
        malformed + ", the following keys were not found in the data field: [" + missing + "]");
  }
  storage::StoreKeys keys;
  HF_ASSIGN(SecretBytes access, Decode(*json::Find(*data, {"accessKey"}), "accessKey", malformed));
  keys.access_key = access.view();
  HF_ASSIGN(keys.secret_key, Decode(*json::Find(*data, {"secretKey"}), "secretKey", malformed));
  if (auto token = json::Find(*data, {"sessionToken"})) {
    HF_ASSIGN(keys.session_token, Decode(*token, "sessionToken", malformed));
  }
  if (keys.access_key.empty() != keys.secret_key.empty()) {
    return Fail(ErrorKind::kInvalid, malformed + ", one of accessKey and secretKey is empty");
  }
  return keys;
}

Result<storage::StoreKeys> ReadS3Secret(kube::Client& client, const std::string& ns,
                                        const std::string& name, const kube::Call& call) {
  std::string where = ns.empty() ? std::string(kDefaultSecretNamespace) : ns;
  std::string path =
      "/api/v1/namespaces/" + net::PercentEncode(where) + "/secrets/" + net::PercentEncode(name);
  HF_ASSIGN_CONTEXT(std::string secret, client.Raw({.path = path}, call),
                    "reading the store's keys from Secret " + where + "/" + name);
  auto keys = ParseS3Secret(secret, where, name);
  Wipe(secret);
  return keys;
}

}  // namespace holdfast::backup
