#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include "base/go_duration.h"
#include "base/json_text.h"
#include "crypto/base64.h"
#include "crypto/encryption_config_raw.h"

namespace holdfast::crypto {
namespace {

// "secrets" is {"secrets", ""}, "*.apps" {"*", "apps"}.
struct GroupResource {
  std::string_view resource;
  std::string_view group;
  explicit GroupResource(std::string_view text) : resource(text.substr(0, text.find('.'))) {
    if (resource.size() < text.size()) group = text.substr(resource.size() + 1);
  }
  bool operator==(const GroupResource&) const = default;
};

std::string At(std::string_view path, size_t i) {
  return std::string(path) + "[" + std::to_string(i) + "]";
}

class Validator {
 public:
  std::vector<ResourceRule> Run(std::vector<RawRule>& raw) {
    std::vector<ResourceRule> rules;
    if (raw.empty()) Required("resources", "at least one resources is required");
    for (size_t i = 0; i < raw.size(); ++i) {
      std::string path = At("resources", i);
      ResourceRule& rule = rules.emplace_back();
      Resources(raw[i].resources, path + ".resources");
      rule.resources = std::move(raw[i].resources);
      std::string providers = path + ".providers";
      if (raw[i].providers.empty())
        Required(providers, "at least one " + providers + " is required");
      for (size_t j = 0; j < raw[i].providers.size(); ++j)
        rule.providers.push_back(OneProvider(raw[i].providers[j], At(providers, j)));
    }
    return rules;
  }

  const std::vector<std::string>& errors() const { return errors_; }

 private:
  void Required(const std::string& path, const std::string& why) {
    errors_.push_back(path + ": Required value: " + why);
  }
  // `value` as it is to be shown.
  void Invalid(const std::string& path, const std::string& value, const std::string& why) {
    errors_.push_back(path + ": Invalid value: " + value + ": " + why);
  }

  void Resources(const std::vector<std::string>& names, const std::string& path) {
    if (names.empty()) Required(path, "at least one " + path + " is required");
    Overlaps(names, path);
    for (size_t i = 0; i < names.size(); ++i) {
      std::string why = WhyNotResource(names[i]);
      if (!why.empty()) Invalid(At(path, i), json::Quote(names[i].substr(0, 256)), why);
    }
  }

  static std::string WhyNotResource(std::string_view name) {
    if (name.empty()) return "resource name should not be empty";
    if (std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
      return "resource name should not contain capital letters";
    if (name == "*")
      return "use '*.' to encrypt all the resources from core API group or *.* to encrypt all "
             "resources";
    if (name == "apiserveripinfo" || name == "serviceipallocations" ||
        name == "servicenodeportallocations")
      return "resources which do not have REST API/s cannot be encrypted";
    GroupResource parts(name);
    if (parts.group == "events.k8s.io")
      return "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use "
             "'events' instead in the config file";
    if (parts.group == "extensions")
      return "'extensions' group has been removed and cannot be used for encryption";
    if (parts.group == "*" && parts.resource != "*")
      return "encrypting the same resource across groups is not supported";
    return "";
  }

  void Overlaps(const std::vector<std::string>& names, const std::string& path) {
    std::set<std::pair<std::string_view, std::string_view>> seen;  // group, resource
    std::map<std::string_view, size_t> in_group;
    bool duplicate = false;
    bool overlap = false;  // a wildcard, and something else that it covers
    for (const std::string& name : names) {
      GroupResource parts(name);
      bool fresh = seen.insert({parts.group, parts.resource}).second;
      duplicate |= !fresh;
      overlap |= !fresh && parts.resource == "*";
      if (fresh) ++in_group[parts.group];
    }
    overlap |= seen.contains({"*", "*"}) && seen.size() > 1;
    for (auto [group, resource] : seen) overlap |= resource == "*" && in_group[group] > 1;
    if (!duplicate && !overlap) return;
    std::string list;
    for (const std::string& name : names) {
      if (list.size() > 1024) break;
      list += (list.empty() ? "[" : ",") + json::Quote(name);
    }
    list += "]";
    if (duplicate) Invalid(path, list, "the same resource cannot be specified multiple times");
    if (overlap)
      Invalid(path, list,
              "using overlapping resources such as 'secrets' and '*.' in the same resource list "
              "is not allowed as they will be masked");
  }

  Provider OneProvider(RawProvider& raw, const std::string& path) {
    Provider provider;
    int found = raw.kms.has_value() + raw.aesgcm.has_value() + raw.aescbc.has_value() +
                raw.secretbox.has_value() + raw.identity;
    // The value is not shown: it holds keys.
    if (found == 0)
      Invalid(path, "\"REDACTED\"",
              "provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, "
              "Secretbox, Identity");
    if (found > 1)
      Invalid(path, "\"REDACTED\"",
              "more than one provider specified in a single element, should split into different "
              "list elements");
    if (raw.kms) {
      provider.kind = ProviderKind::kKms;
      Kms(*raw.kms, path + ".kms", provider);
    } else if (raw.aesgcm) {
      provider.kind = ProviderKind::kAesGcm;
      provider.keys = Keys(*raw.aesgcm, path + ".aesgcm.keys", {16, 24, 32});
    } else if (raw.aescbc) {
      provider.kind = ProviderKind::kAesCbc;
      provider.keys = Keys(*raw.aescbc, path + ".aescbc.keys", {16, 24, 32});
    } else if (raw.secretbox) {
      provider.kind = ProviderKind::kSecretbox;
      provider.keys = Keys(*raw.secretbox, path + ".secretbox.keys", {32});
    }
    return provider;
  }

  std::vector<Key> Keys(std::vector<RawKey>& raw, const std::string& path,
                        const std::vector<size_t>& lengths) {
    std::vector<Key> keys;
    if (raw.empty()) Required(path, "at least one keys is required");
    for (size_t i = 0; i < raw.size(); ++i) {
      if (raw[i].name.empty())
        Required(At(path, i) + ".name", "name is a mandatory field for a key");
      keys.push_back(
          {std::move(raw[i].name), Secret(raw[i].secret, At(path, i) + ".secret", lengths)});
    }
    return keys;
  }

  SecretBytes Secret(const SecretBytes& encoded, const std::string& path,
                     const std::vector<size_t>& lengths) {
    if (encoded.empty()) {
      Required(path, "secret is a mandatory field for a key");
      return {};
    }
    std::string decoded;
    bool bad = Base64Decode(encoded.view(), decoded).has_value();
    SecretBytes secret = SecretBytes::Take(std::move(decoded));
    if (bad) {
      Invalid(path, "\"REDACTED\"", "secrets must be base64 encoded");
      return {};
    }
    if (std::find(lengths.begin(), lengths.end(), secret.size()) == lengths.end()) {
      std::string expected;
      for (size_t length : lengths)
        expected += (expected.empty() ? "" : " ") + std::to_string(length);
      Invalid(path, "\"REDACTED\"",
              "secret is not of the expected length, got " + std::to_string(secret.size()) +
                  ", expected one of [" + expected + "]");
    }
    return secret;
  }

  void Kms(RawKms& raw, const std::string& path, Provider& out) {
    bool v1 = raw.api_version == "v1";
    std::string name = json::Quote(raw.name);
    if (raw.name.empty()) Required(path + ".name", "name is a mandatory field for a provider");
    if (!v1 && raw.name.find(':') != std::string::npos)
      Invalid(path + ".name", name,
              "invalid KMS provider name " + raw.name + ", must not contain ':'");
    if (!v1 && kms_names_.contains(raw.name))
      Invalid(path + ".name", name,
              "duplicate KMS provider name " + raw.name + ", names must be unique");
    kms_names_.insert(raw.name);
    auto timeout = ParseGoDuration(raw.timeout);
    if (!timeout) {
      Invalid(path + ".timeout", json::Quote(raw.timeout), "not a duration such as 3s or 500ms");
    } else if (timeout->count() <= 0) {
      Invalid(path + ".timeout", json::Quote(raw.timeout), "timeout should be a positive value");
    }
    KmsEndpoint(raw.endpoint, path + ".endpoint");
    if (!v1 && raw.cache_size)
      Invalid(path + ".cachesize", std::to_string(*raw.cache_size),
              "cachesize is not supported in v2");
    if (v1 && raw.cache_size == 0)
      Invalid(path + ".cachesize", "0",
              "cachesize should be a positive value, or negative to disable");
    if (!v1 && raw.api_version != "v2")
      Invalid(path + ".apiVersion", json::Quote(raw.api_version),
              "unsupported apiVersion apiVersion for KMS provider, only v1 and v2 are supported");
    out.kms_version = std::move(raw.api_version);
    out.kms_name = std::move(raw.name);
    out.kms_endpoint = std::move(raw.endpoint);
    if (timeout) out.kms_timeout = *timeout;
  }

  void KmsEndpoint(std::string_view endpoint, const std::string& path) {
    if (endpoint.empty()) return Invalid(path, "\"\"", "endpoint is a mandatory field for a kms");
    size_t colon = endpoint.find(':');
    std::string scheme;
    if (colon != std::string_view::npos) scheme = endpoint.substr(0, colon);
    for (char& c : scheme)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (scheme != "unix")
      Invalid(path, json::Quote(endpoint),
              "unsupported scheme " + json::Quote(scheme) +
                  " for KMS provider, only unix is supported");
  }

  std::vector<std::string> errors_;
  std::set<std::string> kms_names_;
};

}  // namespace

std::string JoinErrors(const std::vector<std::string>& errors) {
  constexpr size_t kMax = 16;
  std::vector<std::string_view> distinct;
  size_t more = 0;
  for (const std::string& error : errors) {
    if (std::find(distinct.begin(), distinct.end(), error) != distinct.end()) continue;
    if (distinct.size() < kMax) {
      distinct.push_back(error);
    } else {
      ++more;
    }
  }
  if (distinct.size() == 1) return std::string(distinct[0]);
  std::string text = "[";
  for (std::string_view error : distinct) {
    if (text.size() > 1) text += ", ";
    text += error;
  }
  if (more > 0) text += ", and " + std::to_string(more) + " more";
  return text + "]";
}

Result<std::vector<ResourceRule>> ValidateConfig(std::vector<RawRule> raw) {
  Validator validator;
  std::vector<ResourceRule> rules = validator.Run(raw);
  if (!validator.errors().empty()) return Fail(ErrorKind::kInvalid, JoinErrors(validator.errors()));
  return rules;
}

}  // namespace holdfast::crypto
