// Which store: what a URL, a file or a Backup's storageLocation.s3 says, and the store that comes
// of it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "storage/s3/s3_config.h"
#include "storage/s3/s3_store.h"
#include "storage/store.h"

namespace holdfast::storage {

struct StoreConfig {
  enum class Kind { kFolder, kS3 };
  Kind kind = Kind::kFolder;
  std::string folder;  // kFolder

  // kS3; without keys.
  S3Config s3;
  // The Secret that holds them; empty: environment, profile or the machine's role.
  std::string credential_secret_name;
  std::string credential_secret_namespace;  // empty: the reader's default

  double requests_per_second = 0;  // calls of the store; 0: no limit
  uint64_t bytes_per_second = 0;   // 0: no limit
  int attempts = 1;                // of each call, over and above the retries within it
  // Unfinished uploads of ours without a sign of life for so long are aborted by the next backup.
  std::chrono::minutes left_over_age{24 * 60};
};

// `--store`: `s3://BUCKET[/FOLDER][?PARAMETER=VALUE&...]` (see store_url.h), or else a folder.
// Other schemes are kInvalid.
Result<StoreConfig> ParseStore(std::string_view store);

// YAML or JSON with the fields of storageLocation.s3 of the Backup CRD and more of our own
// (docs/guide/store.md), by themselves or below the key `s3`. Unknown fields, fields of another
// type and more than 64 KiB are kInvalid; errors begin with `origin`:LINE and name the field.
// Values are not shown.
Result<StoreConfig> ParseStoreFile(std::string_view text, const std::string& origin);
Result<StoreConfig> ReadStoreFile(const std::string& path);

struct StoreKeys {
  std::string access_key;
  SecretBytes secret_key;
  SecretBytes session_token;  // may be empty
};
// Reads the keys of a Secret; `ns` may be empty. May block.
using SecretReader =
    std::function<Result<StoreKeys>(const std::string& ns, const std::string& name)>;

struct OpenedStore {
  std::unique_ptr<Store> store;  // with its decorators
  S3Store* s3 = nullptr;         // the S3 store in it, if it is one
};

// Nothing is asked of the store yet, but of `secrets` where a Secret is named (kInvalid without
// `secrets`). `clock` and `log` (may be null) must outlive the store.
Result<OpenedStore> OpenStore(StoreConfig config, const SecretReader& secrets,
                              Clock& clock = Clock::Real(), const Logger* log = nullptr);

// A folder of a bucket without the slashes at its ends; kInvalid where it has `.`, `..` or nothing
// between two slashes, or control characters, or more than 700 bytes (a key has at most 1024).
Result<std::string> NormalFolder(std::string_view folder);

}  // namespace holdfast::storage
