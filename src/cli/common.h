// What the commands share: the options every one of them has, and how they reach cluster and store.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <stop_token>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "cli/command.h"
#include "crypto/transformer.h"
#include "kube/client.h"
#include "kube/discovery.h"
#include "resourceset/resource_set.h"
#include "storage/store.h"

namespace holdfast::cli {

enum class Format { kText, kJson, kYaml };

struct CommonOptions {
  std::string kubeconfig;
  std::string context;
  std::string log_level = "info";
  std::string log_format = "text";
};

// One call of the program. Commands write results to `out`, all else to `err`.
struct Session {
  std::ostream& out;
  std::ostream& err;
  std::stop_token stop;
  CommonOptions common;
  // What the chosen command does; set by its callback.
  std::function<Status(Session&)> action;

  Result<Logger> MakeLogger() const;
  // The logger must outlive the client.
  Result<std::unique_ptr<kube::Client>> Connect(const Logger& log) const;
  kube::Call Call() const { return {.stop = stop}; }
  Waits StoreWaits() const { return {.stop = stop}; }
};

// Names an error whose report was already printed: only the exit code is left to be set.
inline constexpr std::string_view kAlreadyReported = "already reported";

// What to do about an archive that is damaged.
inline constexpr std::string_view kDamagedHint =
    "take another archive (`holdfast list`); docs/runbooks/archive-does-not-verify.md says what "
    "can "
    "still be read from this one";

void AddClusterOptions(Command command, CommonOptions& common);
void AddEncryptionOption(Command command, std::string& file);
void AddOutputOption(Command command, Format& format, bool text = true);

// Transformers of the configuration in `file`; None() for an empty name.
Result<crypto::Transformers> LoadKeys(const std::string& file);
// A file, or else the name of a ResourceSet in the cluster. Whatever exists as a file, holds a `/`
// or ends in .yaml, .yml or .json is a file.
bool LooksLikeFile(const std::string& resource_set);
Result<resourceset::ResourceSet> LoadResourceSet(const std::string& file_or_name,
                                                 kube::Client& client, const kube::Call& call);

}  // namespace holdfast::cli
