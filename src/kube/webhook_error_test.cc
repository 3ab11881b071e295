#include "kube/webhook_error.h"

#include <gmock/gmock.h>

namespace holdfast::kube {
namespace {

using ::testing::HasSubstr;
using Kind = WebhookFailure::Kind;

Error ServerSaid(const std::string& message, int code = 500) {
  return Error(ErrorKind::kUnavailable, message).Code(code).Reason("InternalError");
}

TEST(WebhookError, TheWebhookIsReadFromTheServersText) {
  auto failed = FailedWebhook(ServerSaid(
      "Internal error occurred: failed calling webhook \"w.x.io\": failed to call webhook: Post "
      "\"https://127.0.0.1:1/?timeout=5s\": context deadline exceeded"));
  ASSERT_TRUE(failed);
  EXPECT_EQ(*failed, (WebhookFailure{Kind::kAdmission, "w.x.io"}));
  EXPECT_EQ(failed->Describe(), "webhook \"w.x.io\"");
  failed =
      FailedWebhook(ServerSaid("conversion webhook for x.io/v2, Kind=Plant failed: Post \"https"));
  ASSERT_TRUE(failed);
  EXPECT_EQ(*failed, (WebhookFailure{Kind::kConversion, "x.io/v2, Kind=Plant"}));
  EXPECT_EQ(failed->Describe(), "conversion webhook for x.io/v2, Kind=Plant");
}

TEST(WebhookError, ADenialAndOtherErrorsAreNone) {
  EXPECT_FALSE(FailedWebhook(ServerSaid(
      "admission webhook \"w\" denied the request: failed calling webhook \"other\": no")));
  EXPECT_FALSE(FailedWebhook(
      ServerSaid("admission webhook \"w\" denied the request: conversion webhook for a, Kind=B")));
  EXPECT_FALSE(FailedWebhook(Error(ErrorKind::kUnavailable, "failed calling webhook \"w\": x")));
  EXPECT_FALSE(FailedWebhook(ServerSaid("failed calling webhook \"")));
  EXPECT_FALSE(FailedWebhook(ServerSaid("conversion webhook for ")));
  EXPECT_FALSE(FailedWebhook(ServerSaid("etcdserver: request timed out")));
}

TEST(WebhookError, TheConfigurationAndTheWaysOutAreNamed) {
  ListCall list = [](const ListRequest& request, const ObjectSink& sink) -> Result<ListEnd> {
    if (request.type->kind == "MutatingWebhookConfiguration") return ListEnd{};
    HF_TRY(sink(R"({"metadata":{"name":"cfg"},"webhooks":[{"name":"other","clientConfig":{}},)"
                R"({"name":"w","clientConfig":{"service":{"namespace":"n","name":"s"}}}]})"));
    return ListEnd{};
  };
  Error error =
      ExplainWebhook(ServerSaid("Internal error occurred: failed calling webhook \"w\": x"), list);
  EXPECT_THAT(error.hint(), HasSubstr("webhook \"w\" of ValidatingWebhookConfiguration \"cfg\""));
  EXPECT_THAT(error.hint(), HasSubstr("service n/s"));
  EXPECT_THAT(error.hint(), HasSubstr("kubectl delete validatingwebhookconfiguration cfg"));
  EXPECT_THAT(error.hint(), HasSubstr("/webhooks/1/failurePolicy"));
  EXPECT_EQ(ExplainWebhook(ServerSaid("something else"), list).hint(), "");
  ListCall refused = [](const ListRequest&, const ObjectSink&) -> Result<ListEnd> {
    return Fail(ErrorKind::kUnauthorized, "no");
  };
  EXPECT_EQ(ExplainWebhook(ServerSaid("failed calling webhook \"w\": x"), refused).hint(), "");
}

}  // namespace
}  // namespace holdfast::kube
