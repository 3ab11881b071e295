#include "testbed/certificates.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <utility>

namespace holdfast::testbed {
namespace {

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* value) const {
    kFree(value);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;

Error OpenSslError(std::string what) {
  char text[256] = "no detail given";
  if (unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, text, sizeof text);
  return Error(ErrorKind::kInternal, std::move(what) + ": " + text);
}

std::string Contents(const Bio& bio) {
  char* data = nullptr;
  long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

Result<Key> NewKey() {
  Key key(EVP_EC_gen("P-256"));
  if (!key) return Fail(OpenSslError("making an EC P-256 key"));
  return key;
}

Result<std::string> KeyPem(EVP_PKEY* key) {
  Bio bio(BIO_new(BIO_s_mem()));
  if (!bio ||
      !PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr)) {
    return Fail(OpenSslError("writing a private key"));
  }
  return Contents(bio);
}

Result<std::string> CertificatePem(X509* certificate) {
  Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || !PEM_write_bio_X509(bio.get(), certificate)) {
    return Fail(OpenSslError("writing a certificate"));
  }
  return Contents(bio);
}

bool AddName(X509_NAME* name, const char* field, const std::string& value) {
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(value.data()),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

bool AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return false;
  bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

// All fields that do not depend on what the certificate is for. `issuer` null: self-signed.
bool FillCommon(X509* certificate, EVP_PKEY* key, const CertificateRequest& request, X509* issuer) {
  unsigned char serial[16];
  if (RAND_bytes(serial, sizeof serial) != 1) return false;
  serial[0] &= 0x7f;  // positive (RFC 5280, 4.1.2.2)
  serial[0] |= 0x01;
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  bool ok = number != nullptr &&
            BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  X509_NAME* subject = X509_get_subject_name(certificate);
  ok = ok && X509_set_version(certificate, X509_VERSION_3) == 1 &&
       X509_gmtime_adj(X509_getm_notBefore(certificate), request.not_before.count()) != nullptr &&
       X509_gmtime_adj(X509_getm_notAfter(certificate), request.not_after.count()) != nullptr &&
       X509_set_pubkey(certificate, key) == 1;
  for (const std::string& organization : request.organizations) {
    ok = ok && AddName(subject, "O", organization);
  }
  return ok && AddName(subject, "CN", request.common_name) &&
         X509_set_issuer_name(certificate,
                              issuer != nullptr ? X509_get_subject_name(issuer) : subject) == 1;
}

}  // namespace

struct CertificateAuthority::Impl {
  Key key;
  Certificate certificate;
  std::string pem;
};

CertificateAuthority::CertificateAuthority(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CertificateAuthority::CertificateAuthority(CertificateAuthority&&) noexcept = default;
CertificateAuthority& CertificateAuthority::operator=(CertificateAuthority&&) noexcept = default;
CertificateAuthority::~CertificateAuthority() = default;

const std::string& CertificateAuthority::certificate_pem() const { return impl_->pem; }

Result<CertificateAuthority> CertificateAuthority::Create(const std::string& common_name) {
  auto impl = std::make_unique<Impl>();
  HF_ASSIGN(impl->key, NewKey());
  impl->certificate.reset(X509_new());
  X509* own = impl->certificate.get();
  CertificateRequest request;
  request.common_name = common_name;
  if (own == nullptr || !FillCommon(own, impl->key.get(), request, nullptr) ||
      !AddExtension(own, own, NID_basic_constraints, "critical,CA:TRUE") ||
      !AddExtension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign,digitalSignature") ||
      !AddExtension(own, own, NID_subject_key_identifier, "hash") ||
      X509_sign(own, impl->key.get(), EVP_sha256()) == 0) {
    return Fail(OpenSslError("making the certificate authority " + common_name));
  }
  HF_ASSIGN(impl->pem, CertificatePem(own));
  return CertificateAuthority(std::move(impl));
}

Result<KeyPair> CertificateAuthority::Issue(const CertificateRequest& request) const {
  HF_ASSIGN(Key key, NewKey());
  Certificate certificate(X509_new());
  X509* own = certificate.get();
  X509* issuer = impl_->certificate.get();
  std::string names;
  for (const std::string& name : request.dns_names)
    names += (names.empty() ? "DNS:" : ",DNS:") + name;
  for (const std::string& ip : request.ip_addresses) names += (names.empty() ? "IP:" : ",IP:") + ip;
  if (own == nullptr || !FillCommon(own, key.get(), request, issuer) ||
      !AddExtension(own, issuer, NID_basic_constraints, "critical,CA:FALSE") ||
      !AddExtension(own, issuer, NID_key_usage, "critical,digitalSignature") ||
      !AddExtension(own, issuer, NID_ext_key_usage,
                    request.server ? "serverAuth,clientAuth" : "clientAuth") ||
      !AddExtension(own, issuer, NID_authority_key_identifier, "keyid:always") ||
      (!names.empty() && !AddExtension(own, issuer, NID_subject_alt_name, names)) ||
      X509_sign(own, impl_->key.get(), EVP_sha256()) == 0) {
    return Fail(OpenSslError("issuing a certificate for " + request.common_name));
  }
  KeyPair pair;
  HF_ASSIGN(pair.certificate_pem, CertificatePem(own));
  HF_ASSIGN(pair.key_pem, KeyPem(key.get()));
  return pair;
}

Result<SigningKey> NewSigningKey() {
  HF_ASSIGN(Key key, NewKey());
  SigningKey pair;
  HF_ASSIGN(pair.private_pem, KeyPem(key.get()));
  Bio bio(BIO_new(BIO_s_mem()));
  if (!bio || !PEM_write_bio_PUBKEY(bio.get(), key.get())) {
    return Fail(OpenSslError("writing a public key"));
  }
  pair.public_pem = Contents(bio);
  return pair;
}

Result<std::string> RandomHex(size_t bytes) {
  std::string raw(bytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(raw.data()), static_cast<int>(bytes)) != 1) {
    return Fail(OpenSslError("drawing random bytes"));
  }
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned char byte : raw) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace holdfast::testbed
