#include "testbed/control_plane_files.h"

#include "testbed/certificates.h"
#include "testbed/kubeconfig.h"

namespace holdfast::testbed {
namespace {

constexpr char kAuditPolicy[] =
    "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\n"
    "rules:\n- level: Metadata\n";

Status WritePair(const ControlPlaneFiles& files, const std::string& name,
                 const Result<KeyPair>& pair) {
  if (!pair) return Fail(pair.error());
  HF_TRY(WriteFile(files.Pki(name + ".crt"), pair->certificate_pem));
  return WriteFile(files.Pki(name + ".key"), pair->key_pem);
}

Result<KeyPair> ClientPair(const CertificateAuthority& ca, std::string user,
                           std::vector<std::string> groups) {
  CertificateRequest request;
  request.common_name = std::move(user);
  request.organizations = std::move(groups);
  return ca.Issue(request);
}

}  // namespace

Status WriteIdentities(const ControlPlaneFiles& files, ControlPlaneOptions& options) {
  HF_ASSIGN(auto ca, CertificateAuthority::Create("holdfast-testbed-ca"));
  HF_ASSIGN(auto wrong_ca, CertificateAuthority::Create("holdfast-testbed-wrong-ca"));
  HF_TRY(WriteFile(files.Pki("ca.crt"), ca.certificate_pem()));
  HF_TRY(WriteFile(files.Pki("wrong-ca.crt"), wrong_ca.certificate_pem()));
  CertificateRequest server;
  server.common_name = "kube-apiserver";
  server.server = true;
  server.dns_names = {"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"};
  server.ip_addresses = {"127.0.0.1", "::1", "10.0.0.1"};
  HF_TRY(WritePair(files, "server", ca.Issue(server)));
  HF_TRY(WritePair(files, "admin", ClientPair(ca, "admin", {"system:masters"})));
  HF_TRY(
      WritePair(files, "controller-manager", ClientPair(ca, "system:kube-controller-manager", {})));
  HF_ASSIGN(SigningKey service_accounts, NewSigningKey());
  HF_TRY(WriteFile(files.Pki("service-account.key"), service_accounts.private_pem));
  HF_TRY(WriteFile(files.Pki("service-account.pub"), service_accounts.public_pem));

  // Columns: token, user, uid, groups (static token file, Kubernetes' documentation).
  std::string tokens;
  for (TokenUser& user : options.users) {
    if (user.token.empty()) {
      HF_ASSIGN(user.token, RandomHex(20));
    }
    tokens += user.token + "," + user.name + ",uid-" + user.name + ",\"";
    for (size_t i = 0; i < user.groups.size(); ++i) tokens += (i > 0 ? "," : "") + user.groups[i];
    tokens += "\"\n";
  }
  // The API server refuses an empty token file.
  HF_ASSIGN(std::string spare, RandomHex(20));
  tokens += spare + ",testbed-spare,uid-testbed-spare\n";
  HF_TRY(WriteFile(files.Tokens(), tokens));
  HF_TRY(WriteFile(files.AuditPolicy(), kAuditPolicy));
  return WriteFile(files.dir / "logs" / "README",
                   "Output of the control plane's components; removed with them.\n");
}

Status WriteKubeconfigs(const ControlPlaneFiles& files, const ControlPlaneOptions& options,
                        const std::string& server_url) {
  KubeconfigParts parts;
  parts.server = server_url;
  parts.ca_file = files.Pki("ca.crt");
  for (const TokenUser& user : options.users) {
    parts.token = user.token;
    HF_TRY(WriteFile(files.UserKubeconfig(user.name), KubeconfigText(parts)));
  }
  parts.token.clear();
  parts.cert_file = files.Pki("controller-manager.crt");
  parts.key_file = files.Pki("controller-manager.key");
  HF_TRY(WriteFile(files.ManagerKubeconfig(), KubeconfigText(parts)));
  parts.cert_file = files.Pki("admin.crt");
  parts.key_file = files.Pki("admin.key");
  return WriteFile(files.AdminKubeconfig(), KubeconfigText(parts));
}

}  // namespace holdfast::testbed
