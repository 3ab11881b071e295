#include "crypto/transformer.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/json_text.h"
#include "crypto/base64.h"
#include "crypto/encryption_config_raw.h"
#include "crypto/entry_codec.h"
#include "crypto/key_cipher.h"

namespace holdfast::crypto {
namespace {

struct NamedKey {
  std::string prefix;  // of what it has sealed: "k8s:enc:aescbc:v1:key1:"
  std::unique_ptr<KeyCipher> cipher;
};

struct BuiltProvider {
  ProviderKind kind;
  std::string prefix;          // "k8s:enc:aescbc:v1:"; empty for identity
  std::vector<NamedKey> keys;  // none for identity and kms
  std::unique_ptr<KmsCipher> kms;
};

// Resource, group; either may be "*".
using Name = std::pair<std::string, std::string>;
struct NameLess {
  using is_transparent = void;
  using View = std::pair<std::string_view, std::string_view>;
  template <typename A, typename B>
  bool operator()(const A& a, const B& b) const {
    return View(a.first, a.second) < View(b.first, b.second);
  }
};
using Chain = std::vector<const BuiltProvider*>;  // in the order of the configuration

// As Kubernetes names it in this message: "secrets", "*.", "*.apps".
std::string Show(const Name& name) {
  if (name.second.empty()) return name.first == "*" ? "*." : name.first;
  return name.first + "." + name.second;
}

std::string ResourceText(std::string_view plural, std::string_view group) {
  std::string text(plural);
  if (!group.empty()) text.append(".").append(group);
  return text;
}

Result<std::unique_ptr<KeyCipher>> MakeCipher(ProviderKind kind, SecretBytes key,
                                              NonceSource& nonces) {
  switch (kind) {
    case ProviderKind::kAesCbc: return MakeAesCbc(std::move(key), nonces);
    case ProviderKind::kAesGcm: return MakeAesGcm(std::move(key), nonces);
    case ProviderKind::kSecretbox: return MakeSecretbox(std::move(key), nonces);
    default: return Fail(ErrorKind::kInternal, "this provider has no keys");
  }
}

Result<std::unique_ptr<BuiltProvider>> BuildProvider(Provider provider, const KmsConnector& kms,
                                                     NonceSource& nonces) {
  auto built = std::make_unique<BuiltProvider>();
  built->kind = provider.kind;
  if (provider.kind == ProviderKind::kIdentity) return built;
  built->prefix = kEncryptedPrefix;
  built->prefix += ProviderKindName(provider.kind);
  if (provider.kind == ProviderKind::kKms) {
    if (provider.kms_version != "v2")
      return Fail(Error(ErrorKind::kInvalid,
                        "KMS v1 is not supported: kms provider " + json::Quote(provider.kms_name))
                      .Hint("set apiVersion: v2 in the kms provider; without it Kubernetes takes "
                            "v1, which it has switched off too"));
    built->prefix += ":v2:" + provider.kms_name + ":";
    built->kms =
        std::make_unique<KmsCipher>(std::move(provider.kms_name), std::move(provider.kms_endpoint),
                                    provider.kms_timeout, kms, nonces);
    return built;
  }
  built->prefix += ":v1:";
  for (Key& key : provider.keys) {
    HF_ASSIGN_CONTEXT(auto cipher, MakeCipher(provider.kind, std::move(key.secret), nonces),
                      "key " + json::Quote(key.name));
    built->keys.push_back({built->prefix + key.name + ":", std::move(cipher)});
  }
  return built;
}

// JSON, or the protobuf that an API server stores.
bool LooksLikeObject(std::string_view text) {
  if (text.starts_with(std::string_view("k8s\0", 4))) return true;
  constexpr std::string_view kBlanks = " \t\n\r";
  size_t begin = text.find_first_not_of(kBlanks);
  return begin != std::string_view::npos && text[begin] == '{' &&
         text[text.find_last_not_of(kBlanks)] == '}';
}

// "key \"key1\" of provider aescbc"; empty when the entry does not tell.
std::string NeededText(const Result<KeyNeeded>& need) {
  if (!need) return "";
  std::string name = json::Quote(need->key_name.substr(0, 256));
  if (need->provider.starts_with("kms")) return "provider " + need->provider + " named " + name;
  return "key " + name + " of provider " + need->provider;
}

}  // namespace

struct Transformers::Impl {
  NonceSource nonces;  // outlives the ciphers
  std::vector<std::unique_ptr<BuiltProvider>> providers;
  std::map<Name, Chain, NameLess> chains;
  bool configured = false;

  // Null where nothing covers the resource.
  const Chain* Find(std::string_view plural, std::string_view group) const {
    for (NameLess::View name :
         {NameLess::View(plural, group), NameLess::View("*", group), NameLess::View("*", "*")}) {
      auto found = chains.find(name);
      if (found != chains.end()) return &found->second;
    }
    return nullptr;
  }

  const BuiltProvider* Writer(std::string_view plural, std::string_view group) const {
    const Chain* chain = Find(plural, group);
    if (chain == nullptr || chain->front()->kind == ProviderKind::kIdentity) return nullptr;
    return chain->front();
  }

  Status AddRule(ResourceRule rule, const KmsConnector& kms);
  Error Explain(const Error& error, const std::string& resource, const Result<KeyNeeded>& need,
                bool entry) const;
  Result<std::string> Open(const Chain* chain, std::string_view context, std::string&& bytes) const;
};

Status Transformers::Impl::AddRule(ResourceRule rule, const KmsConnector& kms) {
  Chain chain;
  for (Provider& provider : rule.providers) {
    HF_ASSIGN(auto built, BuildProvider(std::move(provider), kms, nonces));
    chain.push_back(built.get());
    providers.push_back(std::move(built));
  }
  for (const std::string& resource : rule.resources) {
    size_t dot = std::min(resource.find('.'), resource.size());
    Name name(resource.substr(0, dot), resource.substr(std::min(dot + 1, resource.size())));
    for (const Name& earlier : {Name("*", name.second), Name("*", "*")}) {
      if (!chains.contains(earlier)) continue;
      return Fail(Error(ErrorKind::kInvalid, "resource " + json::Quote(Show(name)) +
                                                 " is masked by earlier rule " +
                                                 json::Quote(Show(earlier)))
                      .Hint("put the element with the wildcard after the others"));
    }
    Chain& all = chains[name];
    all.insert(all.end(), chain.begin(), chain.end());
  }
  return {};
}

Transformers::Transformers(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Transformers::Transformers(Transformers&&) noexcept = default;
Transformers& Transformers::operator=(Transformers&&) noexcept = default;
Transformers::~Transformers() = default;

Result<Transformers> Transformers::Build(EncryptionConfig config, KmsConnector kms) {
  auto impl = std::make_unique<Impl>();
  impl->configured = true;
  for (ResourceRule& rule : std::move(config).TakeRules()) {
    Status added = impl->AddRule(std::move(rule), kms);
    if (!added)
      return Fail(Error(added.error().kind(),
                        "error while building transformers: " + added.error().message())
                      .Hint(added.error().hint()));
  }
  return Transformers(std::move(impl));
}

Transformers Transformers::None() { return Transformers(std::make_unique<Impl>()); }

bool Transformers::Encrypts(std::string_view plural, std::string_view group) const {
  return impl_->Writer(plural, group) != nullptr;
}

Result<std::string> Transformers::EncryptEntry(std::string_view plural, std::string_view group,
                                               std::string_view data_context,
                                               std::string&& plain_json) const {
  const BuiltProvider* provider = impl_->Writer(plural, group);
  if (provider == nullptr) return std::move(plain_json);
  std::string context = "encrypting resource [" + ResourceText(plural, group) + "]";
  if (plain_json.size() > kMaxValueSize)
    return Fail(Error(ErrorKind::kInvalid, "the object is larger than 1 GiB").With(context));
  if (provider->kms != nullptr) {
    HF_ASSIGN_CONTEXT(std::string payload, provider->kms->Seal(plain_json, data_context), context);
    std::string sealed = provider->prefix + payload;
    std::string out(Base64Size(sealed.size()) + 2, '"');
    Base64Encode(sealed.data(), sealed.size(), out.data() + 1);
    return out;
  }
  const NamedKey& key = provider->keys.front();
  size_t raw = key.prefix.size() + key.cipher->SealedSize(plain_json.size());
  size_t encoded = Base64Size(raw);
  // Sealed into the end of the room that its base64 takes, then encoded in place.
  std::string out(encoded + 2, '"');
  char* sealed = out.data() + 1 + encoded - raw;
  key.prefix.copy(sealed, key.prefix.size());
  HF_TRY_CONTEXT(key.cipher->Seal(plain_json, data_context, sealed + key.prefix.size()), context);
  Base64Encode(sealed, raw, out.data() + 1);
  return out;
}

// Errors are in Kubernetes' words; the caller frames them. One with a hint is not about keys.
Result<std::string> Transformers::Impl::Open(const Chain* chain, std::string_view context,
                                             std::string&& bytes) const {
  bool sealed = bytes.starts_with(kEncryptedPrefix);
  if (chain == nullptr) {
    if (!sealed) return std::move(bytes);
    return Fail(ErrorKind::kInvalid, "identity transformer tried to read encrypted data");
  }
  // One try for each key whose prefix matches; what stands in for a key is a reason not to try.
  struct Try {
    const NamedKey* key;
    std::string reason;
  };
  std::vector<Try> tries;
  const NamedKey* last = nullptr;
  std::vector<std::string> errors;
  for (const BuiltProvider* provider : *chain) {
    if (provider->kind == ProviderKind::kIdentity && !sealed) return std::move(bytes);
    if (provider->kind == ProviderKind::kIdentity || !bytes.starts_with(provider->prefix)) continue;
    if (provider->kms != nullptr) {
      // No other provider has this prefix: names of KMS providers are unique but within a rule
      // each, so the first answer counts.
      return provider->kms->Open(std::string_view(bytes).substr(provider->prefix.size()), context);
    }
    bool matched = false;
    for (const NamedKey& key : provider->keys) {
      if (!bytes.starts_with(key.prefix)) continue;
      matched = true;
      last = &key;
      tries.push_back({&key, ""});
    }
    if (!matched)
      tries.push_back(
          {nullptr, std::string("no matching key was found for the provided ") +
                        (provider->kind == ProviderKind::kSecretbox ? "Secretbox" : "AES") +
                        " transformer"});
  }
  if (tries.empty()) return Fail(ErrorKind::kInvalid, "no matching prefix found");
  for (Try& attempt : tries) {
    if (attempt.key == nullptr) {
      errors.push_back(std::move(attempt.reason));
      continue;
    }
    // Opening spoils the bytes, so all tries but the last get a copy.
    std::string data = attempt.key == last ? std::move(bytes) : bytes;
    Status opened = attempt.key->cipher->Open(data, attempt.key->prefix.size(), context);
    if (!opened) {
      errors.push_back(opened.error().message());
    } else if (!attempt.key->cipher->authenticates() && !LooksLikeObject(data)) {
      // Padding that fits by chance: the next key may be the right one.
      errors.push_back("the decrypted data is not a JSON object");
    } else {
      return data;
    }
  }
  return Fail(last == nullptr ? ErrorKind::kInvalid : ErrorKind::kCorrupt, JoinErrors(errors));
}

// `entry`: of an archive, not of etcd.
Error Transformers::Impl::Explain(const Error& error, const std::string& resource,
                                  const Result<KeyNeeded>& need, bool entry) const {
  std::string what = entry ? "the entry" : "the value";
  std::string context = "error decrypting encrypted resource [" + resource + "]";
  // The plugin did not answer, or refused.
  if (error.kind() != ErrorKind::kCorrupt && error.kind() != ErrorKind::kInvalid)
    return Error(error).With(context);
  std::string message = Error(error).With(context).ToString();
  message += entry ? ", provide same encryption config as used for backup"
                   : ", provide the encryption configuration of the API server that wrote it";
  std::string key = NeededText(need);
  if (key.empty())
    return Error(error.kind(), message)
        .Hint(what + " has no prefix of a known encryption provider: it is damaged");
  std::string hint = what + " needs " + key;
  if (error.kind() == ErrorKind::kCorrupt) {
    hint +=
        "; the encryption configuration has a key of that name, so that key's secret is another "
        "one, or " +
        what + " is damaged";
    if (key.ends_with("aesgcm") || key.starts_with("provider"))
      hint += entry ? ", or it was renamed or moved" : ", or it lies under another key";
  } else if (!configured) {
    hint += ": give the encryption configuration that has it (--encryption-config)";
  } else {
    hint += ", which the encryption configuration does not give for " + resource;
  }
  return Error(error.kind(), message).Hint(hint);
}

Result<std::string> Transformers::DecryptEntry(std::string_view plural, std::string_view group,
                                               std::string_view data_context,
                                               std::string_view stored) const {
  if (!IsEncrypted(stored)) return std::string(stored);
  std::string resource = ResourceText(plural, group);
  if (stored.size() > kMaxValueSize)
    return Fail(ErrorKind::kInvalid, "encrypted resource [" + resource + "]: larger than 1 GiB");
  Result<std::string> bytes = DecodeEntryText(stored);
  if (!bytes)
    return Fail(Error(bytes.error().kind(), "error unmarshaling encrypted data for resource [" +
                                                resource + "]: " + bytes.error().message())
                    .Hint("the entry is damaged: use another backup, or leave this entry out"));
  Result<std::string> opened =
      impl_->Open(impl_->Find(plural, group), data_context, std::move(*bytes));
  if (opened) return opened;
  return Fail(impl_->Explain(opened.error(), resource, WhichKey(stored), true));
}

Result<std::string> Transformers::DecryptStored(std::string_view plural, std::string_view group,
                                                std::string_view key,
                                                std::string_view value) const {
  if (!value.starts_with(kEncryptedPrefix)) return std::string(value);
  if (value.size() > kMaxValueSize) return Fail(ErrorKind::kInvalid, "larger than 1 GiB");
  Result<std::string> opened = impl_->Open(impl_->Find(plural, group), key, std::string(value));
  if (opened) return opened;
  return Fail(
      impl_->Explain(opened.error(), ResourceText(plural, group), KeyOfPrefix(value), false));
}

}  // namespace holdfast::crypto
