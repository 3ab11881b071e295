#include "kube/status_error.h"

#include <gtest/gtest.h>

namespace holdfast::kube {
namespace {

std::string Right(std::string_view method, std::string_view path) {
  return NeededRight({method, path, ""});
}

TEST(StatusError, NamesTheRbacRule) {
  EXPECT_EQ(Right("GET", "/api/v1/secrets?limit=5"),
            R"(verb "list" on resource "secrets" in API group "" (ClusterRole rule: )"
            R"({apiGroups: [""], resources: ["secrets"], verbs: ["list"]}))");
  EXPECT_EQ(
      Right("PUT", "/apis/apps/v1/namespaces/ns/deployments/d/status"),
      R"(verb "update" on resource "deployments/status" in API group "apps" in namespace "ns" )"
      R"((Role rule: {apiGroups: ["apps"], resources: ["deployments/status"], verbs: ["update"]}))");
  auto begins = [](const std::string& text, std::string_view with) {
    EXPECT_TRUE(text.starts_with(with)) << text;
  };
  begins(Right("GET", "/api/v1/namespaces"), R"(verb "list" on resource "namespaces")");
  begins(Right("GET", "/api/v1/namespaces/x"), R"(verb "get" on resource "namespaces")");
  begins(Right("PUT", "/api/v1/namespaces/x/finalize"),
         R"(verb "update" on resource "namespaces/finalize")");
  begins(Right("DELETE", "/api/v1/namespaces/x/pods"),
         R"(verb "deletecollection" on resource "pods")");
  begins(Right("DELETE", "/api/v1/namespaces/x/pods/p"), R"(verb "delete" on resource "pods")");
  begins(Right("GET", "/apis/a.b/v1/things?watch=true"),
         R"(verb "watch" on resource "things" in API group "a.b")");
  begins(Right("POST", "/apis/a.b/v1/things"), R"(verb "create")");
  begins(Right("PATCH", "/apis/a.b/v1/things/t"), R"(verb "patch")");
  begins(Right("GET", "/version"),
         R"(verb "get" on the URL "/version" (ClusterRole rule: {nonResourceURLs)");
}

TEST(StatusError, NoRightIsNamedWhereNoneIsMissing) {
  Error webhook = StatusError(
      403,
      R"({"kind":"Status","message":"admission webhook \"x\" denied the request","reason":"Forbidden"})",
      nullptr, {"POST", "/api/v1/namespaces/a/pods", ""});
  EXPECT_EQ(webhook.hint(), "");
  Error grant = StatusError(
      403,
      R"({"kind":"Status","message":"user \"u\" is attempting to grant RBAC permissions not currently held"})",
      nullptr, {"POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", ""});
  EXPECT_NE(grant.hint().find("escalate"), std::string::npos);
}

TEST(StatusError, AnonymousNeedsACredentialNotARight) {
  Error error = StatusError(
      403,
      R"({"kind":"Status","message":"forbidden: User \"system:anonymous\" cannot get path \"/api\""})",
      nullptr, {"GET", "/api", "user \"a\" in f"});
  EXPECT_NE(error.hint().find("give user \"a\" in f a token"), std::string::npos) << error.hint();
}

TEST(StatusError, BodiesThatAreNoStatus) {
  Error error =
      StatusError(502, "<html>\n\n\tbad\x01gateway" + std::string(1000, 'x'), nullptr, {});
  EXPECT_EQ(error.kind(), ErrorKind::kUnavailable);
  EXPECT_TRUE(error.message().starts_with("the server answered 502: <html> bad gatewayxx"))
      << error.message();
  EXPECT_LT(error.message().size(), 300u);
  EXPECT_EQ(StatusError(404, "", nullptr, {}).message(), "the server answered 404");
}

TEST(StatusError, RetryAfter) {
  for (auto [text, seconds] : std::vector<std::pair<std::string, int>>{
           {"0", 0}, {"7", 7}, {"-1", -1}, {"999999", -1}, {"Wed, 21 Oct", -1}, {"", -1}}) {
    Error error = StatusError(429, "", &text, {});
    if (seconds < 0)
      EXPECT_FALSE(error.retry_after()) << text;
    else
      EXPECT_EQ(error.retry_after(), std::chrono::seconds(seconds)) << text;
  }
}

TEST(StatusError, Embedded) {
  Error error = EmbeddedStatusError(R"({"kind":"Status","message":"m","code":410})", {});
  EXPECT_EQ(error.kind(), ErrorKind::kExpired);
  EXPECT_EQ(EmbeddedStatusError("{}", {}).kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(EmbeddedStatusError("nonsense", {}).kind(), ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace holdfast::kube
