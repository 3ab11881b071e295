#include "kube/credentials.h"

#include <algorithm>

#include "kube/exec_credential.h"
#include "kube/text_file.h"

namespace holdfast::kube {
namespace {

constexpr size_t kMaxToken = 1 << 20;
constexpr std::chrono::minutes kReadTokenAgain{1};
// A plugin's credential is renewed this long before it expires (or a tenth of its life).
constexpr std::chrono::seconds kRenewEarly{10};

std::shared_ptr<const SecretBytes> Bearer(std::string_view token) {
  return std::make_shared<const SecretBytes>(SecretBytes::Take("Bearer " + std::string(token)));
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Credentials::Credentials(AuthInfo auth, std::string exec_info_cluster, const Logger& log,
                         Clock& clock)
    : auth_(std::move(auth)),
      exec_info_cluster_(std::move(exec_info_cluster)),
      log_(log),
      clock_(clock) {
  if (!auth_.token_file.empty()) return;
  if (!auth_.token.empty()) {
    current_.authorization = Bearer(auth_.token.view());
  } else if (!auth_.username.empty()) {
    std::string pair = auth_.username + ":" + std::string(auth_.password.view());
    std::string encoded = EncodeBase64(pair);
    current_.authorization =
        std::make_shared<const SecretBytes>(SecretBytes::Take("Basic " + encoded));
    Wipe(pair);
    Wipe(encoded);
  } else if (auth_.exec) {
    return;
  }
  fresh_ = true;  // for ever
}

Status Credentials::ReadTokenFile() {
  Result<std::string> text = ReadTextFile(auth_.token_file, kMaxToken);
  if (!text || Trimmed(*text).empty()) {
    std::string what = text ? auth_.token_file + " is empty" : text.error().ToString();
    if (!current_.authorization)
      return Fail(Error(ErrorKind::kUnauthorized, "there is no token: " + what));
    log_.Warn("the token could not be read again; the last one is used",
              {{"file", auth_.token_file}, {"error", what}});
  } else {
    std::string_view token = Trimmed(*text);
    current_.authorization = Bearer(token);
    Wipe(*text);
  }
  read_again_ = clock_.SteadyNow() + kReadTokenAgain;
  return {};
}

Status Credentials::RunPlugin(const Call& call) {
  HF_ASSIGN_CONTEXT(ExecCredential credential,
                    RunExecPlugin(*auth_.exec, exec_info_cluster_, clock_, call),
                    "getting a credential for " + auth_.origin);
  current_.authorization = credential.token.empty() ? nullptr : Bearer(credential.token.view());
  current_.identity = nullptr;
  if (!credential.cert_pem.empty())
    current_.identity = std::make_shared<const ClientIdentity>(
        ClientIdentity{std::move(credential.cert_pem), std::move(credential.key_pem)});
  expires_ = std::nullopt;
  if (credential.expires) {
    auto life = *credential.expires - clock_.Now();
    expires_ = *credential.expires - std::min<Clock::Wall::duration>(kRenewEarly, life / 10);
  }
  return {};
}

Result<Credential> Credentials::Current(const Call& call) {
  std::lock_guard lock(mutex_);
  if (fresh_ && read_again_ && clock_.SteadyNow() >= *read_again_) fresh_ = false;
  if (fresh_ && expires_ && clock_.Now() >= *expires_) fresh_ = false;
  if (fresh_) return current_;
  HF_TRY(auth_.token_file.empty() ? RunPlugin(call) : ReadTokenFile());
  ++current_.generation;
  fresh_ = true;
  return current_;
}

bool Credentials::Refused(uint64_t generation) {
  std::lock_guard lock(mutex_);
  if (generation == 0) return false;  // nothing that could change
  if (generation == current_.generation) fresh_ = false;
  return true;
}

}  // namespace holdfast::kube
