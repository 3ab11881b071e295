#include "restore/field_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "restore/archive_for_test.h"

namespace holdfast::restore {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A cluster of a few objects, by "plural/ns/name".
class FakeReferences : public References {
 public:
  Result<std::optional<std::string>> Get(std::string_view plural, std::string_view ns,
                                         std::string_view name) override {
    if (error) return Fail(*error, "no answer");
    auto it = live.find(Key(plural, ns, name));
    return it == live.end() ? std::optional<std::string>() : it->second;
  }
  bool InArchive(std::string_view plural, std::string_view ns, std::string_view name) override {
    return archived == Key(plural, ns, name);
  }
  static std::string Key(std::string_view plural, std::string_view ns, std::string_view name) {
    return std::string(plural) + "/" + std::string(ns) + "/" + std::string(name);
  }
  std::map<std::string, std::string> live;
  std::string archived;
  std::optional<ErrorKind> error;
};

struct FieldRulesTest : ::testing::Test {
  std::string Create(Special special, const std::string& object, bool with_references = true) {
    auto made =
        FieldsToCreate(special, J(object), with_references ? &references : nullptr, left, notes);
    EXPECT_TRUE(made);
    return *made;
  }
  FakeReferences references;
  LeftFields left;
  std::vector<std::string> notes;
};

const char* const kBoundVolume =
    "{'metadata':{'name':'v'},'spec':{'claimRef':{'namespace':'n','name':'c','uid':'old',"
    "'resourceVersion':'7'},'csi':{'x':1e3}}}";

TEST_F(FieldRulesTest, AVolumeIsNeverSentWithAnArchivedUid) {
  const std::string reserved = J(
      "{'metadata':{'name':'v'},'spec':{'claimRef':{'namespace':'n','name':'c'},'csi':{'x':1e3}}}");
  EXPECT_EQ(Create(Special::kVolume, kBoundVolume), reserved);
  EXPECT_EQ(Create(Special::kVolume, kBoundVolume, false), reserved);
  references.error = ErrorKind::kUnavailable;
  EXPECT_EQ(Create(Special::kVolume, kBoundVolume), reserved);
  references.error.reset();
  references.live["persistentvolumeclaims/n/c"] =
      J("{'metadata':{'uid':'new'},'spec':{'volumeName':'other'}}");
  EXPECT_EQ(Create(Special::kVolume, kBoundVolume), reserved);
  references.live["persistentvolumeclaims/n/c"] =
      J("{'metadata':{'uid':'new','deletionTimestamp':'x'},'spec':{'volumeName':'v'}}");
  EXPECT_EQ(Create(Special::kVolume, kBoundVolume), reserved);
  references.live["persistentvolumeclaims/n/c"] =
      J("{'metadata':{'uid':'new'},'spec':{'volumeName':'v'}}");
  EXPECT_THAT(Create(Special::kVolume, kBoundVolume), HasSubstr(J("'uid':'new'")));
  references.error = ErrorKind::kCancelled;
  EXPECT_FALSE(FieldsToCreate(Special::kVolume, J(kBoundVolume), &references, left, notes));
}

TEST_F(FieldRulesTest, ALiveVolumeIsWrittenOnlyWhereItsClaimMayHaveIt) {
  auto look = [](const std::string& claim, const std::string& phase) {
    return LookAgain(Special::kVolume, J(kBoundVolume),
                     J("{'spec':{'claimRef':" + claim + "},'status':{'phase':'" + phase + "'}}"));
  };
  const std::string same = "{'namespace':'n','name':'c','uid':'new'}";
  EXPECT_FALSE(look(same, "Bound").must_write);
  EXPECT_FALSE(look(same, "Available").must_write);  // it is just being bound
  EXPECT_TRUE(look(same, "Released").must_write);
  EXPECT_TRUE(look(same, "Failed").must_write);
  EXPECT_FALSE(look("{'namespace':'n','name':'c'}", "Available").must_write);
  EXPECT_TRUE(look("null", "Available").must_write);
  FieldDifference other = look("{'namespace':'n','name':'d','uid':'new'}", "Bound");
  EXPECT_FALSE(other.must_write);
  EXPECT_THAT(other.left, HasSubstr("n/d"));
  EXPECT_EQ(look(same, "Bound").left, "");
}

TEST_F(FieldRulesTest, AClaimKeepsTheNameOfAVolumeThatComes) {
  const std::string claim =
      "{'metadata':{'name':'c','namespace':'n','annotations':{'pv.kubernetes.io/bind-completed':"
      "'yes','a':'b'}},'spec':{'volumeName':'v'}}";
  const std::string kept =
      J("{'metadata':{'name':'c','namespace':'n','annotations':{'a':'b'}},'spec':{'volumeName':'v'}"
        "}");
  references.archived = "persistentvolumes//v";
  EXPECT_EQ(Create(Special::kClaim, claim), kept);
  references.archived.clear();
  references.error = ErrorKind::kUnavailable;
  EXPECT_EQ(Create(Special::kClaim, claim), kept);
  references.error.reset();
  EXPECT_THAT(notes, ElementsAre());
  EXPECT_THAT(Create(Special::kClaim, claim), HasSubstr(J("'spec':{}")));
  EXPECT_THAT(notes, ElementsAre(HasSubstr("spec.volumeName is left out")));
}

TEST_F(FieldRulesTest, TokensFollowTheirAccount) {
  const std::string secret =
      J("{'metadata':{'annotations':{'kubernetes.io/service-account.uid':'live'}},'type':"
        "'kubernetes.io/"
        "service-account-token','data':{'token':'b2xk','ca.crt':'Y2E=','own':'eA=='}}");
  auto create = [&](const TokenAccount& account) { return TokenToCreate(secret, account, notes); };
  EXPECT_EQ(create({"live", false, "live"}), secret);
  EXPECT_EQ(create({"", false, "old"}), secret);
  const std::string without =
      J("{'metadata':{'annotations':{'kubernetes.io/service-account.uid':'live'}},'type':"
        "'kubernetes.io/service-account-token','data':{'own':'eA=='}}");
  EXPECT_EQ(create({"live", false, "old"}), without);
  EXPECT_EQ(create({"", true, "old"}), without);

  auto live = [](const std::string& uid, const std::string& data) {
    return J("{'metadata':{'annotations':{'kubernetes.io/service-account.uid':'" + uid +
             "'}},'type':'kubernetes.io/service-account-token','data':{" + data + "}}");
  };
  auto update = [&](const std::string& now, const TokenAccount& account) {
    return json::FindString(TokenToUpdate(secret, now, account), {"data", "token"}).value_or("");
  };
  EXPECT_EQ(update(live("live", "'token':'bmV3'"), {"live", false, "live"}), "bmV3");
  EXPECT_EQ(update(live("live", "'token':'bmV3'"), {"live", false, "old"}), "bmV3");
  EXPECT_EQ(update(live("live", "'token':'bmV3'"), {"", false, "old"}), "bmV3");
  EXPECT_EQ(update(live("dead", "'token':'bmV3'"), {"live", false, "old"}), "");
  EXPECT_EQ(update(live("dead", "'token':'bmV3'"), {"live", false, "live"}), "b2xk");
  EXPECT_EQ(update(live("live", ""), {"live", false, "old"}), "");
}

TEST_F(FieldRulesTest, RefusedServiceFieldsAreLeftOneByOne) {
  EXPECT_TRUE(LeaveToServer(Special::kService, "spec.ports[1].nodePort: Invalid value", left));
  EXPECT_FALSE(LeaveToServer(Special::kService, "spec.ports[1].nodePort: Invalid value", left));
  EXPECT_TRUE(LeaveToServer(Special::kService, "spec.clusterIPs: Invalid value: []", left));
  EXPECT_FALSE(LeaveToServer(Special::kService, "spec.selector: Invalid value", left));
  EXPECT_FALSE(LeaveToServer(Special::kPod, "spec.clusterIPs: Invalid value", left));
  const std::string service =
      "{'spec':{'clusterIP':'1.2.3.4','clusterIPs':['1.2.3.4'],'ports':[{'port':1,'nodePort':30001}"
      ","
      "{'port':2,'nodePort':30002}]}}";
  EXPECT_EQ(Create(Special::kService, service),
            J("{'spec':{'ports':[{'port':1,'nodePort':30001},{'port':2}]}}"));
  EXPECT_EQ(FieldsToUpdate(Special::kService, J(service),
                           J("{'spec':{'clusterIP':'1.2.3.9','clusterIPs':['1.2.3.9'],'ports':"
                             "[{'port':2,'nodePort':30009}]}}"),
                           left),
            J("{'spec':{'clusterIP':'1.2.3.9','clusterIPs':['1.2.3.9'],'ports':[{'port':1,"
              "'nodePort':30001},{'port':2,'nodePort':30009}]}}"));
  // Headless Services stay so.
  const std::string headless = J("{'spec':{'clusterIP':'None','clusterIPs':['None']}}");
  EXPECT_EQ(Create(Special::kService, "{'spec':{'clusterIP':'None','clusterIPs':['None']}}"),
            headless);
}

TEST_F(FieldRulesTest, NodePortsOfAnotherRangeAreNoDifference) {
  auto differ = [](const std::string& archived, const std::string& live) {
    auto service = [](const std::string& port) {
      return J("{'spec':{'ports':[{'port':80,'nodePort':" + port + "}]}}");
    };
    return LookAgain(Special::kService, service(archived), service(live)).node_ports;
  };
  EXPECT_FALSE(differ("30001", "30001"));
  EXPECT_TRUE(differ("30001", "30002"));
  EXPECT_FALSE(differ("9999", "30002"));
  EXPECT_FALSE(differ("30002", "20002"));
  EXPECT_TRUE(differ("20001", "20002"));
}

TEST_F(FieldRulesTest, ASnapshotIsNeverSentWithAnArchivedUid) {
  const std::string content =
      "{'spec':{'volumeSnapshotRef':{'namespace':'n','name':'s','uid':'old','resourceVersion':'7'}}"
      "}";
  const std::string reserved = J("{'spec':{'volumeSnapshotRef':{'namespace':'n','name':'s'}}}");
  EXPECT_EQ(Create(Special::kSnapshotContent, content), reserved);
  EXPECT_EQ(ComparedFields(Special::kSnapshotContent, J(content)), reserved);
  EXPECT_EQ(FieldsToUpdate(Special::kSnapshotContent, J(content),
                           J("{'spec':{'volumeSnapshotRef':{'uid':'new'}}}"), left),
            J("{'spec':{'volumeSnapshotRef':{'namespace':'n','name':'s','uid':'new'}}}"));
}

TEST_F(FieldRulesTest, APodThatDiffersInItsTokenVolumeOnlyKeepsTheLiveSpec) {
  auto pod = [](const std::string& volume, const std::string& source) {
    return J("{'spec':{'volumes':[{'name':'" + volume + "'," + source +
             "},{'name':'d'}],'containers':[{'name':'c','volumeMounts':[{'name':'" + volume +
             "','mountPath':'/var/run/secrets/kubernetes.io/serviceaccount'}]}]}}");
  };
  std::string today = pod("kube-api-access-abcde", "'projected':{}");
  std::string other = pod("kube-api-access-fghij", "'projected':{}");
  std::string old = pod("default-token-abcde", "'secret':{'secretName':'default-token-abcde'}");
  EXPECT_EQ(ComparedFields(Special::kPod, today), ComparedFields(Special::kPod, other));
  EXPECT_EQ(ComparedFields(Special::kPod, today), ComparedFields(Special::kPod, old));
  EXPECT_EQ(FieldsToUpdate(Special::kPod, today, other, left), other);
  std::string changed = json::SetPath(today, {"spec", "activeDeadlineSeconds"}, "5");
  EXPECT_THAT(FieldsToUpdate(Special::kPod, changed, other, left),
              testing::AllOf(HasSubstr("kube-api-access-fghij"), HasSubstr("activeDeadline"),
                             testing::Not(HasSubstr("abcde"))));
}

}  // namespace
}  // namespace holdfast::restore
