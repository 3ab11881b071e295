#include "restore/last_writer.h"

#include <gtest/gtest.h>

namespace holdfast::restore {
namespace {

std::string Object(const std::string& entries) {
  return R"({"metadata":{"name":"n","managedFields":[)" + entries + "]}}";
}
std::string Entry(const std::string& manager, const std::string& time) {
  return R"({"manager":")" + manager + R"(","operation":"Update","time":")" + time + R"("})";
}

TEST(LastWriter, IsTheComponentOnlyWhenNobodyWroteLater) {
  const std::string early = "2026-01-01T00:00:01Z", late = "2026-01-01T00:00:02Z";
  const std::string kcm = "kube-controller-manager";
  EXPECT_EQ(LastControlPlaneWriter(Object(Entry("rancher", early) + "," + Entry(kcm, late))), kcm);
  EXPECT_EQ(LastControlPlaneWriter(Object(Entry(kcm, late) + "," + Entry("rancher", late))), kcm);
  EXPECT_EQ(LastControlPlaneWriter(Object(Entry(kcm, early) + "," + Entry("rancher", late))), "");
  EXPECT_EQ(LastControlPlaneWriter(Object(Entry("kubectl", late))), "");
}

TEST(LastWriter, IsNobodyWhereTheObjectDoesNotSay) {
  for (const char* text : {R"({"metadata":{"name":"n"}})", R"({"metadata":{"managedFields":{}}})",
                           R"({"metadata":{"managedFields":[{}]}})", "{}"})
    EXPECT_EQ(LastControlPlaneWriter(text), "") << text;
}

}  // namespace
}  // namespace holdfast::restore
