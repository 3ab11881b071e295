// The floor of a restore: POSTs every object of a plain archive, 32 at a time, and PUTs the status
// of custom resources that have the subresource. It compares nothing, orders nothing but CRDs and
// namespaces before the rest, and mends nothing.
// usage: restore_floor KUBECONFIG ARCHIVE
#include <cstdio>

#include "archive/scan.h"
#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/workers.h"
#include "kube/client.h"
#include "kube/discovery.h"
#include "stream/file_source.h"

namespace holdfast::bench {
namespace {

constexpr size_t kParallel = 32;

struct Body {
  archive::EntryName name;
  std::string json;
};

class Collect : public archive::ScanHandler {
 public:
  Status Filters(std::string_view) override { return {}; }
  Status Entry(const archive::ScanEntry& entry) override {
    auto& list = entry.name.plural == "customresourcedefinitions" ? crds
                 : entry.name.ns.empty()                          ? cluster
                                                                  : namespaced;
    list.push_back({entry.name, std::string(entry.stored)});
    return {};
  }
  std::vector<Body> crds, cluster, namespaced;
};

Status Send(kube::Client& client, const kube::Discovery& discovery, const Body& body) {
  kube::GroupVersion gv{body.name.group, body.name.version};
  const kube::ResourceType* type = discovery.ByPlural(gv, body.name.plural);
  if (type == nullptr) return Fail(ErrorKind::kNotFound, "no resource " + body.name.Resource());
  auto created = client.Create(*type, body.name.ns, body.json);
  if (!created) {
    if (created.error().reason() == "AlreadyExists") return {};  // the control plane's own
    return Fail(std::move(created).error().With(body.name.ToString()));
  }
  bool custom = gv.group.find('.') != std::string::npos && !gv.group.ends_with(".k8s.io");
  if (!custom || !type->has_status || !json::Find(body.json, {"status"})) return {};
  std::string version = json::FindString(*created, {"metadata", "resourceVersion"}).value_or("");
  std::string with_version =
      json::SetPath(body.json, {"metadata", "resourceVersion"}, json::Quote(version));
  HF_TRY_CONTEXT(client.UpdateStatus(*type, body.name.ns, body.name.name, with_version),
                 body.name.ToString());
  return {};
}

Status SendAll(kube::Client& client, const std::vector<Body>& bodies) {
  HF_ASSIGN(auto discovery, kube::Discovery::Fetch(client));
  return ParallelFor(bodies.size(), kParallel, {},
                     [&](size_t i, std::stop_token) { return Send(client, discovery, bodies[i]); });
}

// Until discovery serves a version of every CRD.
Status WaitForCrds(kube::Client& client, const std::vector<Body>& crds) {
  for (int round = 0; round < 600; ++round) {
    HF_ASSIGN(auto discovery, kube::Discovery::Fetch(client));
    bool all = true;
    for (const Body& crd : crds) {
      auto group = json::FindString(crd.json, {"spec", "group"}).value_or("");
      auto plural = json::FindString(crd.json, {"spec", "names", "plural"}).value_or("");
      all = all && discovery.ByGroupPlural(group, plural) != nullptr;
    }
    if (all) return {};
    Clock::Real().Sleep(std::chrono::milliseconds(100), {});
  }
  return Fail(ErrorKind::kUnavailable, "CRDs are not served");
}

Status Main(const char* kubeconfig, const char* file) {
  Logger log(LogLevel::kWarn);
  HF_ASSIGN(auto source, stream::FileSource::Open(file));
  Collect bodies;
  HF_TRY(archive::Scan(source, bodies));
  HF_ASSIGN(auto config, kube::ClientConfig::Load({.kubeconfig = kubeconfig}));
  HF_ASSIGN(auto client, kube::Client::Create(std::move(config), {}, log));
  HF_TRY(SendAll(*client, bodies.crds));
  HF_TRY(WaitForCrds(*client, bodies.crds));
  HF_TRY(SendAll(*client, bodies.cluster));
  return SendAll(*client, bodies.namespaced);
}

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: restore_floor KUBECONFIG ARCHIVE\n", stderr);
    return 2;
  }
  holdfast::Status status = holdfast::bench::Main(argv[1], argv[2]);
  if (status) return 0;
  std::fprintf(stderr, "restore_floor: %s\n", status.error().ToString().c_str());
  return 1;
}
