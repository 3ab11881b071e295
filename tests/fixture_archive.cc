#include "tests/fixture_archive.h"

#include <algorithm>
#include <map>
#include <set>

#include "archive/scan.h"
#include "base/json_canonical.h"
#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "crypto/encryption_config.h"
#include "kube/discovery.h"
#include "stream/file_source.h"
#include "stream/gzip.h"
#include "stream/stream.h"
#include "tests/plane_client.h"

namespace holdfast::tests {
namespace {

class Collector : public archive::ScanHandler {
 public:
  explicit Collector(const crypto::Transformers& keys) : keys_(keys) {}
  Status Filters(std::string_view) override { return {}; }
  Status Entry(const archive::ScanEntry& entry) override {
    HF_ASSIGN(std::string json, keys_.DecryptEntry(entry.name.plural, entry.name.group,
                                                   entry.name.DataContext(), entry.stored));
    objects_.push_back({entry.name, std::move(json)});
    return {};
  }
  std::vector<ArchivedObject> Take() { return std::move(objects_); }

 private:
  const crypto::Transformers& keys_;
  std::vector<ArchivedObject> objects_;
};

bool EndsWith(const std::string& text, std::string_view end) { return text.ends_with(end); }

bool BuiltinGroup(const std::string& group) { return group.find("cattle.io") == std::string::npos; }

// What spec 7.9 adds to a counter: an integer exactly, a fraction without its fraction.
std::string PlusOne(std::string_view number) {
  std::string text(number.substr(0, number.find('.')));
  return std::to_string(std::stoll(text) + 1);
}

std::string WithCounter(std::string json, const char* field) {
  auto spec = json::Find(json, {"spec"});
  if (spec && json::TypeOf(*spec) != json::Type::kObject) return json;
  auto old = json::Find(json, {"spec", field});
  if (!old) return json::SetPath(json, {"spec", field}, "1");
  if (json::TypeOf(*old) != json::Type::kNumber) return json;
  return json::SetPath(json, {"spec", field}, PlusOne(*old));
}

bool IsRole(const std::string& kind) { return kind == "GlobalRole" || kind == "RoleTemplate"; }

struct Owner {
  std::string api_version, kind, name, uid;
};

std::vector<Owner> OwnersOf(std::string_view object) {
  std::vector<Owner> owners;
  auto list = json::Find(object, {"metadata", "ownerReferences"});
  if (!list) return owners;
  for (json::ArrayReader reader(*list); auto item = reader.Next();) {
    auto get = [&](const char* key) { return json::FindString(*item, {key}).value_or(""); };
    owners.push_back({get("apiVersion"), get("kind"), get("name"), get("uid")});
  }
  return owners;
}

}  // namespace

std::filesystem::path FixtureDir() {
  return std::filesystem::path(HOLDFAST_FIXTURES) / "reference";
}

crypto::Transformers FixtureKeys(const std::string& name) {
  if (name.empty()) return crypto::Transformers::None();
  auto config =
      Must(crypto::EncryptionConfig::Load(FixtureDir() / "encryption" / (name + ".yaml")));
  return Must(crypto::Transformers::Build(std::move(config)));
}

Result<std::vector<ArchivedObject>> ReadObjects(const std::filesystem::path& archive,
                                                const crypto::Transformers& keys) {
  HF_ASSIGN(stream::FileSource file, stream::FileSource::Open(archive));
  Collector collector(keys);
  HF_TRY(archive::Scan(file, collector));
  return collector.Take();
}

std::string Comparable(const archive::EntryName& name, std::string_view object) {
  std::string json(object);
  for (const char* field :
       {"uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink",
        "deletionTimestamp", "deletionGracePeriodSeconds", "ownerReferences"}) {
    json = json::RemovePath(json, {"metadata", field});
  }
  bool null_status = json::Find(json, {"status"}).value_or("") == "null";
  if (BuiltinGroup(name.group) || null_status) json = json::RemoveKeys(json, {"status"});
  return json::Canonical(json);
}

Expectation Expected(const ArchivedObject& object) {
  Expectation expected;
  const archive::EntryName& name = object.name;
  std::string json = object.json;
  if (name.plural == "globalroles" || name.plural == "roletemplates") {
    std::string builtin(json::Find(json, {"builtin"}).value_or(""));
    expected.skipped = builtin == "true" || builtin == "\"true\"";
  }
  if (name.group == "apps" && name.plural == "deployments" && name.ns == "cattle-system") {
    expected.skipped = EndsWith(name.name, "rancher") || EndsWith(name.name, "rancher-webhook");
  }
  if (name.group.empty() && name.plural == "secrets") {
    expected.skipped = json::FindString(json, {"type"}).value_or("") ==
                       "fleet.cattle.io/cluster-registration-values";
  }
  if (name.group.empty() && name.plural == "serviceaccounts") {
    json = json::RemoveKeys(json, {"secrets"});
  }
  if (name.plural == "clusters" && name.group == "fleet.cattle.io") {
    json = WithCounter(json, "redeployAgentGeneration");
  }
  if (name.plural == "clusters" && name.group == "provisioning.cattle.io") {
    json = WithCounter(json, "redeploySystemAgentGeneration");
  }
  if (name.plural == "clusters" && name.group == "management.cattle.io") {
    json = json::SetPath(json, {"metadata", "annotations", "io.cattle.agent.force.deploy"},
                         "\"true\"");
  }
  expected.json = Comparable(name, json);
  return expected;
}

std::vector<std::string> Differences(kube::Client& client,
                                     const std::vector<ArchivedObject>& objects, bool was_empty) {
  std::vector<std::string> differences;
  auto discovery = Must(kube::Discovery::Fetch(client));
  auto add = [&](const archive::EntryName& name, const std::string& text) {
    differences.push_back(name.ToString() + ": " + text);
  };
  auto uid_of = [&](const Owner& owner, const std::string& ns) -> std::string {
    auto gv = kube::GroupVersion::Parse(owner.api_version);
    const kube::ResourceType* type = gv ? discovery.ByGroupKind(gv->group, owner.kind) : nullptr;
    if (type == nullptr || (type->namespaced && ns.empty())) return "";
    auto live = client.Get(*type, type->namespaced ? ns : "", owner.name);
    return live ? json::FindString(*live, {"metadata", "uid"}).value_or("") : "";
  };
  for (const ArchivedObject& object : objects) {
    const archive::EntryName& name = object.name;
    const kube::ResourceType* type = discovery.ByPlural({name.group, name.version}, name.plural);
    if (type == nullptr) {
      add(name, "the server does not have its type");
      continue;
    }
    Expectation expected = Expected(object);
    auto live = client.Get(*type, name.ns, name.name);
    if (expected.skipped) {
      if (was_empty && live) add(name, "is there, but must not be restored");
      continue;
    }
    if (!live) {
      add(name, live.error().ToString());
      continue;
    }
    // A token's account is named by uid, so that the control plane does not delete the Secret.
    if (json::FindString(*live, {"type"}).value_or("") == "kubernetes.io/service-account-token") {
      std::initializer_list<std::string_view> path = {"metadata", "annotations",
                                                      "kubernetes.io/service-account.uid"};
      std::string account =
          json::FindString(*live, {"metadata", "annotations", "kubernetes.io/service-account.name"})
              .value_or("");
      std::string uid = uid_of({"v1", "ServiceAccount", account, ""}, name.ns);
      if (!uid.empty()) {
        ArchivedObject mapped{name, json::SetPath(object.json, path, json::Quote(uid))};
        // The token of an account that had another uid is accepted nowhere: the control plane fills
        // the Secret again.
        if (json::FindString(object.json, path) != uid)
          mapped.json = json::RemoveKeys(mapped.json, {"data"});
        expected = Expected(mapped);
      }
    }
    std::string now = Comparable(name, *live);
    if (now != expected.json) {
      add(name, "\n    expected " + expected.json + "\n    found    " + now);
    }
    std::vector<Owner> kept;
    for (const Owner& owner : OwnersOf(object.json)) {
      std::string uid = uid_of(owner, name.ns);
      if (!uid.empty()) kept.push_back({owner.api_version, owner.kind, owner.name, uid});
    }
    // References to roles do not count by themselves (spec 7.4).
    if (std::all_of(kept.begin(), kept.end(), [](const Owner& o) { return IsRole(o.kind); })) {
      kept.clear();
    }
    std::vector<Owner> found = OwnersOf(*live);
    auto text = [](const std::vector<Owner>& owners) {
      std::string out;
      for (const Owner& o : owners)
        out += " " + o.api_version + "/" + o.kind + "/" + o.name + "/" + o.uid;
      return out.empty() ? " none" : out;
    };
    if (text(kept) != text(found)) {
      add(name, "owners\n    expected" + text(kept) + "\n    found   " + text(found));
    }
  }
  return differences;
}

std::vector<std::string> FixtureLines(const std::string& file) {
  auto source = Must(stream::FileSource::Open(FixtureDir() / file));
  std::string text;
  if (file.ends_with(".gz")) {
    stream::GunzipSource gunzip(source);
    text = Must(stream::ReadAll(gunzip, size_t{64} << 20));
  } else {
    text = Must(stream::ReadAll(source, size_t{64} << 20));
  }
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace holdfast::tests
