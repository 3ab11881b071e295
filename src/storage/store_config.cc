#include "storage/store_config.h"

#include "base/printable.h"
#include "storage/limit_store.h"
#include "storage/local_store.h"
#include "storage/retry_store.h"
#include "storage/store_url.h"

namespace holdfast::storage {

Result<StoreConfig> ParseStore(std::string_view store) {
  if (store.empty()) {
    return Fail(
        Error(ErrorKind::kInvalid, "--store is empty").Hint("name a folder, or s3://BUCKET"));
  }
  if (store.starts_with("s3://")) return ParseS3Url(store);
  if (size_t colon = store.find("://"); colon != std::string_view::npos) {
    return Fail(Error(ErrorKind::kInvalid, "--store " + Printable(store.substr(0, colon), 20) +
                                               "://...: there is no such kind of store")
                    .Hint("a store is a local folder, or s3://BUCKET/FOLDER"));
  }
  StoreConfig config;
  config.folder = store;
  return config;
}

Result<OpenedStore> OpenStore(StoreConfig config, const SecretReader& secrets, Clock& clock,
                              const Logger* log) {
  OpenedStore opened;
  std::shared_ptr<Pacer> bytes;
  if (config.bytes_per_second > 0) {
    double rate = static_cast<double>(config.bytes_per_second);
    bytes = std::make_shared<Pacer>(rate, rate / 4, clock);
  }
  if (config.kind == StoreConfig::Kind::kFolder) {
    opened.store = std::make_unique<LocalStore>(config.folder);
  } else {
    if (!config.credential_secret_name.empty()) {
      if (!secrets) {
        return Fail(ErrorKind::kInvalid,
                    "credentialSecretName: there is no cluster to read it from");
      }
      HF_ASSIGN(StoreKeys keys,
                secrets(config.credential_secret_namespace, config.credential_secret_name));
      config.s3.access_key = std::move(keys.access_key);
      config.s3.secret_key = std::move(keys.secret_key);
      config.s3.session_token = std::move(keys.session_token);
    }
    if (bytes) {
      config.s3.pace_upload = [bytes](uint64_t count, const Waits& waits) {
        return bytes->Take(count, waits);
      };
    }
    HF_ASSIGN(auto s3, NewS3Store(std::move(config.s3), clock, log));
    opened.s3 = s3.get();
    opened.store = std::move(s3);
  }
  if (config.attempts > 1) {
    RetryPolicy policy{config.attempts, std::chrono::seconds(5), std::chrono::seconds(60)};
    opened.store = std::make_unique<RetryStore>(std::move(opened.store), policy);
  }
  if (config.requests_per_second > 0) {
    opened.store = std::make_unique<RateLimitStore>(
        std::move(opened.store),
        std::make_shared<Pacer>(config.requests_per_second,
                                std::max(1.0, config.requests_per_second / 4), clock));
  }
  if (bytes) opened.store = std::make_unique<BandwidthStore>(std::move(opened.store), bytes);
  return opened;
}

}  // namespace holdfast::storage
