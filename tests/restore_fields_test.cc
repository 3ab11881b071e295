// What the API server allocates and the control plane keeps in objects, over a restore.
#include <gmock/gmock.h>

#include <map>

#include "tests/restore_fields_rig.h"

namespace holdfast::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class RestoreFields : public RestoreFieldsTest {
 protected:
  std::string Path(const std::string& type, const std::string& name) const {
    return type + "/" + ns + "/" + name + ".json";
  }

  // Tokens of Secrets.
  void MakeAccount() {
    Create("v1", "serviceaccounts", ns, R"({"metadata":{"name":"robot"}})");
    Create("v1", "secrets", ns,
           R"({"metadata":{"name":"robot-token","annotations":)"
           R"({"kubernetes.io/service-account.name":"robot"}},)"
           R"("type":"kubernetes.io/service-account-token"})");
    ASSERT_TRUE(Within(20, [&] { return !Token().empty(); }));
  }
  std::string Token() {
    if (!rig().Exists("v1", "secrets", ns, "robot-token")) return {};
    return Str(Get("v1", "secrets", ns, "robot-token"), {"data", "token"});
  }
  std::string Account() {
    return Str(Get("v1", "serviceaccounts", ns, "robot"), {"metadata", "uid"});
  }
  restore::Entries AccountEntries() {
    return {{Path("serviceaccounts.#v1", "robot"), Get("v1", "serviceaccounts", ns, "robot")},
            {Path("secrets.#v1", "robot-token"), Get("v1", "secrets", ns, "robot-token")}};
  }
  void DeleteAccount() {
    Delete("v1", "serviceaccounts", ns, "robot");
    Delete("v1", "secrets", ns, "robot-token");
  }

  std::string MakeService(const std::string& name, const std::string& app, const std::string& more,
                          const std::string& port = "") {
    return Create("v1", "services", ns,
                  R"({"metadata":{"name":")" + name + R"("},"spec":{"selector":{"app":")" + app +
                      R"("},"ports":[{"port":80,"protocol":"TCP","targetPort":80)" + port + "}]" +
                      more + "}}");
  }
};

TEST_F(RestoreFields, ATokenOfAnEarlierAccountIsIssuedAnew) {
  MakeAccount();
  restore::Entries entries = AccountEntries();
  std::string old = Token();
  DeleteAccount();
  restore::Report report = Restore(entries);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_THAT(restore::ToText(report), HasSubstr("its token is left out"));
  EXPECT_THAT(restore::ToText(report), Not(HasSubstr(old)));
  EXPECT_TRUE(Within(20, [&] { return !Token().empty() && Token() != old; }));
  EXPECT_EQ(Str(Get("v1", "secrets", ns, "robot-token"),
                {"metadata", "annotations", "kubernetes.io/service-account.uid"}),
            Account());
  ExpectNothingMore(entries);
}

TEST_F(RestoreFields, ALiveTokenIsNotOverwritten) {
  MakeAccount();
  restore::Entries entries = AccountEntries();
  DeleteAccount();
  MakeAccount();
  std::string token = Token();
  EXPECT_TRUE(Restore(entries).nothing_to_do);
  // Nor where something else of the Secret is restored.
  Patch("v1", "secrets", ns, "robot-token", R"({"metadata":{"labels":{"drift":"yes"}}})");
  restore::Report report = Restore(entries);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.updated, 1u) << restore::ToText(report);
  EXPECT_EQ(Token(), token);
  EXPECT_THAT(Get("v1", "secrets", ns, "robot-token"), Not(HasSubstr("drift")));
}

TEST_F(RestoreFields, ATokenWhoseAccountIsStillThereComesBack) {
  MakeAccount();
  restore::Entries entries = AccountEntries();
  std::string token = Token();
  Delete("v1", "secrets", ns, "robot-token");
  restore::Report report = Restore(entries);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(Token(), token);
  ExpectNothingMore(entries);
}

TEST_F(RestoreFields, AddressesThatTheServerCannotGiveAreLeftToIt) {
  std::map<std::string, std::string> made;
  made["anew"] = MakeService("anew", "old", "");
  made["port"] = MakeService("port", "old", R"(,"type":"NodePort")", R"(,"nodePort":31017)");
  made["address"] = MakeService("address", "old", "");
  made["moved"] = MakeService("moved", "old", R"(,"type":"NodePort")", R"(,"nodePort":31018)");
  made["free"] = MakeService("free", "old", R"(,"type":"NodePort")", R"(,"nodePort":31019)");
  made["headless"] = MakeService("headless", "old", R"(,"clusterIP":"None")");
  made["health"] =
      MakeService("health", "old", R"(,"type":"LoadBalancer","externalTrafficPolicy":"Local")");
  made["elsewhere"] =
      json::SetPath(json::SetPath(made["address"], {"spec", "clusterIP"}, "\"172.31.255.17\""),
                    {"spec", "clusterIPs"}, R"(["172.31.255.17"])");
  made["elsewhere"] = json::SetPath(made["elsewhere"], {"metadata", "name"}, "\"elsewhere\"");
  made["range"] = json::SetPath(made["port"], {"metadata", "name"}, "\"range\"");
  made["range"] = json::SetPath(
      json::RemovePath(json::RemovePath(made["range"], {"spec", "clusterIP"}),
                       {"spec", "clusterIPs"}),
      {"spec", "ports"}, R"([{"port":80,"protocol":"TCP","targetPort":80,"nodePort":9999}])");
  made["dual"] = json::SetPath(made["elsewhere"], {"metadata", "name"}, "\"dual\"");
  made["dual"] =
      json::SetPath(made["dual"], {"spec", "clusterIPs"}, R"(["172.31.255.18","fd00::7"])");
  made["dual"] = json::SetPath(made["dual"], {"spec", "clusterIP"}, "\"172.31.255.18\"");
  made["dual"] = json::SetPath(made["dual"], {"spec", "ipFamilies"}, R"(["IPv4","IPv6"])");
  made["dual"] = json::SetPath(made["dual"], {"spec", "ipFamilyPolicy"}, "\"RequireDualStack\"");
  restore::Entries entries;
  for (const auto& [name, text] : made) entries.push_back({Path("services.#v1", name), text});

  std::string address = Str(made["address"], {"spec", "clusterIP"});
  for (std::string name : {"anew", "port", "address", "headless", "health"})
    Delete("v1", "services", ns, name);
  MakeService("anew", "new", "");
  MakeService("other-port", "x", R"(,"type":"NodePort")", R"(,"nodePort":31017)");
  MakeService("other-address", "x", R"(,"clusterIP":")" + address + "\"");
  // One whose port another Service has by now, and one whose port is free.
  Patch("v1", "services", ns, "moved", R"({"spec":{"ports":[{"port":80,"nodePort":31020}]}})");
  MakeService("other-moved", "x", R"(,"type":"NodePort")", R"(,"nodePort":31018)");
  Patch("v1", "services", ns, "free", R"({"spec":{"ports":[{"port":80,"nodePort":31021}]}})");
  std::string kept = Str(Get("v1", "services", ns, "anew"), {"spec", "clusterIP"});

  restore::Report report = Restore(entries);
  std::string text = restore::ToText(report);
  EXPECT_FALSE(report.failed()) << text;
  for (const auto& [name, archived] : made)
    EXPECT_EQ(Str(Get("v1", "services", ns, name), {"spec", "selector", "app"}), "old") << name;
  EXPECT_EQ(Str(Get("v1", "services", ns, "anew"), {"spec", "clusterIP"}), kept);
  EXPECT_THAT(Get("v1", "services", ns, "moved"), HasSubstr("31020"));
  EXPECT_THAT(Get("v1", "services", ns, "free"), HasSubstr("31019"));
  EXPECT_EQ(Str(Get("v1", "services", ns, "headless"), {"spec", "clusterIP"}), "None");
  EXPECT_EQ(Raw(Get("v1", "services", ns, "health"), {"spec", "healthCheckNodePort"}),
            Raw(made["health"], {"spec", "healthCheckNodePort"}));
  for (std::string name : {"anew", "port", "address", "moved", "elsewhere", "range", "dual"})
    EXPECT_THAT(text, HasSubstr("services " + ns + "/" + name + ": spec.")) << text;
  EXPECT_THAT(text, AllOf(HasSubstr("archived 31017"), HasSubstr("archived 9999"),
                          Not(HasSubstr(ns + "/free: spec"))));
  ExpectNothingMore(entries);
}

TEST_F(RestoreFields, PodsComeBackWithoutWhatTheServerComputed) {
  std::string pc = "class-of-" + ns;
  auto make_class = [&](int value) {
    Create("scheduling.k8s.io/v1", "priorityclasses", "",
           R"({"metadata":{"name":")" + pc + R"("},"value":)" + std::to_string(value) + "}");
  };
  auto pod = [&](const std::string& name, const std::string& spec, const std::string& meta = "") {
    return Create("v1", "pods", ns,
                  R"({"metadata":{"name":")" + name + "\"" + meta + R"(},"spec":{)" + spec +
                      R"("containers":[{"name":"c","image":"example.invalid/c"}]}})");
  };
  make_class(1000);
  std::map<std::string, std::string> made;
  for (int i = 0;; ++i) {  // admission takes the class from its cache
    auto answer = rig().client().Create(
        Type("v1", "pods", true), ns,
        R"({"metadata":{"name":"ranked"},"spec":{"priorityClassName":")" + pc +
            R"(","containers":[{"name":"c","image":"example.invalid/c"}]}})");
    if (answer || i > 50) {
      made["ranked"] = Must(std::move(answer));
      break;
    }
    Clock::Real().Sleep(std::chrono::milliseconds(100), {});
  }
  made["debugged"] = json::SetPath(
      pod("debugged", ""), {"spec", "ephemeralContainers"},
      R"([{"name":"dbg","image":"example.invalid/d","terminationMessagePolicy":"File"}])");
  made["placed"] = json::SetPath(pod("placed", ""), {"spec", "nodeName"}, "\"gone-node\"");
  // As clusters before 1.24 have them.
  made["token"] = json::SetPath(pod("token", ""), {"spec", "volumes"},
                                R"([{"name":"default-token-x7k2p","secret":{"secretName":)"
                                R"("default-token-x7k2p"}},{"name":"own","emptyDir":{}}])");
  made["token"] = json::SetPath(
      made["token"], {"spec", "containers"},
      R"([{"name":"c","image":"example.invalid/c","resources":{},"imagePullPolicy":"Always",)"
      R"("terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File",)"
      R"("volumeMounts":[{"name":"default-token-x7k2p",)"
      R"("mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"},)"
      R"({"name":"own","mountPath":"/own"}]}])");
  made["mirror"] = json::SetPath(pod("mirror", ""), {"metadata", "annotations"},
                                 R"({"kubernetes.io/config.mirror":"abc"})");
  restore::Entries entries;
  for (const auto& [name, text] : made) {
    entries.push_back({Path("pods.#v1", name), text});
    Delete("v1", "pods", ns, name);
  }
  Delete("scheduling.k8s.io/v1", "priorityclasses", "", pc);
  make_class(2000);
  Clock::Real().Sleep(std::chrono::milliseconds(500), {});

  restore::Report report = Restore(entries);
  std::string text = restore::ToText(report);
  EXPECT_FALSE(report.failed()) << text;
  EXPECT_EQ(report.counts.created, 4u) << text;
  EXPECT_EQ(Raw(Get("v1", "pods", ns, "ranked"), {"spec", "priority"}), "2000");
  EXPECT_EQ(Str(Get("v1", "pods", ns, "placed"), {"spec", "nodeName"}), "");
  EXPECT_THAT(Get("v1", "pods", ns, "token"),
              AllOf(Not(HasSubstr("default-token")), HasSubstr("/own")));
  EXPECT_THAT(text, AllOf(HasSubstr("spec.priority is 2000, archived 1000"),
                          HasSubstr("spec.ephemeralContainers"), HasSubstr("no node gone-node"),
                          HasSubstr("pods " + ns + "/mirror: mirror of a static Pod")));
  EXPECT_FALSE(rig().Exists("v1", "pods", ns, "mirror"));
  // The plan stays empty once a Pod has been debugged or placed.
  ExpectNothingMore(entries);
  for (std::string name : {"debugged", "token"})
    Patch("v1", "pods", ns, name, R"({"metadata":{"labels":{"drift":"yes"}}})");
  report = Restore(entries);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.updated, 2u) << restore::ToText(report);
  ExpectNothingMore(entries);
}

TEST_F(RestoreFields, BookkeepingOfTheControlPlaneStaysItsOwn) {
  struct Object {
    std::string api_version, plural, type, text;
    std::string in;
  };
  std::string own = "of-" + ns;
  std::map<std::string, Object> objects = {
      {"lease",
       {"coordination.k8s.io/v1", "leases", "leases.coordination.k8s.io#v1",
        R"({"metadata":{"name":"lease"},"spec":{"holderIdentity":"old-holder",)"
        R"("leaseDurationSeconds":15,"leaseTransitions":3,"renewTime":"2020-01-01T00:00:00.000000Z"}})",
        ns}},
      {"set",
       {"apps/v1", "replicasets", "replicasets.apps#v1",
        R"({"metadata":{"name":"set","annotations":{"deployment.kubernetes.io/revision":"3"}},)"
        R"("spec":{"replicas":0,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":)"
        R"({"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"example.invalid/c"}]}}}})",
        ns}},
      {"revision",
       {"apps/v1", "controllerrevisions", "controllerrevisions.apps#v1",
        R"({"metadata":{"name":"revision"},"data":{"a":1},"revision":3})", ns}},
      {"slice",
       {"discovery.k8s.io/v1", "endpointslices", "endpointslices.discovery.k8s.io#v1",
        R"({"metadata":{"name":"slice"},"addressType":"IPv4","endpoints":[{"addresses":["10.9.8.7"],)"
        R"("targetRef":{"kind":"Pod","name":"p","namespace":"x","uid":"old-uid","resourceVersion":"5"}}]})",
        ns}},
      {"points",
       {"v1", "endpoints", "endpoints.#v1",
        R"({"metadata":{"name":"points"},"subsets":[{"addresses":[{"ip":"10.9.8.7",)"
        R"("targetRef":{"kind":"Pod","name":"p","namespace":"x","uid":"old-uid"}}],)"
        R"("ports":[{"port":1}]}]})",
        ns}},
      {own + "-node",
       {"v1", "nodes", "nodes.#v1",
        R"({"metadata":{"name":")" + own +
            R"(-node"},"spec":{"podCIDR":"10.77.0.0/24","podCIDRs":["10.77.0.0/24"],"taints":)"
            R"([{"key":"mine","effect":"NoSchedule"}]}})",
        ""}},
      {own + "-role",
       {"rbac.authorization.k8s.io/v1", "clusterroles", "clusterroles.rbac.authorization.k8s.io#v1",
        R"({"metadata":{"name":")" + own +
            R"(-role"},"aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"into":")" + own +
            R"("}}]},"rules":[]})",
        ""}},
  };
  restore::Entries entries;
  for (auto& [name, object] : objects) {
    std::string made = Create(object.api_version, object.plural, object.in, object.text);
    entries.push_back(
        {object.type + "/" + (object.in.empty() ? "" : object.in + "/") + name + ".json", made});
    Delete(object.api_version, object.plural, object.in, name);
  }
  std::string csr =
      R"({"apiVersion":"certificates.k8s.io/v1","kind":"CertificateSigningRequest","metadata":)"
      R"({"name":"csr-)" +
      own +
      R"("},"spec":{"request":"LS0=","signerName":"example.com/x","usages":["digital signature"]}})";
  entries.push_back(
      {"certificatesigningrequests.certificates.k8s.io#v1/csr-" + own + ".json", csr});
  entries.push_back(
      {"ipaddresses.networking.k8s.io#v1/10.0.77.77.json",
       R"({"apiVersion":"networking.k8s.io/v1","kind":"IPAddress","metadata":{"name":"10.0.77.77",)"
       R"("labels":{"ipaddress.kubernetes.io/managed-by":"ipallocator"}},"spec":{"parentRef":)"
       R"({"resource":"services","namespace":"x","name":"y"}}})"});
  entries.push_back(
      {"apiservices.apiregistration.k8s.io#v1/v1beta9.apps.json",
       R"({"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":)"
       R"("v1beta9.apps","labels":{"kube-aggregator.kubernetes.io/automanaged":"onstart"}},)"
       R"("spec":{"group":"apps","version":"v1beta9","groupPriorityMinimum":1,"versionPriority":1}})"});

  restore::Report report = Restore(entries);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.created, objects.size()) << restore::ToText(report);
  EXPECT_EQ(report.counts.skipped, 3u) << restore::ToText(report);
  EXPECT_THAT(Get("coordination.k8s.io/v1", "leases", ns, "lease"),
              AllOf(Not(HasSubstr("old-holder")), Not(HasSubstr("2020")),
                    HasSubstr("\"leaseTransitions\":3")));
  for (auto [version, plural, name] : {std::tuple{"discovery.k8s.io/v1", "endpointslices", "slice"},
                                       std::tuple{"v1", "endpoints", "points"}})
    EXPECT_THAT(Get(version, plural, ns, name),
                AllOf(HasSubstr("10.9.8.7"), Not(HasSubstr("old-uid"))));
  EXPECT_EQ(Str(Get("v1", "nodes", "", own + "-node"), {"spec", "podCIDR"}), "10.77.0.0/24");
  ExpectNothingMore(entries);

  // The control plane goes on with its books.
  Patch("coordination.k8s.io/v1", "leases", ns, "lease",
        R"({"spec":{"holderIdentity":"new-holder","leaseTransitions":4}})");
  Patch("apps/v1", "replicasets", ns, "set",
        R"({"metadata":{"annotations":{"deployment.kubernetes.io/revision":"5"}}})");
  Patch("apps/v1", "controllerrevisions", ns, "revision", R"({"revision":5})");
  Patch("v1", "nodes", "", own + "-node",
        R"({"spec":{"taints":[{"key":"mine","effect":"NoSchedule"},)"
        R"({"key":"node.cloudprovider.kubernetes.io/shutdown","effect":"NoSchedule"}]}})");
  Create("rbac.authorization.k8s.io/v1", "clusterroles", "",
         R"({"metadata":{"name":")" + own + R"(-part","labels":{"into":")" + own +
             R"("}},"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]})");
  ASSERT_TRUE(Within(20, [&] {
    return Get("rbac.authorization.k8s.io/v1", "clusterroles", "", own + "-role").find("pods") !=
           std::string::npos;
  }));
  ExpectNothingMore(entries);

  // What is written for another reason leaves them alone.
  for (const auto& [name, object] : objects)
    Patch(object.api_version, object.plural, object.in, name,
          R"({"metadata":{"labels":{"drift":"yes"}}})");
  report = Restore(entries);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.updated, objects.size()) << restore::ToText(report);
  EXPECT_THAT(Get("coordination.k8s.io/v1", "leases", ns, "lease"), HasSubstr("new-holder"));
  EXPECT_THAT(Get("apps/v1", "replicasets", ns, "set"),
              HasSubstr(R"("deployment.kubernetes.io/revision":"5")"));
  EXPECT_EQ(Raw(Get("apps/v1", "controllerrevisions", ns, "revision"), {"revision"}), "5");
  EXPECT_THAT(Get("v1", "nodes", "", own + "-node"),
              AllOf(HasSubstr("mine"), HasSubstr("node.cloudprovider.kubernetes.io/shutdown")));
  EXPECT_THAT(Get("rbac.authorization.k8s.io/v1", "clusterroles", "", own + "-role"),
              HasSubstr("pods"));
  ExpectNothingMore(entries);
}

TEST_F(RestoreFields, TheControlPlanesCertificateIsKept) {
  ASSERT_TRUE(Within(20, [&] { return rig().Exists("v1", "configmaps", ns, "kube-root-ca.crt"); }));
  std::string live = Get("v1", "configmaps", ns, "kube-root-ca.crt");
  restore::Entries entries = {{Path("configmaps.#v1", "kube-root-ca.crt"),
                               json::SetPath(live, {"data", "ca.crt"}, "\"of another cluster\"")}};
  ExpectNothingMore(entries);
  Patch("v1", "configmaps", ns, "kube-root-ca.crt", R"({"metadata":{"labels":{"drift":"yes"}}})");
  restore::Report report = Restore(entries);
  EXPECT_FALSE(report.failed()) << restore::ToText(report);
  EXPECT_EQ(report.counts.updated, 1u);
  EXPECT_EQ(Str(Get("v1", "configmaps", ns, "kube-root-ca.crt"), {"data", "ca.crt"}),
            Str(live, {"data", "ca.crt"}));
}

}  // namespace
}  // namespace holdfast::tests
