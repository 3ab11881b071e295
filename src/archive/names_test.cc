#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/entry_name.h"
#include "archive/name.h"
#include "base/rfc3339.h"

namespace holdfast::archive {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kUid[] = "6aa7f5cd-ad7b-4e91-9c29-68bf38b618ef";

TEST(EntryName, PathsBothWays) {
  struct Case {
    EntryName name;
    std::string path, resource, api_version, context;
  };
  for (const Case& c :
       std::vector<Case>{{{"secrets", "", "v1", "cattle-system", "tls-ca"},
                          "secrets.#v1/cattle-system/tls-ca.json",
                          "secrets",
                          "v1",
                          "cattle-system#tls-ca"},
                         {{"namespaces", "", "v1", "", "local"},
                          "namespaces.#v1/local.json",
                          "namespaces",
                          "v1",
                          "local"},
                         {{"clusters", "management.cattle.io", "v3", "", "c-abc"},
                          "clusters.management.cattle.io#v3/c-abc.json",
                          "clusters.management.cattle.io",
                          "management.cattle.io/v3",
                          "c-abc"},
                         {{"roles", "rbac.authorization.k8s.io", "v1", "ns", "system:x#y..json"},
                          "roles.rbac.authorization.k8s.io#v1/ns/system:x#y..json.json",
                          "roles.rbac.authorization.k8s.io",
                          "rbac.authorization.k8s.io/v1",
                          "ns#system:x#y..json"}}) {
    EXPECT_EQ(c.name.ToPath(), c.path);
    EXPECT_EQ(c.name.Resource(), c.resource);
    EXPECT_EQ(c.name.ApiVersion(), c.api_version);
    EXPECT_EQ(c.name.DataContext(), c.context);
    auto parsed = EntryName::Parse(c.path);
    ASSERT_TRUE(parsed) << c.path;
    EXPECT_EQ(*parsed, c.name);
  }
}

TEST(EntryName, ReadableForm) {
  EXPECT_EQ(EntryName::Parse("secrets.#v1/cattle-system/tls-ca.json")->ToString(),
            "secrets.v1 cattle-system/tls-ca");
  EXPECT_EQ(EntryName::Parse("clusters.management.cattle.io#v3/local.json")->ToString(),
            "clusters.v3.management.cattle.io local");
}

TEST(EntryName, RefusesWhatIsNoObjects) {
  for (auto [path, why] : std::vector<std::pair<std::string, std::string>>{
           {"", "no \"/\""},
           {"secrets.#v1", "no \"/\""},
           {"secrets/x.json", "no \"#\""},
           {"secrets#v1/x.json", "no \".\" before"},
           {"secrets#v1.x/x.json", "no \".\" before"},
           {".apps#v1/x.json", "empty plural"},
           {"deployments.apps#/x.json", "empty version"},
           {"deployments.apps#v1#v2/x.json", "two \"#\""},
           {"secrets.#v1/x", "\".json\""},
           {"secrets.#v1/.json", "empty name"},
           {"secrets.#v1//x.json", "empty namespace"},
           {"secrets.#v1/a/b/x.json", "more than three"}}) {
    auto parsed = EntryName::Parse(path);
    ASSERT_FALSE(parsed) << path;
    EXPECT_EQ(parsed.error().kind(), ErrorKind::kInvalid);
    EXPECT_THAT(parsed.error().ToString(), HasSubstr(why));
    EXPECT_THAT(parsed.error().ToString(), HasSubstr("\"" + path + "\""));
  }
}

ArchiveName At(const char* time, bool encrypted = false) {
  ArchiveName name;
  name.backup = "nightly";
  name.uid = kUid;
  name.time = ParseRfc3339(time).value();
  name.encrypted = encrypted;
  return name;
}

TEST(ArchiveName, Makes) {
  EXPECT_EQ(MakeName(At("2026-01-27T02:00:00.9Z")).value(),
            "nightly-6aa7f5cd-ad7b-4e91-9c29-68bf38b618ef-2026-01-27T02-00-00Z.tar.gz");
  EXPECT_EQ(MakeName(At("2026-01-27T02:00:00+02:00", true)).value(),
            "nightly-6aa7f5cd-ad7b-4e91-9c29-68bf38b618ef-2026-01-27T00-00-00Z.tar.gz.enc");
}

TEST(ArchiveName, LengthIsCheckedFirst) {
  ArchiveName name = At("2026-01-27T02:00:00Z", true);
  name.backup = std::string(255 - 69, 'n');
  EXPECT_EQ(MakeName(name).value().size(), 255u);
  name.backup += "n";
  auto made = MakeName(name);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().ToString(), HasSubstr("256 bytes"));
  EXPECT_THAT(made.error().ToString(), HasSubstr("shorten it by 1 bytes"));
}

TEST(ArchiveName, RefusesBackupNames) {
  for (std::string bad :
       {std::string(), std::string("a/b"), std::string(".a"), std::string("a\nb")}) {
    ArchiveName name = At("2026-01-27T02:00:00Z");
    name.backup = bad;
    EXPECT_EQ(MakeName(name).error().kind(), ErrorKind::kInvalid) << bad;
  }
  ArchiveName name = At("2026-01-27T02:00:00Z");
  name.uid = "unknown";
  EXPECT_FALSE(MakeName(name));
}

TEST(ArchiveName, ParsesEveryZone) {
  std::string head = std::string("a-b.c-") + kUid + "-";
  for (auto [stamp, time] : std::vector<std::pair<std::string, std::string>>{
           {"2026-01-27T02-00-00Z", "2026-01-27T02:00:00Z"},
           {"2026-01-27T02-00-00-07-00", "2026-01-27T09:00:00Z"},
           {"2026-01-27T02-00-00+05-30", "2026-01-26T20:30:00Z"},
           {"2026-01-27T02#00#00Z", "2026-01-27T02:00:00Z"},
           {"2026-01-27T02#00#00-07#00", "2026-01-27T09:00:00Z"}}) {
    for (bool encrypted : {false, true}) {
      auto name = ParseName(head + stamp + ".tar.gz" + (encrypted ? ".enc" : ""));
      ASSERT_TRUE(name) << stamp;
      EXPECT_EQ(name->backup, "a-b.c");
      EXPECT_EQ(name->uid, kUid);
      EXPECT_EQ(FormatRfc3339(name->time), time);
      EXPECT_EQ(name->encrypted, encrypted);
      EXPECT_EQ(name->old_form, stamp.find('#') != std::string::npos);
    }
  }
}

TEST(ArchiveName, ParsesNothingElse) {
  std::string uid = kUid, good = "2026-01-27T02-00-00Z.tar.gz";
  ASSERT_TRUE(ParseName("a-" + uid + "-" + good));
  for (const std::string& bad : std::vector<std::string>{
           "", "a", "a.tar.gz", good, uid + "-" + good, "-" + uid + "-" + good, "a-" + uid + good,
           "a" + uid + "-" + good, "a-" + uid + "-" + good + ".gz",
           "a-" + uid + "-2026-01-27T02-00-00.tar.gz", "a-" + uid + "-2026-13-27T02-00-00Z.tar.gz",
           "a-" + uid + "-2026-01-27T02:00:00Z.tar.gz", "a-" + uid + "-2026-01-27T02-00#00Z.tar.gz",
           "a-" + uid + "-2026-01-27t02-00-00Z.tar.gz",
           "a-" + uid + "-2026-01-27T02-00-00-07#00.tar.gz",
           "a-6aa7f5cdxad7b-4e91-9c29-68bf38b618ef-" + good,
           "a-" + uid + "-" + good + ".enc.enc"}) {
    EXPECT_FALSE(ParseName(bad)) << bad;
  }
}

class FakeClock : public Clock {
 public:
  Wall Now() const override { return now; }
  Steady SteadyNow() const override { return Steady(now.time_since_epoch()); }
  bool Sleep(std::chrono::nanoseconds time, std::stop_token stop) override {
    if (stop.stop_requested()) return false;
    now += std::chrono::duration_cast<Wall::duration>(time);
    return true;
  }
  Wall now = ParseRfc3339("2026-01-27T02:00:00.25Z").value();
};

TEST(PutUnderFreeName, WaitsForTheNextSecond) {
  FakeClock clock;
  Waits waits;
  waits.clock = &clock;
  std::vector<std::string> tried;
  auto put = [&](const std::string& name) -> Status {
    tried.push_back(name.substr(name.size() - 16, 9));
    if (tried.size() < 3) return Fail(ErrorKind::kConflict, "taken");
    return {};
  };
  auto name = PutUnderFreeName(At("2026-01-27T01:59:58Z"), waits, put);
  ASSERT_TRUE(name);
  EXPECT_THAT(*name, HasSubstr("T02-00-02Z"));
  EXPECT_THAT(tried, ElementsAre("01-59-58Z", "02-00-01Z", "02-00-02Z"));
  EXPECT_EQ(FormatRfc3339Millis(clock.now), "2026-01-27T02:00:02.000Z") << "no time to come";
}

TEST(PutUnderFreeName, GivesUp) {
  FakeClock clock;
  Waits waits;
  waits.clock = &clock;
  int calls = 0;
  auto taken = [&](const std::string&) -> Status {
    ++calls;
    return Fail(ErrorKind::kConflict, "taken");
  };
  EXPECT_EQ(PutUnderFreeName(At("2026-01-27T02:00:00Z"), waits, taken).error().kind(),
            ErrorKind::kConflict);
  EXPECT_EQ(calls, 10);
  calls = 0;
  auto full = [&](const std::string&) -> Status {
    ++calls;
    return Fail(ErrorKind::kUnavailable, "full");
  };
  EXPECT_EQ(PutUnderFreeName(At("2026-01-27T02:00:00Z"), waits, full).error().kind(),
            ErrorKind::kUnavailable);
  EXPECT_EQ(calls, 1);
  std::stop_source stop;
  stop.request_stop();
  waits.stop = stop.get_token();
  EXPECT_EQ(PutUnderFreeName(At("2026-01-27T02:00:00Z"), waits, taken).error().kind(),
            ErrorKind::kCancelled);
}

}  // namespace
}  // namespace holdfast::archive
