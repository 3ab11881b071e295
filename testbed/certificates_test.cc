#include "testbed/certificates.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

namespace holdfast::testbed {
namespace {

std::shared_ptr<X509> Parse(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  std::shared_ptr<X509> parsed(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr), X509_free);
  BIO_free(bio);
  return parsed;
}

// What a TLS peer that trusts only `ca` would say about the certificate.
int Verify(const std::string& ca, const std::string& certificate, int purpose) {
  auto trusted = Parse(ca), leaf = Parse(certificate);
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), X509_STORE_free);
  X509_STORE_add_cert(store.get(), trusted.get());
  std::shared_ptr<X509_STORE_CTX> context(X509_STORE_CTX_new(), X509_STORE_CTX_free);
  X509_STORE_CTX_init(context.get(), store.get(), leaf.get(), nullptr);
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  return X509_verify_cert(context.get()) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context.get());
}

TEST(Certificates, AreTrustedByTheirOwnAuthorityOnly) {
  auto ca = CertificateAuthority::Create("one");
  auto other = CertificateAuthority::Create("two");
  ASSERT_TRUE(ca && other);
  CertificateRequest request;
  request.common_name = "kube-apiserver";
  request.server = true;
  request.ip_addresses = {"127.0.0.1"};
  request.dns_names = {"localhost"};
  auto pair = ca->Issue(request);
  ASSERT_TRUE(pair) << pair.error().ToString();
  EXPECT_EQ(Verify(ca->certificate_pem(), pair->certificate_pem, X509_PURPOSE_SSL_SERVER),
            X509_V_OK);
  EXPECT_NE(Verify(other->certificate_pem(), pair->certificate_pem, X509_PURPOSE_SSL_SERVER),
            X509_V_OK);
  auto leaf = Parse(pair->certificate_pem);
  EXPECT_EQ(X509_check_ip_asc(leaf.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(leaf.get(), "127.0.0.2", 0), 0);
  EXPECT_EQ(X509_check_host(leaf.get(), "localhost", 0, 0, nullptr), 1);
}

TEST(Certificates, AClientsIsNoServersAndAnExpiredOneIsRefused) {
  auto ca = CertificateAuthority::Create("one");
  ASSERT_TRUE(ca);
  CertificateRequest request;
  request.common_name = "admin";
  request.organizations = {"system:masters"};
  auto pair = ca->Issue(request);
  ASSERT_TRUE(pair);
  EXPECT_EQ(Verify(ca->certificate_pem(), pair->certificate_pem, X509_PURPOSE_SSL_CLIENT),
            X509_V_OK);
  EXPECT_EQ(Verify(ca->certificate_pem(), pair->certificate_pem, X509_PURPOSE_SSL_SERVER),
            X509_V_ERR_INVALID_PURPOSE);
  request.not_after = std::chrono::seconds(-60);
  auto expired = ca->Issue(request);
  ASSERT_TRUE(expired);
  EXPECT_EQ(Verify(ca->certificate_pem(), expired->certificate_pem, X509_PURPOSE_SSL_CLIENT),
            X509_V_ERR_CERT_HAS_EXPIRED);
}

}  // namespace
}  // namespace holdfast::testbed
