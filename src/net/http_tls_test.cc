#include <gtest/gtest.h>

#include <signal.h>

#include "net/http_client.h"
#include "net/test_server.h"
#include "net/test_tls.h"

namespace holdfast::net {
namespace {

const TestCertificate& Ca() {
  static const TestCertificate ca = MakeCertificate("test CA", "", nullptr);
  return ca;
}

struct Got {
  Status status;
  std::string body;
};

Got Get(const std::string& url, TlsOptions tls) {
  signal(SIGPIPE, SIG_IGN);  // the test server's SSL_write has no MSG_NOSIGNAL
  HttpClientOptions options;
  options.tls = std::move(tls);
  HttpClient client(std::move(options));
  Got got;
  HttpRequest request;
  request.url = url;
  request.on_body = CollectInto(got.body, 10'000);
  HttpResponse response;
  got.status = client.Send(request, response);
  return got;
}

TlsOptions Trusting(const TestCertificate& ca) {
  TlsOptions tls;
  tls.ca_pem = ca.cert_pem;
  tls.ca_origin = "certificate-authority of cluster \"c\"";
  return tls;
}

void Answer(const TestRequest& r, TestReply& reply) { reply.Respond(200, r.headers.at("host")); }

TEST(HttpTls, TrustsExtraCasBesideTheOthers) {
  TestCertificate other = MakeCertificate("other CA", "", nullptr);
  TestCertificate servers[] = {MakeCertificate("s", "IP:127.0.0.1", &Ca()),
                               MakeCertificate("s", "IP:127.0.0.1", &other)};
  auto context = MakeServerContext(servers[0]);
  auto other_context = MakeServerContext(servers[1]);
  TestServer listener(Answer, context.get());
  TestServer other_listener(Answer, other_context.get());
  TlsOptions both = Trusting(Ca());
  both.extra_ca_pem = "a comment\n" + other.cert_pem;
  EXPECT_TRUE(Get(listener.url(), std::move(both)).status);
  TlsOptions extra;
  extra.extra_ca_pem = Ca().cert_pem + other.cert_pem;
  extra.ca_origin = "endpointCA";
  EXPECT_TRUE(Get(other_listener.url(), std::move(extra)).status);
  TlsOptions wrong;
  wrong.extra_ca_pem = other.cert_pem;
  wrong.ca_origin = "endpointCA";
  Got got = Get(listener.url(), std::move(wrong));
  ASSERT_FALSE(got.status);
  EXPECT_NE(got.status.error().hint().find("certificate store or endpointCA"), std::string::npos)
      << got.status.error().ToString();
  TlsOptions none;
  none.extra_ca_pem = "no certificate";
  EXPECT_FALSE(Get(listener.url(), std::move(none)).status);
}

TEST(HttpTls, TrustsTheGivenCaAndNoOther) {
  TestCertificate server = MakeCertificate("s", "IP:127.0.0.1", &Ca());
  auto context = MakeServerContext(server);
  TestServer listener(Answer, context.get());
  Got got = Get(listener.url(), Trusting(Ca()));
  EXPECT_TRUE(got.status) << got.status.error().ToString();

  TestCertificate other = MakeCertificate("other CA", "", nullptr);
  got = Get(listener.url(), Trusting(other));
  ASSERT_FALSE(got.status);
  EXPECT_EQ(got.status.error().kind(), ErrorKind::kInvalid);
  EXPECT_NE(got.status.error().hint().find("certificate-authority of cluster \"c\""),
            std::string::npos)
      << got.status.error().ToString();
  EXPECT_NE(got.status.error().ToString().find(listener.url()), std::string::npos);

  got = Get(listener.url(), {});  // the system's store
  ASSERT_FALSE(got.status);
  EXPECT_EQ(got.status.error().kind(), ErrorKind::kInvalid);

  TlsOptions insecure;
  insecure.insecure = true;
  got = Get(listener.url(), std::move(insecure));
  EXPECT_TRUE(got.status) << got.status.error().ToString();
}

TEST(HttpTls, NamesAreVerifiedAndTheServerNameReplacesTheHost) {
  TestCertificate server = MakeCertificate("s", "DNS:api.test", &Ca());
  std::string sni;
  auto context = MakeServerContext(server);
  SSL_CTX_set_tlsext_servername_callback(
      context.get(), +[](SSL* ssl, int*, void* into) {
        const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        *static_cast<std::string*>(into) = name ? name : "";
        return SSL_TLSEXT_ERR_OK;
      });
  SSL_CTX_set_tlsext_servername_arg(context.get(), &sni);
  TestServer listener(Answer, context.get());
  Got got = Get(listener.url(), Trusting(Ca()));
  ASSERT_FALSE(got.status);
  EXPECT_EQ(got.status.error().kind(), ErrorKind::kInvalid);
  EXPECT_NE(got.status.error().hint().find("server name"), std::string::npos);

  TlsOptions named = Trusting(Ca());
  named.server_name = "api.test";
  got = Get(listener.url(), std::move(named));
  ASSERT_TRUE(got.status) << got.status.error().ToString();
  EXPECT_EQ(sni, "api.test");
  EXPECT_EQ(got.body, "127.0.0.1:" + std::to_string(listener.port()));  // Host stays the address
}

TEST(HttpTls, AnExpiredCertificateSaysSo) {
  TestCertificate server = MakeCertificate("s", "IP:127.0.0.1", &Ca(), -60);
  auto context = MakeServerContext(server);
  TestServer listener(Answer, context.get());
  Got got = Get(listener.url(), Trusting(Ca()));
  ASSERT_FALSE(got.status);
  EXPECT_EQ(got.status.error().kind(), ErrorKind::kInvalid);
  EXPECT_NE(got.status.error().hint().find("renew"), std::string::npos)
      << got.status.error().ToString();
}

TEST(HttpTls, ClientCertificates) {
  TestCertificate client_ca = MakeCertificate("client CA", "", nullptr);
  TestCertificate good = MakeCertificate("user", "", &client_ca);
  TestCertificate bad = MakeCertificate("user", "", &Ca());
  TestCertificate server = MakeCertificate("s", "IP:127.0.0.1", &Ca());
  auto context = MakeServerContext(server, &client_ca);
  TestServer listener(Answer, context.get());
  TlsOptions tls = Trusting(Ca());
  tls.cert_pem = good.cert_pem;
  tls.key_pem = SecretBytes(good.key_pem);
  Got got = Get(listener.url(), std::move(tls));
  EXPECT_TRUE(got.status) << got.status.error().ToString();

  for (const TestCertificate* wrong :
       std::initializer_list<const TestCertificate*>{&bad, nullptr}) {
    tls = Trusting(Ca());
    if (wrong) {
      tls.cert_pem = wrong->cert_pem;
      tls.key_pem = SecretBytes(wrong->key_pem);
    }
    got = Get(listener.url(), std::move(tls));
    ASSERT_FALSE(got.status);
    // With TLS 1.3 the alert may be overtaken by the end of the connection.
    EXPECT_TRUE(got.status.error().kind() == ErrorKind::kUnauthorized ||
                got.status.error().kind() == ErrorKind::kUnavailable)
        << got.status.error().ToString();
  }

  tls = Trusting(Ca());
  tls.cert_pem = good.cert_pem;
  tls.key_pem = SecretBytes(bad.key_pem);
  got = Get(listener.url(), std::move(tls));
  ASSERT_FALSE(got.status);
  EXPECT_EQ(got.status.error().kind(), ErrorKind::kInvalid) << got.status.error().ToString();
}

TEST(HttpTls, WhatIsNoPemIsInvalid) {
  TestCertificate server = MakeCertificate("s", "IP:127.0.0.1", &Ca());
  auto context = MakeServerContext(server);
  TestServer listener(Answer, context.get());
  TlsOptions tls;
  tls.ca_pem = "nonsense";
  Got got = Get(listener.url(), std::move(tls));
  ASSERT_FALSE(got.status);
  EXPECT_EQ(got.status.error().kind(), ErrorKind::kInvalid) << got.status.error().ToString();
  tls = Trusting(Ca());
  tls.cert_pem = "nonsense";
  tls.key_pem = SecretBytes("nonsense");
  got = Get(listener.url(), std::move(tls));
  ASSERT_FALSE(got.status);
  EXPECT_EQ(got.status.error().kind(), ErrorKind::kInvalid) << got.status.error().ToString();
}

TEST(HttpTls, SchemesMixedUp) {
  TestServer plain(Answer);
  Got got = Get("https://127.0.0.1:" + std::to_string(plain.port()), Trusting(Ca()));
  ASSERT_FALSE(got.status);
  EXPECT_EQ(got.status.error().kind(), ErrorKind::kInvalid) << got.status.error().ToString();
  EXPECT_NE(got.status.error().hint().find("http://"), std::string::npos);
}

TEST(HttpTls, AProxyIsUsedWhenGiven) {
  TestServer proxy([](const TestRequest& r, TestReply& reply) { reply.Respond(200, r.target); });
  HttpClientOptions options;
  options.proxy_url = proxy.url();
  HttpClient client(std::move(options));
  std::string body;
  HttpRequest request;
  request.url = "http://nowhere.test/x";
  request.on_body = CollectInto(body, 1000);
  HttpResponse response;
  Status status = client.Send(request, response);
  ASSERT_TRUE(status) << status.error().ToString();
  EXPECT_EQ(body, "http://nowhere.test/x");
}

}  // namespace
}  // namespace holdfast::net
