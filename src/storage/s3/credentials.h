// Who we are to the store: keys from where they are kept, fetched anew before they run out.
// Private to storage.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/retry.h"
#include "base/secret.h"
#include "storage/s3/s3_config.h"

namespace holdfast::storage::s3 {

struct Credentials {
  std::string access_key;
  SecretBytes secret_key;
  SecretBytes session_token;           // empty: none
  std::optional<Clock::Wall> expires;  // none: they do not, as far as is known
  std::string source;                  // for messages: "the environment"
};

// The first five characters and asterisks, fourteen in all; asterisks alone for a key under 20.
std::string MaskedKey(std::string_view access_key);

// One place where keys may be kept.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // For messages: "instance metadata at http://169.254.169.254".
  virtual std::string Describe() const = 0;
  // None when the place is not set up, so that the next one is looked at. An error when it is, and
  // the keys cannot be had. May block. Errors hold no secrets.
  virtual Result<std::optional<Credentials>> Fetch(const Waits& waits) = 0;
};

// Thread-safe. The first source that is set up is asked and no other.
class CredentialCache {
 public:
  explicit CredentialCache(std::vector<std::unique_ptr<CredentialSource>> sources)
      : sources_(std::move(sources)) {}

  // Keys that are good for now. They are fetched anew when they expire within five minutes (or a
  // quarter of their time, if that is less); as long as they have not run out, a failure to do so
  // is no error. kUnauthorized when there are none anywhere.
  Result<std::shared_ptr<const Credentials>> Get(const Waits& waits);

  // The store says that these have expired: Get() will not give them again.
  void Reject(const std::shared_ptr<const Credentials>& rejected);

 private:
  Result<std::shared_ptr<const Credentials>> Fetch(const Waits& waits);

  const std::vector<std::unique_ptr<CredentialSource>> sources_;
  std::mutex mutex_;
  std::condition_variable_any fetched_;
  std::shared_ptr<const Credentials> current_;
  Clock::Wall refresh_at_;
  bool fetching_ = false;
};

// The sources that `config` and `around` name, in their order. Nothing is sent or read yet.
std::vector<std::unique_ptr<CredentialSource>> CredentialSources(const S3Config& config,
                                                                 const S3Surroundings& around);

}  // namespace holdfast::storage::s3
