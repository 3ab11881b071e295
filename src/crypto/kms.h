// KMS v2: keys that a plugin beside us holds. The plugin is reached through an interface, so that
// this folder needs no gRPC.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/nonce_source.h"

namespace holdfast::crypto {

// A key as the plugin has sealed it.
struct KmsSealed {
  std::string ciphertext;
  std::string key_id;
  std::map<std::string, std::string> annotations;
};

// One plugin. Calls block, at most for the timeout that the connector was given, and may be made by
// several threads at once. kUnavailable: it cannot be reached or does not answer; other kinds: what
// it refused. `uid` names the call in the plugin's log.
class KmsService {
 public:
  virtual ~KmsService() = default;
  virtual Result<KmsSealed> Encrypt(std::string_view plain, const std::string& uid) = 0;
  virtual Result<SecretBytes> Decrypt(const KmsSealed& sealed, const std::string& uid) = 0;
};

// `endpoint` is the configuration's, "unix:///path". Does not block: connecting is the first
// call's.
using KmsConnector = std::function<Result<std::unique_ptr<KmsService>>(
    const std::string& endpoint, std::chrono::nanoseconds timeout)>;

// Seals and opens values under keys from one plugin. Thread-safe. Values are sealed under keys
// drawn from one seed that the plugin seals when the first value comes; seeds that were opened are
// kept (and wiped with the cipher), so that a thousand values cost one call.
class KmsCipher {
 public:
  // `nonces` outlives it.
  KmsCipher(std::string name, std::string endpoint, std::chrono::nanoseconds timeout,
            KmsConnector connector, NonceSource& nonces);
  ~KmsCipher();

  // The payload of `plain`: what stands behind the prefix. Errors are the plugin's.
  Result<std::string> Seal(std::string_view plain, std::string_view context);
  // The value of a payload. kCorrupt where it is none, or is not authentic; else the plugin's.
  Result<std::string> Open(std::string_view payload, std::string_view context);

  const std::string& name() const { return name_; }

 private:
  struct Written;
  Result<KmsService*> Service();
  Result<SecretBytes> OpenKey(const KmsSealed& sealed);
  Error Explain(Error error) const;

  std::string name_, endpoint_;
  std::chrono::nanoseconds timeout_;
  KmsConnector connector_;
  NonceSource& nonces_;
  std::mutex mutex_;  // guards what follows; held while the plugin is asked
  std::unique_ptr<KmsService> service_;
  std::unique_ptr<Written> written_;
  std::map<std::string, SecretBytes> opened_;  // by the sealed key's bytes
};

}  // namespace holdfast::crypto
