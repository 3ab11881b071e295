#include "operator/notifications.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::op {
namespace {

using ::testing::ElementsAre;

TEST(Notifications, AreRead) {
  Notifications all = ParseNotifications(
      R"({"heartbeat":{"secretName":"h","method":"GET"},"webhook":{"secretName":"w","body":"b"},)"
      R"("slack":{"secretName":"s"},"email":{"secretName":"e","from":"f","to":["a","b",1]}})");
  EXPECT_EQ(all.heartbeat.secret, "h");
  EXPECT_EQ(all.heartbeat.method, "GET");
  EXPECT_EQ(all.webhook.secret, "w");
  EXPECT_EQ(all.webhook.body, "b");
  EXPECT_EQ(all.slack.secret, "s");
  EXPECT_EQ(all.email.secret, "e");
  EXPECT_THAT(all.email.to, ElementsAre("a", "b"));
  EXPECT_FALSE(all.empty());
  for (const char* text : {"", "null", "[]", "{", R"({"heartbeat":null,"email":{"to":"a"}})"})
    EXPECT_TRUE(ParseNotifications(text).empty()) << text;
}

TEST(Notifications, TemplatesAreFilledForJson) {
  Occasion occasion{"Backup", "nightly", "failure", "now", "no \"bucket\"\n{{backup}}"};
  EXPECT_EQ(FillTemplate(R"({"t":"{{backup}} {{event}}: {{summary}}","x":{"y":{"z":1}}} {{no}} {{)",
                         occasion),
            R"({"t":"nightly failure: no \"bucket\"\n{{backup}}","x":{"y":{"z":1}}} {{no}} {{)");
  EXPECT_EQ(FillTemplate("{{kind}}/{{name}}", {"Restore", "back", "", "", ""}), "Restore/back");
  EXPECT_EQ(BodyOf({"Restore", "r", "failure", "t", "s"}),
            R"({"restore":"r","event":"failure","time":"t","summary":"s"})");
  EXPECT_EQ(BodyOf({"Backup", "b", "start", "t", "s"}),
            R"({"backup":"b","event":"start","time":"t","summary":"s"})");
}

}  // namespace
}  // namespace holdfast::op
