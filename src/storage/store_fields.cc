#include "storage/store_fields.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/printable.h"

namespace holdfast::storage {
namespace {

Result<bool> ParseBool(const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return Fail(ErrorKind::kInvalid, "must be true or false");
}

Result<uint64_t> ParseNumber(const std::string& text, uint64_t min, uint64_t max) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min || value > max) {
    return Fail(ErrorKind::kInvalid, "must be a whole number from " + std::to_string(min) + " to " +
                                         std::to_string(max));
  }
  return value;
}

Result<double> ParseRate(const std::string& text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) ||
      value <= 0) {
    return Fail(ErrorKind::kInvalid, "must be a number above zero");
  }
  return value;
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return uint8_t(c) < 0x20 || c == 0x7f; });
}

Result<std::string> PlainText(const std::string& text) {
  if (HasControl(text)) return Fail(ErrorKind::kInvalid, "must not have control characters");
  return text;
}

struct Setter {
  FieldInfo info;
  Status (*set)(StoreConfig& config, const std::string& text);
};

#define HF_TEXT_FIELD(name, member)                                                   \
  {                                                                                   \
    {name, FieldType::kText}, [](StoreConfig& c, const std::string& text) -> Status { \
      HF_ASSIGN(c.member, PlainText(text));                                           \
      return {};                                                                      \
    }                                                                                 \
  }

const std::vector<Setter>& Setters() {
  static const std::vector<Setter> setters = {
      HF_TEXT_FIELD("bucketName", s3.bucket),
      HF_TEXT_FIELD("folder", s3.folder),
      HF_TEXT_FIELD("region", s3.region),
      HF_TEXT_FIELD("profile", s3.profile),
      HF_TEXT_FIELD("storageClass", s3.storage_class),
      HF_TEXT_FIELD("credentialSecretName", credential_secret_name),
      HF_TEXT_FIELD("credentialSecretNamespace", credential_secret_namespace),
      {{"endpoint", FieldType::kText},
       [](StoreConfig& c, const std::string& text) -> Status {
         // Not shown: what stands before an "@" is a password.
         if (text.find('@') != std::string::npos) {
           return Fail(Error(ErrorKind::kInvalid, "must not have a user name or a password in it")
                           .Hint("credentials come from a Secret or from the environment"));
         }
         HF_ASSIGN(c.s3.endpoint, PlainText(text));
         return {};
       }},
      {{"endpointCA", FieldType::kText},
       [](StoreConfig& c, const std::string& text) -> Status {
         c.s3.endpoint_ca = text;  // a PEM text has lines
         return {};
       }},
      {{"insecureTLSSkipVerify", FieldType::kBool},
       [](StoreConfig& c, const std::string& text) -> Status {
         HF_ASSIGN(c.s3.insecure_tls_skip_verify, ParseBool(text));
         return {};
       }},
      {{"dualStack", FieldType::kBool},
       [](StoreConfig& c, const std::string& text) -> Status {
         HF_ASSIGN(c.s3.dual_stack, ParseBool(text));
         return {};
       }},
      {{"bucketLookup", FieldType::kText},
       [](StoreConfig& c, const std::string& text) -> Status {
         c.s3.bucket_lookup = ParseBucketLookup(text);
         return {};
       }},
      {{"checksum", FieldType::kText},
       [](StoreConfig& c, const std::string& text) -> Status {
         if (text != "sha256" && text != "md5")
           return Fail(ErrorKind::kInvalid, "must be sha256 or md5");
         c.s3.checksum = text == "md5" ? Checksum::kMd5 : Checksum::kSha256;
         return {};
       }},
      {{"requestsPerSecond", FieldType::kNumber},
       [](StoreConfig& c, const std::string& text) -> Status {
         HF_ASSIGN(c.requests_per_second, ParseRate(text));
         return {};
       }},
      {{"bytesPerSecond", FieldType::kNumber},
       [](StoreConfig& c, const std::string& text) -> Status {
         HF_ASSIGN(c.bytes_per_second, ParseNumber(text, 1, uint64_t{1} << 50));
         return {};
       }},
      {{"attempts", FieldType::kNumber},
       [](StoreConfig& c, const std::string& text) -> Status {
         HF_ASSIGN(uint64_t value, ParseNumber(text, 1, 100));
         c.attempts = static_cast<int>(value);
         return {};
       }},
      {{"leftOverMinutes", FieldType::kNumber},
       [](StoreConfig& c, const std::string& text) -> Status {
         HF_ASSIGN(uint64_t value, ParseNumber(text, 0, 1'000'000));
         c.left_over_age = std::chrono::minutes(value);
         return {};
       }},
  };
  return setters;
}

#undef HF_TEXT_FIELD

}  // namespace

Status SetField(StoreConfig& config, std::string_view name, const std::string& text) {
  for (const Setter& setter : Setters()) {
    if (setter.info.name == name) return setter.set(config, text);
  }
  return Fail(ErrorKind::kInvalid, "there is no such field");
}

const std::vector<FieldInfo>& StoreFields() {
  static const std::vector<FieldInfo> fields = [] {
    std::vector<FieldInfo> all;
    for (const Setter& setter : Setters()) all.push_back(setter.info);
    return all;
  }();
  return fields;
}

std::string KnownFields(const std::vector<std::string_view>& names) {
  std::string text;
  for (std::string_view name : names)
    text += (text.empty() ? "known are: " : ", ") + std::string(name);
  return text;
}

Result<std::string> NormalFolder(std::string_view folder) {
  while (folder.starts_with('/')) folder.remove_prefix(1);
  while (folder.ends_with('/')) folder.remove_suffix(1);
  std::string shown = "folder \"" + Printable(folder, 100) + "\" ";
  if (folder.size() > 700) return Fail(ErrorKind::kInvalid, shown + "has more than 700 bytes");
  if (HasControl(folder)) return Fail(ErrorKind::kInvalid, shown + "has control characters in it");
  for (size_t begin = 0; begin < folder.size();) {
    size_t end = std::min(folder.find('/', begin), folder.size());
    std::string_view part = folder.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") {
      return Fail(Error(ErrorKind::kInvalid,
                        shown + "has \"" + std::string(part.empty() ? "//" : part) + "\" in it")
                      .Hint("a folder is what the keys in the bucket begin with, such as "
                            "\"clusters/prod\""));
    }
    begin = end + 1;
  }
  return std::string(folder);
}

Status FinishConfig(StoreConfig& config) {
  if (config.s3.bucket.empty()) {
    return Fail(Error(ErrorKind::kInvalid, "no bucket is named").Hint("set bucketName"));
  }
  HF_TRY(NormalFolder(config.s3.folder));
  bool locked = config.s3.lock_mode != ObjectLockMode::kNone;
  if (locked != (config.s3.lock_for.count() > 0)) {
    return Fail(ErrorKind::kInvalid, "objectLock needs both mode and days");
  }
  if (config.credential_secret_name.empty() && !config.credential_secret_namespace.empty()) {
    return Fail(ErrorKind::kInvalid, "credentialSecretNamespace without credentialSecretName");
  }
  return {};
}

}  // namespace holdfast::storage
