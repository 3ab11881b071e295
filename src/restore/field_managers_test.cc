#include "restore/field_managers.h"

#include <gmock/gmock.h>

#include "restore/archive_for_test.h"

namespace holdfast::restore {
namespace {

std::string Managed(const std::string& entries) {
  return J("{'metadata':{'name':'a','resourceVersion':'7','managedFields':[" + entries + "]}}");
}
std::string OwnedBy(const std::string& manager, const std::string& operation,
                    const std::string& subresource = "") {
  std::string out = "{'manager':'" + manager + "','operation':'" + operation + "'";
  return out + (subresource.empty() ? "" : ",'subresource':'" + subresource + "'") + "}";
}

TEST(FieldManagers, OneUpdaterIsNamedAndNothingElseIsNeeded) {
  FieldManagers managers =
      ManagersOf(Managed(OwnedBy("rancher", "Update") + "," + OwnedBy("r2", "Update", "status")));
  EXPECT_EQ(managers.main, "rancher");
  EXPECT_EQ(managers.status, "r2");
  EXPECT_TRUE(managers.main_exact);
  EXPECT_TRUE(managers.status_exact);
  managers = ManagersOf(Managed(OwnedBy("a", "Update") + "," + OwnedBy("a", "Update")));
  EXPECT_TRUE(managers.main_exact);  // of two versions
  EXPECT_EQ(managers.status, "a");
}

TEST(FieldManagers, ApplySeveralManagersAndSubresourcesNeedASecondRequest) {
  for (const std::string& entries :
       {OwnedBy("gitops", "Apply"), OwnedBy("a", "Update") + "," + OwnedBy("b", "Update"),
        OwnedBy("a", "Update") + "," + OwnedBy("hpa", "Update", "scale"),
        OwnedBy("s", "Update", "status"), OwnedBy("", "Update"),
        OwnedBy(std::string(129, 'x'), "Update")}) {
    EXPECT_FALSE(ManagersOf(Managed(entries)).main_exact) << entries;
  }
  EXPECT_EQ(ManagersOf(Managed(OwnedBy("g", "Apply") + "," + OwnedBy("b", "Update"))).main, "b");
  EXPECT_EQ(ManagersOf(Managed(OwnedBy("g", "Apply"))).main, kUnknownManager);
  EXPECT_FALSE(ManagersOf(Managed(OwnedBy("a", "Update") + "," + OwnedBy("g", "Apply", "status")))
                   .status_exact);
}

TEST(FieldManagers, WithoutManagedFieldsTheOwnerIsUnknown) {
  for (const std::string& text : {J("{'metadata':{'name':'a'}}"), Managed("")}) {
    FieldManagers managers = ManagersOf(text);
    EXPECT_EQ(managers.main, kUnknownManager);
    EXPECT_TRUE(managers.main_exact);
    EXPECT_TRUE(managers.status_exact);
  }
}

TEST(FieldManagers, ThePatchHasTheArchivesEntriesAndThoseThatCameMeanwhile) {
  std::string archived = Managed(OwnedBy("gitops", "Apply"));
  std::string live = Managed(OwnedBy("before-first-apply", "Update") + "," +
                             OwnedBy("gitops", "Apply") + "," + OwnedBy("kcm", "Update"));
  EXPECT_EQ(ManagedFieldsPatch(archived, live, "before-first-apply"),
            J("{'metadata':{'resourceVersion':'7','managedFields':[" + OwnedBy("gitops", "Apply") +
              "," + OwnedBy("kcm", "Update") + "]}}"));
}

}  // namespace
}  // namespace holdfast::restore
