#include "archive/path_list.h"

#include <gtest/gtest.h>

#include <vector>

namespace holdfast::archive {
namespace {

TEST(PathList, GivesBackWhatWasAddedInFewBytes) {
  std::vector<std::string> paths = {"secrets.#v1/cattle-system/tls-ca.json",
                                    "secrets.#v1/a.json",
                                    "",
                                    "x",
                                    "secrets.#v1/a.json",
                                    "secrets.#v1/a.json/longer",
                                    std::string(5000, 'n') + "/b",
                                    std::string(5000, 'n') + "/c"};
  for (int i = 0; i < 1000; ++i) {
    paths.push_back("bundledeployments.fleet.cattle.io#v1alpha1/cluster-fleet-default/bundle-" +
                    std::to_string(i) + ".json");
  }
  PathList list;
  for (const std::string& path : paths) list.Add(path);
  ASSERT_EQ(list.size(), paths.size());
  for (size_t i = 0; i < paths.size(); ++i) EXPECT_EQ(list.Get(i), paths[i]) << i;
  EXPECT_LT(list.bytes(), 5500u + 1000 * 15);
}

}  // namespace
}  // namespace holdfast::archive
