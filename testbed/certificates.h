// Keys and certificates of a control plane that lives for one test. EC P-256 throughout: making one
// takes well under a millisecond.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace holdfast::testbed {

struct KeyPair {
  std::string certificate_pem;
  std::string key_pem;  // PKCS #8
};

struct CertificateRequest {
  std::string common_name;                 // a client's user name in Kubernetes
  std::vector<std::string> organizations;  // a client's groups in Kubernetes
  std::vector<std::string> dns_names;
  std::vector<std::string> ip_addresses;
  bool server = false;  // serverAuth and clientAuth; else clientAuth only
  // Both from now; a negative not_after gives a certificate that has expired.
  std::chrono::seconds not_before{-3600};
  std::chrono::seconds not_after{10 * 24 * 3600};
};

// Movable. May be used by one thread at a time.
class CertificateAuthority {
 public:
  static Result<CertificateAuthority> Create(const std::string& common_name);
  CertificateAuthority(CertificateAuthority&&) noexcept;
  CertificateAuthority& operator=(CertificateAuthority&&) noexcept;
  ~CertificateAuthority();

  const std::string& certificate_pem() const;
  Result<KeyPair> Issue(const CertificateRequest& request) const;

 private:
  struct Impl;
  explicit CertificateAuthority(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What signs service-account tokens, and what they are checked with.
struct SigningKey {
  std::string private_pem;  // PKCS #8
  std::string public_pem;
};
Result<SigningKey> NewSigningKey();
// `bytes` random bytes in hexadecimal.
Result<std::string> RandomHex(size_t bytes);

}  // namespace holdfast::testbed
