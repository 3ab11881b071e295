#include "testbed/object_body.h"

#include <algorithm>
#include <array>

#include "base/json_text.h"

namespace holdfast::testbed {
namespace {

std::string StringList(std::initializer_list<std::string_view> values) {
  std::string out = "[";
  for (std::string_view value : values) {
    if (out.size() > 1) out += ',';
    json::AppendQuoted(out, value);
  }
  return out + "]";
}

constexpr std::array<std::string_view, 6> kGroups = {
    "", "apps", "management.cattle.io", "project.cattle.io", "fleet.cattle.io", "*"};
constexpr std::array<std::string_view, 7> kResources = {
    "pods", "secrets", "configmaps", "projects", "clusters", "deployments/scale", "*"};
constexpr std::array<std::string_view, 6> kVerbs = {"get",    "list",   "watch",
                                                    "create", "update", "*"};

std::string Rules(Random& random, size_t bytes) {
  std::string out = "[";
  do {
    if (out.size() > 1) out += ',';
    ObjectWriter rule(out);
    rule.Raw("apiGroups", StringList({kGroups[random.Below(kGroups.size())]}));
    rule.Raw("resources",
             StringList({kResources[random.Below(kResources.size())], RandomName(random, 8)}));
    if (random.Chance(20)) rule.Raw("resourceNames", StringList({RandomName(random, 12)}));
    rule.Raw("verbs", StringList({kVerbs[random.Below(kVerbs.size())], "deletecollection"}));
    rule.End();
  } while (out.size() < bytes);
  return out + "]";
}

void WriteSecret(ObjectWriter& object, std::string& out, Random& random, const ObjectKind& kind) {
  size_t bytes = random.Skewed(100, 1500);
  unsigned dice = static_cast<unsigned>(random.Below(1000));
  std::string_view type = "Opaque";
  if (kind.owner >= 0) {
    type = "rke.cattle.io/machine-plan";
    bytes = random.Skewed(kind.smallest, kind.largest);
  } else if (dice < 4) {
    bytes = random.Skewed(100'000, kind.largest);
  } else if (dice < 90) {
    type = "helm.sh/release.v1";
    bytes = random.Skewed(4'000, 60'000);
  } else if (dice < 250) {
    bytes = random.Skewed(1'500, 12'000);
  } else if (dice < 300) {
    type = "kubernetes.io/tls";
  } else if (dice < 340) {
    type = "kubernetes.io/basic-auth";
  } else if (dice < 380) {
    type = "kubernetes.io/dockerconfigjson";
  } else if (dice < 460) {
    type = "provisioning.cattle.io/cloud-credential";
  }
  object.Text("type", type);
  object.Key("data");
  ObjectWriter data(out);
  if (type == "kubernetes.io/tls") {
    data.Text("tls.crt", RandomBase64(random, bytes)).Text("tls.key", RandomBase64(random, 240));
  } else if (type == "kubernetes.io/basic-auth") {
    data.Text("username", RandomBase64(random, 12)).Text("password", RandomBase64(random, 24));
  } else if (type == "kubernetes.io/dockerconfigjson") {
    data.Text(".dockerconfigjson", "eyJhdXRocyI6e319");  // {"auths":{}}
  } else if (type == "helm.sh/release.v1") {
    data.Text("release", RandomBase64(random, bytes));
  } else {
    size_t keys = bytes > 50'000 ? 1 : random.Between(1, 5);
    for (size_t i = 0; i < keys; ++i) {
      data.Text("key-" + std::to_string(i) + ".pem", RandomBase64(random, bytes / keys + 1));
    }
  }
  data.End();
}

void WriteConfigMap(ObjectWriter& object, std::string& out, Random& random,
                    const ObjectKind& kind) {
  size_t bytes = random.Skewed(kind.smallest, std::min<uint64_t>(kind.largest, 16'000));
  if (kind.largest > 16'000 && random.Chance(2)) bytes = random.Skewed(40'000, kind.largest);
  object.Key("data");
  ObjectWriter data(out);
  size_t keys = random.Between(1, 6);
  for (size_t i = 0; i < keys; ++i) {
    data.Text("file-" + std::to_string(i) + ".yaml", Prose(random, bytes / keys + 1));
  }
  data.End();
  if (random.Chance(3)) {
    object.Key("binaryData");
    ObjectWriter binary(out);
    binary.Text("blob.bin", RandomBase64(random, random.Between(10, 400)));
    binary.End();
  }
}

void WriteDeployment(ObjectWriter& object, std::string& out, Random& random, uint64_t bytes) {
  std::string app = "{\"app\":\"" + RandomName(random, 8) + "\"}";
  std::string env = "[";
  while (env.size() < bytes) {
    if (env.size() > 1) env += ',';
    ObjectWriter variable(env);
    variable.Text("name", "VAR_" + RandomName(random, 6)).Text("value", Prose(random, 40));
    variable.End();
  }
  env += "]";
  object.Key("spec");
  ObjectWriter spec(out);
  spec.Number("replicas", static_cast<int64_t>(random.Below(4)));
  spec.Raw("selector", "{\"matchLabels\":" + app + "}");
  spec.Raw("template", "{\"metadata\":{\"labels\":" + app +
                           "},\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":"
                           "\"registry.example.org/rancher/agent:v2.14.0\",\"env\":" +
                           env + "}]}}");
  spec.End();
}

void WriteRbacBinding(ObjectWriter& object, Random& random, bool namespaced) {
  std::string role;
  ObjectWriter ref(role);
  ref.Text("apiGroup", "rbac.authorization.k8s.io");
  ref.Text("kind", namespaced && random.Chance(50) ? "Role" : "ClusterRole");
  ref.Text("name", "cattle-cr-" + RandomName(random, 6));
  ref.End();
  object.Raw("roleRef", role);
  std::string subjects = "[";
  for (uint64_t i = random.Between(1, 3); i > 0; --i) {
    if (subjects.size() > 1) subjects += ',';
    ObjectWriter subject(subjects);
    subject.Text("apiGroup", "rbac.authorization.k8s.io");
    subject.Text("kind", random.Chance(80) ? "User" : "Group");
    subject.Text("name", random.Chance(10) ? "u:müller@example.org" : "u-" + RandomName(random, 6));
    subject.End();
  }
  object.Raw("subjects", subjects + "]");
}

}  // namespace

void WriteBody(ObjectWriter& object, std::string& out, Random& random, const ObjectKind& kind,
               const std::string& ns) {
  uint64_t bytes = kind.smallest == 0 ? 0 : random.Skewed(kind.smallest, kind.largest);
  switch (kind.body) {
    case Body::kTree:
      object.Key("spec");
      AppendTree(out, random, bytes);
      break;
    case Body::kSetting:
      object.Text("default", Prose(random, bytes / 2)).Text("value", Prose(random, bytes / 2));
      object.Text("source", random.Chance(50) ? "env" : "");
      break;
    case Body::kFeature:
      object.Key("spec");
      out += random.Chance(50) ? "{\"value\":null}" : "{\"value\":true}";
      object.Text("description", Prose(random, bytes));
      break;
    case Body::kUser:
      object.Text("displayName", Prose(random, 20))
          .Text("username", "user-" + RandomName(random, 8));
      object.Raw("principalIds", StringList({"local://u-" + RandomName(random, 6),
                                             "openldap_user://cn=" + Prose(random, bytes)}));
      object.Bool("enabled", random.Chance(95)).Bool("mustChangePassword", false);
      break;
    case Body::kToken:
      object.Text("userId", "u-" + RandomName(random, 6)).Text("authProvider", "local");
      object.Text("token", RandomName(random, 54))
          .Number("ttl", 57'600'000)
          .Bool("isDerived", true);
      object.Text("description", Prose(random, bytes)).Text("expiresAt", "2031-01-02T03:04:05Z");
      break;
    case Body::kRules:
      object.Text("displayName", Prose(random, 24)).Raw("rules", Rules(random, bytes));
      object.Bool("builtin", false).Text("context", "cluster");
      break;
    case Body::kBinding:
      object.Text("userName", "u-" + RandomName(random, 6)).Text("roleTemplateName", "rt-owner");
      object.Text("userPrincipalName", "local://" + Prose(random, bytes));
      if (!ns.empty()) object.Text("projectName", "c-m-" + RandomName(random, 6) + ":" + ns);
      break;
    case Body::kProject:
      object.Key("spec");
      AppendTree(out, random, bytes);
      break;
    case Body::kContent:
      object.Text("content", RandomBase64(random, bytes * 3 / 4));
      object.Text("sha256sum", RandomName(random, 64));
      break;
    case Body::kBundle: {
      std::string resources = "[";
      do {
        if (resources.size() > 1) resources += ',';
        ObjectWriter resource(resources);
        resource.Text("name", "manifests/" + RandomName(random, 10) + ".yaml");
        resource.Text("content", RandomBase64(random, std::min<uint64_t>(bytes, 12'000) * 3 / 4));
        resource.Text("encoding", "base64+gz");
        resource.End();
      } while (resources.size() < bytes);
      object.Key("spec");
      ObjectWriter spec(out);
      spec.Raw("resources", resources + "]").Text("defaultNamespace", Prose(random, 10));
      spec.Number("generation", (int64_t{1} << 60) + static_cast<int64_t>(random.Below(1000)));
      spec.End();
      break;
    }
    case Body::kSecret: WriteSecret(object, out, random, kind); break;
    case Body::kConfigMap: WriteConfigMap(object, out, random, kind); break;
    case Body::kServiceAccount:
      if (random.Chance(30)) object.Raw("imagePullSecrets", "[{\"name\":\"registry\"}]");
      break;
    case Body::kRbacRole: object.Raw("rules", Rules(random, bytes)); break;
    case Body::kRbacBinding: WriteRbacBinding(object, random, kind.type.namespaced); break;
    case Body::kDeployment: WriteDeployment(object, out, random, bytes); break;
  }
}

void WriteLargeSecret(ObjectWriter& object, std::string& out, Random& random, size_t bytes) {
  object.Text("type", "Opaque");
  object.Key("data");
  ObjectWriter data(out);
  data.Text("blob", RandomBase64(random, bytes));
  data.End();
}

std::string StatusBody(Random& random, const ObjectKind& kind) {
  std::string out;
  ObjectWriter status(out);
  std::string conditions = "[";
  for (std::string_view type : {"Ready", "Created", "BackingNamespaceCreated"}) {
    if (conditions.size() > 1) conditions += ',';
    ObjectWriter condition(conditions);
    condition.Text("type", type).Text("status", random.Chance(90) ? "True" : "Unknown");
    condition.Text("lastUpdateTime", "2026-01-27T02:00:00Z").Text("message", Prose(random, 12));
    condition.End();
  }
  status.Raw("conditions", conditions + "]").Number("observedGeneration", 1);
  status.Number("observedBytes", (int64_t{1} << 53) + static_cast<int64_t>(random.Next() >> 3));
  status.Key("detail");
  AppendTree(out, random, random.Skewed(100, std::max<uint64_t>(200, kind.largest / 6)));
  status.End();
  return out;
}

}  // namespace holdfast::testbed
