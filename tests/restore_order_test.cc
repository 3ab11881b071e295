// What refuses or limits objects comes after them, and what they need before them.
#include <gmock/gmock.h>

#include "tests/restore_fields_rig.h"

namespace holdfast::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class RestoreOrder : public RestoreFieldsTest {
 protected:
  // `count` ConfigMaps, after `first` in the archive.
  restore::Entries Maps(restore::Entries first, int count) const {
    for (int i = 0; i < count; ++i) {
      std::string name = "c" + std::to_string(i);
      first.push_back({"configmaps.#v1/" + ns + "/" + name + ".json",
                       R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name +
                           R"(","namespace":")" + ns + R"(","labels":{"legacy":"true"}}})"});
    }
    return first;
  }
  std::string Quota(int most) const {
    return R"({"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"tight","namespace":")" +
           ns + R"("},"spec":{"hard":{"count/configmaps":")" + std::to_string(most) + "\"}}}";
  }
};

TEST_F(RestoreOrder, QuotasAndLimitsComeAfterTheContentsOfTheirNamespace) {
  restore::Entries entries = Maps({{"resourcequotas.#v1/" + ns + "/tight.json", Quota(5)}}, 60);
  entries.push_back({"limitranges.#v1/" + ns + "/small.json",
                     R"({"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"small",)"
                     R"("namespace":")" +
                         ns +
                         R"("},"spec":{"limits":[{"type":"Container","max":{"memory":"1Mi"}}]}})"});
  entries.push_back(
      {"pods.#v1/" + ns + "/big.json",
       R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"big","namespace":")" + ns +
           R"("},"spec":{"containers":[{"name":"c","image":"example.invalid/c",)"
           R"("resources":{"limits":{"memory":"64Mi"},"requests":{"memory":"64Mi"}}}]}})"});
  restore::Report report = Restore(entries);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.created, 63u) << restore::ToText(report);
}

TEST_F(RestoreOrder, AQuotaThatTheArchiveRaisesHoldsNothingBack) {
  Create("v1", "resourcequotas", ns, Quota(3));
  ASSERT_TRUE(Within(20, [&] {
    return Raw(Get("v1", "resourcequotas", ns, "tight"), {"status", "used"}) != "";
  }));
  restore::Entries entries = Maps({{"resourcequotas.#v1/" + ns + "/tight.json", Quota(100)}}, 20);
  restore::Report report = Restore(entries);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.created, 20u) << restore::ToText(report);
}

TEST_F(RestoreOrder, AdmissionPoliciesComeAfterWhatTheyWouldRefuse) {
  const std::string group = "admissionregistration.k8s.io", name = "policy-of-" + ns;
  const std::string head = R"({"apiVersion":")" + group + R"(/v1","kind":")";
  restore::Entries entries = {
      {"validatingadmissionpolicies." + group + "#v1/" + name + ".json",
       head + R"(ValidatingAdmissionPolicy","metadata":{"name":")" + name +
           R"("},"spec":{"failurePolicy":"Fail","matchConstraints":{"resourceRules":[{"apiGroups":)"
           R"([""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["configmaps"]}],)"
           R"("namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":")" +
           ns + R"("}}},"validations":[{"expression":"false"}]}})"},
      {"validatingadmissionpolicybindings." + group + "#v1/" + name + ".json",
       head + R"(ValidatingAdmissionPolicyBinding","metadata":{"name":")" + name +
           R"("},"spec":{"policyName":")" + name + R"(","validationActions":["Deny"]}})"}};
  entries = Maps(std::move(entries), 1500);
  restore::Options options;
  options.plan_only = true;
  std::vector<restore::PlanLine> plan = Restore(entries, options).plan;
  ASSERT_EQ(plan.size(), entries.size());
  EXPECT_THAT(plan[plan.size() - 2].object, HasSubstr("validatingadmissionpolicies"));
  EXPECT_THAT(plan.back().object, HasSubstr("validatingadmissionpolicybindings"));
  restore::Report report = Restore(entries);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.created, entries.size()) << restore::ToText(report);
  Delete(group + "/v1", "validatingadmissionpolicybindings", "", name);
}

TEST_F(RestoreOrder, ANamespaceThatNobodyHasIsMade) {
  std::string other = ns + "-gone";
  restore::Entries entries = {
      {"secrets.#v1/" + other + "/s.json",
       R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","namespace":")" + other +
           R"("},"type":"Opaque","data":{"a":"Yg=="}})"}};
  restore::Options options;
  options.plan_only = true;
  EXPECT_THAT(restore::ToText(Restore(entries, options)),
              HasSubstr("create namespaces " + other + ": neither the cluster nor the archive"));
  EXPECT_FALSE(rig().Exists("v1", "namespaces", "", other));
  restore::Report report = Restore(entries);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_THAT(restore::ToText(report), HasSubstr("created namespace " + other));
  EXPECT_TRUE(rig().Exists("v1", "secrets", other, "s"));
  ExpectNothingMore(entries);
}

}  // namespace
}  // namespace holdfast::tests
