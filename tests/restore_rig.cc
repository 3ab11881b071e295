#include "tests/restore_rig.h"

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "kube/discovery.h"
#include "restore/crds.h"
#include "storage/local_store.h"
#include "tests/fixture_archive.h"

namespace holdfast::tests {
namespace {

// As the operator's chart brings them, less their schemas.
std::string OperatorCrd(const std::string& kind, const std::string& plural) {
  return R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":")" +
         plural +
         R"(.resources.cattle.io"},"spec":{"group":"resources.cattle.io","scope":"Cluster","names":{"kind":")" +
         kind + R"(","plural":")" + plural +
         R"("},"versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{}},"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}})";
}

}  // namespace

RestoreRig::RestoreRig(testbed::ControlPlaneOptions options)
    : plane_(Must(testbed::ControlPlane::Start(std::move(options)))),
      client_(ClientOf(plane_->kubeconfig())) {
  std::vector<std::string> names;
  for (auto [kind, plural] :
       {std::pair{"Backup", "backups"}, {"Restore", "restores"}, {"ResourceSet", "resourcesets"}}) {
    Must(client_->Create(restore::CrdType(), "", OperatorCrd(kind, plural)));
    names.push_back(std::string(plural) + ".resources.cattle.io");
  }
  restore::ClientApi api(*client_, {});
  restore::ReportBuilder report;
  Must(restore::WaitEstablished(api, names, std::chrono::seconds(30), report, Clock::Real(), {}));
  for (int i = 0; i < 300; ++i) {
    if (Discover().ByPlural({"resources.cattle.io", "v1"}, "resourcesets") != nullptr) return;
    Clock::Real().Sleep(std::chrono::milliseconds(100), {});
  }
  throw std::runtime_error("the operator's CRDs are not served");
}

Result<restore::Report> RestoreRig::Restore(const std::string& archive,
                                            const crypto::Transformers& keys,
                                            const restore::Options& options, std::stop_token stop) {
  storage::LocalStore store(FixtureDir() / "archives");
  restore::Progress progress;
  return restore::Run(*client_, store, archive, keys, options, progress, QuietLog(), Clock::Real(),
                      stop);
}

Result<restore::Report> RestoreRig::RestorePlain(const restore::Options& options) {
  return Restore(FixtureArchive("plain-"), crypto::Transformers::None(), options);
}

void RestoreRig::Drift() {
  for (const std::string& line : FixtureLines("drift.jsonl")) {
    std::string op = json::FindString(line, {"op"}).value();
    std::string_view source = op == "create" ? json::Find(line, {"object"}).value() : line;
    std::string api_version = json::FindString(source, {"apiVersion"}).value();
    std::string kind = json::FindString(source, {"kind"}).value();
    auto gv = Must(kube::GroupVersion::Parse(api_version));
    const kube::ResourceType* type = nullptr;
    kube::Discovery discovery = Discover();
    for (int i = 0; i < 300 && type == nullptr; ++i) {
      if (i != 0) Clock::Real().Sleep(std::chrono::milliseconds(100), {});
      discovery = Discover();
      type = discovery.ByKind(gv, kind);
    }
    if (type == nullptr) throw std::runtime_error("no " + kind + " in " + api_version);
    if (op == "create") {
      std::string ns = json::FindString(source, {"metadata", "namespace"}).value_or("");
      // A CRD is served a moment before its objects can be created.
      for (int i = 0;; ++i) {
        auto made = client_->Create(*type, ns, source);
        if (made) break;
        if (made.error().reason() == "AlreadyExists") {
          // The reference had not restored it (spec 11, D2, D3); here the drift changes it.
          std::string name = json::FindString(source, {"metadata", "name"}).value();
          std::string live = Must(client_->Get(*type, ns, name));
          Must(client_->Update(*type, ns, name,
                               json::SetPath(source, {"metadata", "resourceVersion"},
                                             *json::Find(live, {"metadata", "resourceVersion"}))));
          break;
        }
        if (made.error().kind() != ErrorKind::kNotFound || i > 100) Must(std::move(made));
        Clock::Real().Sleep(std::chrono::milliseconds(100), {});
      }
      continue;
    }
    std::string ns = json::FindString(line, {"namespace"}).value_or("");
    std::string name = json::FindString(line, {"name"}).value();
    if (op == "delete") {
      Must(client_->Delete(*type, ns, name));
      continue;
    }
    std::string_view patch = json::Find(line, {"patch"}).value();
    if (json::TypeOf(patch) == json::Type::kObject) {
      Must(client_->Patch(*type, ns, name, kube::PatchType::kMerge, patch));
      continue;
    }
    // "add-version-v2": a copy of v1, stored from now on.
    std::string crd = Must(client_->Get(*type, ns, name));
    std::string versions, copy;
    for (json::ArrayReader reader(*json::Find(crd, {"spec", "versions"}));
         auto v = reader.Next();) {
      versions += (versions.empty() ? "" : ",") + json::SetKey(*v, "storage", "false");
      if (json::FindString(*v, {"name"}) == "v1") {
        copy = json::SetKey(json::SetKey(*v, "name", "\"v2\""), "storage", "true");
      }
    }
    crd = json::SetPath(crd, {"spec", "versions"}, "[" + versions + "," + copy + "]");
    Must(client_->Update(*type, ns, name, crd));
  }
}

bool RestoreRig::Exists(const std::string& api_version, const std::string& plural,
                        const std::string& ns, const std::string& name) {
  kube::ResourceType type;
  type.gv = Must(kube::GroupVersion::Parse(api_version));
  type.plural = plural;
  type.namespaced = !ns.empty();
  auto object = client_->Get(type, ns, name);
  if (!object && object.error().kind() != ErrorKind::kNotFound) Must(std::move(object));
  return object.has_value();
}

std::string RestoreRig::Get(const std::string& api_version, const std::string& plural,
                            const std::string& ns, const std::string& name) {
  kube::ResourceType type;
  type.gv = Must(kube::GroupVersion::Parse(api_version));
  type.plural = plural;
  type.namespaced = !ns.empty();
  return Must(client_->Get(type, ns, name));
}

std::string RestoreRig::Replicas(const std::string& ns, const std::string& name) {
  std::string text = Get("apps/v1", "deployments", ns, name);
  return std::string(json::Find(text, {"spec", "replicas"}).value_or("none"));
}

std::string FixtureArchive(const std::string& prefix) {
  for (const auto& file : std::filesystem::directory_iterator(FixtureDir() / "archives")) {
    std::string name = file.path().filename().string();
    if (name.starts_with(prefix)) return name;
  }
  throw std::runtime_error("no archive " + prefix);
}

}  // namespace holdfast::tests
