// For tests: certificate authorities and certificates made on the spot, and TLS contexts of them.
#pragma once

#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace holdfast::net {

struct TestCertificate {
  std::string cert_pem;
  std::string key_pem;
  std::shared_ptr<X509> cert;
  std::shared_ptr<EVP_PKEY> key;
};

inline std::string TestPem(void (*write)(BIO*, const TestCertificate&), const TestCertificate& c) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio, c);
  char* data = nullptr;
  long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

// `names` as in subjectAltName ("DNS:api.test,IP:127.0.0.1"); empty: none. Without `issuer` it is a
// self-signed CA. Valid from an hour ago for `valid_seconds` (negative: expired).
inline TestCertificate MakeCertificate(const std::string& common_name, const std::string& names,
                                       const TestCertificate* issuer, long valid_seconds = 86400) {
  TestCertificate made;
  made.key.reset(EVP_EC_gen("P-256"), EVP_PKEY_free);
  made.cert.reset(X509_new(), X509_free);
  X509* cert = made.cert.get();
  X509_set_version(cert, 2);
  static long serial = time(nullptr);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert), valid_seconds);
  X509_set_pubkey(cert, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                             0);
  X509* issuer_cert = issuer ? issuer->cert.get() : cert;
  X509_set_issuer_name(cert, X509_get_subject_name(issuer_cert));
  auto extend = [&](int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer_cert, cert, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
  };
  extend(NID_basic_constraints, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
  if (!names.empty()) extend(NID_subject_alt_name, names);
  X509_sign(cert, issuer ? issuer->key.get() : made.key.get(), EVP_sha256());
  made.cert_pem = TestPem(
      [](BIO* bio, const TestCertificate& c) { PEM_write_bio_X509(bio, c.cert.get()); }, made);
  made.key_pem = TestPem(
      [](BIO* bio, const TestCertificate& c) {
        PEM_write_bio_PrivateKey(bio, c.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
      },
      made);
  return made;
}

// A server's context; with `client_ca` it demands client certificates of that CA.
inline std::shared_ptr<SSL_CTX> MakeServerContext(const TestCertificate& server,
                                                  const TestCertificate* client_ca = nullptr) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (SSL_CTX_use_certificate(context.get(), server.cert.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), server.key.get()) != 1)
    std::abort();
  if (client_ca) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), client_ca->cert.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

}  // namespace holdfast::net
