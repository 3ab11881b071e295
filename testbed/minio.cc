#include "testbed/minio.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "testbed/certificates.h"
#include "testbed/http.h"
#include "testbed/kubeconfig.h"
#include "testbed/tools.h"

namespace holdfast::testbed {
namespace {

namespace fs = std::filesystem;

// MinIO reads DIR/certs/public.crt and private.key; mc trusts what lies in its certs/CAs.
Status WriteCertificates(const fs::path& dir, const CertificateAuthority& ca) {
  CertificateRequest request;
  request.common_name = "minio";
  request.server = true;
  request.dns_names = {"localhost", "*.localhost"};
  request.ip_addresses = {"127.0.0.1", "::1"};
  HF_ASSIGN(KeyPair pair, ca.Issue(request));
  HF_TRY(WriteFile(dir / "certs" / "public.crt", pair.certificate_pem));
  HF_TRY(WriteFile(dir / "certs" / "private.key", pair.key_pem));
  return WriteFile(dir / "mc" / "certs" / "CAs" / "ca.crt", ca.certificate_pem());
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
    lines.push_back(text.substr(begin, end - begin));
  return lines;
}

}  // namespace

Result<std::unique_ptr<Minio>> Minio::Start(MinioOptions options) {
  std::unique_ptr<Minio> minio(new Minio());
  minio->tools_ = std::move(options.tools);
  if (minio->tools_.empty()) {
    HF_ASSIGN(minio->tools_, FindTools({"minio", "mc"}));
  }
  minio->tls_ = options.tls;
  minio->root_.access_key = "holdfast-root";
  HF_ASSIGN(minio->root_.secret_key, RandomHex(16));
  ServiceSpec spec;
  spec.name = "minio";
  spec.parent = options.parent;
  HF_ASSIGN(auto ca, CertificateAuthority::Create("minio-ca"));
  if (options.tls) {
    HF_ASSIGN(auto wrong, CertificateAuthority::Create("minio-wrong-ca"));
    minio->ca_pem_ = ca.certificate_pem();
    minio->wrong_ca_pem_ = wrong.certificate_pem();
  }
  spec.prepare = [&](const fs::path& dir) -> Status {
    std::error_code error;
    fs::create_directories(dir / "data", error);
    if (error) return Fail(ErrnoError("making " + (dir / "data").string(), error.value()));
    return options.tls ? WriteCertificates(dir, ca) : Status();
  };
  spec.argv = [root = minio->root_, program = minio->tools_ / "minio", more = options.environment](
                  const fs::path& dir, uint16_t port) {
    std::vector<std::string> argv = {"/usr/bin/env", "MINIO_ROOT_USER=" + root.access_key,
                                     "MINIO_ROOT_PASSWORD=" + root.secret_key, "MINIO_BROWSER=off",
                                     "MINIO_UPDATE=off",
                                     // Lets the drive lie on the machine's root file system.
                                     "MINIO_CI_CD=1"};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.insert(argv.end(), {program, "server", "--address", "127.0.0.1:" + std::to_string(port),
                             "--certs-dir", dir / "certs", dir / "data"});
    return argv;
  };
  spec.is_ready = [tls = options.tls](uint16_t port) {
    HttpCall call;
    call.url = std::string(tls ? "https" : "http") + "://127.0.0.1:" + std::to_string(port) +
               "/minio/health/cluster";
    call.insecure = true;
    auto answer = Http(call);
    return answer && answer->code == 200;
  };
  HF_ASSIGN(minio->service_, Service::Start(std::move(spec)));
  return minio;
}

std::string Minio::endpoint() const { return "127.0.0.1:" + std::to_string(port()); }
std::string Minio::url() const { return (tls_ ? "https://" : "http://") + endpoint(); }

Result<std::string> Minio::Mc(const std::vector<std::string>& args) {
  std::string alias = "MC_HOST_m=" + std::string(tls_ ? "https://" : "http://") + root_.access_key +
                      ":" + root_.secret_key + "@" + endpoint();
  std::vector<std::string> argv = {"/usr/bin/env",         alias,
                                   tools_ / "mc",          "--config-dir",
                                   service_->dir() / "mc", "--disable-pager"};
  argv.insert(argv.end(), args.begin(), args.end());
  HF_ASSIGN(Ran ran, service_->RunBeside(argv, std::chrono::seconds(120)));
  if (!ran.ok()) {
    std::string command = "mc";
    for (const std::string& arg : args) command += " " + arg;
    return Fail(ErrorKind::kInternal, command + ": " + ran.ended + ": " + ran.output);
  }
  return std::move(ran.output);
}

Status Minio::MakeBucket(const std::string& name, const BucketOptions& options) {
  std::vector<std::string> args = {"mb", "m/" + name};
  if (options.object_lock) args.push_back("--with-lock");
  HF_TRY(Mc(args));
  if (options.versioned && !options.object_lock) HF_TRY(Mc({"version", "enable", "m/" + name}));
  return {};
}

Result<S3Keys> Minio::MakeUser(const std::string& policy_json) {
  S3Keys keys;
  HF_ASSIGN(std::string id, RandomHex(6));
  keys.access_key = "user-" + id;
  HF_ASSIGN(keys.secret_key, RandomHex(16));
  fs::path file = service_->dir() / ("policy-" + id + ".json");
  HF_TRY(WriteFile(file, policy_json));
  HF_TRY(Mc({"admin", "user", "add", "m", keys.access_key, keys.secret_key}));
  HF_TRY(Mc({"admin", "policy", "create", "m", "policy-" + id, file}));
  HF_TRY(Mc({"admin", "policy", "attach", "m", "policy-" + id, "--user", keys.access_key}));
  return keys;
}

Result<std::vector<std::string>> Minio::Objects(const std::string& bucket) {
  HF_ASSIGN(std::string output, Mc({"ls", "--recursive", "--json", "m/" + bucket}));
  std::vector<std::string> names;
  for (const std::string& line : Lines(output)) {
    auto entry = nlohmann::json::parse(line, nullptr, false);
    if (!entry.is_object() || !entry.contains("key"))
      return Fail(ErrorKind::kInternal, "mc ls said " + line);
    names.push_back(entry["key"].get<std::string>());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<size_t> Minio::OpenUploads() const {
  // .minio.sys/multipart/<digest of bucket and key>/<upload>
  fs::path folder = service_->dir() / "data" / ".minio.sys" / "multipart";
  std::error_code error;
  size_t count = 0;
  for (const auto& key : fs::directory_iterator(folder, error)) {
    if (!key.is_directory(error)) continue;
    for (const auto& upload : fs::directory_iterator(key.path(), error)) {
      (void)upload;
      ++count;
    }
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return Fail(ErrnoError("listing " + folder.string(), error.value()));
  return count;
}

}  // namespace holdfast::testbed
