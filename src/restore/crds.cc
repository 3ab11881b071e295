#include "restore/crds.h"

#include "base/json_scan.h"

namespace holdfast::restore {
namespace {

constexpr std::chrono::milliseconds kCrdPoll{100};

// Empty when established; else what the conditions say.
std::string NotEstablished(std::string_view crd) {
  std::string why = "it has no condition Established yet";
  auto conditions = json::Find(crd, {"status", "conditions"});
  if (!conditions) return why;
  for (json::ArrayReader reader(*conditions); auto condition = reader.Next();) {
    std::string type = json::FindString(*condition, {"type"}).value_or("");
    bool yes = json::FindString(*condition, {"status"}).value_or("") == "True";
    if (type == "Established" && yes) return "";
    if ((type == "NamesAccepted" && !yes) || (type == "Terminating" && yes)) {
      why = type + ": " + json::FindString(*condition, {"message"}).value_or("");
    }
  }
  return why;
}

}  // namespace

const kube::ResourceType& CrdType() {
  static const kube::ResourceType type = [] {
    kube::ResourceType crd;
    crd.gv = {"apiextensions.k8s.io", "v1"};
    crd.plural = "customresourcedefinitions";
    crd.kind = "CustomResourceDefinition";
    crd.verbs = ~0u;
    crd.has_status = true;
    return crd;
  }();
  return type;
}

Status WaitEstablished(Api& api, const std::vector<std::string>& names,
                       std::chrono::seconds timeout, ReportBuilder& report, Clock& clock,
                       std::stop_token stop) {
  Deadline deadline = Deadline::After(clock, timeout);
  std::vector<std::string> left = names;
  for (;;) {
    std::vector<std::string> waiting, reasons;
    for (const std::string& name : left) {
      auto crd = api.Get(CrdType(), "", name);
      if (!crd && crd.error().kind() != ErrorKind::kNotFound) {
        return Fail(std::move(crd).error().With("waiting for CRD " + name));
      }
      std::string why = crd ? NotEstablished(*crd) : "it has been deleted meanwhile";
      if (why.empty()) continue;
      waiting.push_back(name);
      reasons.push_back(std::move(why));
    }
    left = std::move(waiting);
    if (left.empty()) return {};
    if (deadline.Passed(clock)) {
      for (size_t i = 0; i < left.size(); ++i) {
        report.Failed(
            "customresourcedefinitions.apiextensions.k8s.io " + left[i],
            "not established after " + std::to_string(timeout.count()) + " s: " + reasons[i]);
      }
      return {};
    }
    if (!clock.Sleep(kCrdPoll, stop)) {
      return Fail(ErrorKind::kCancelled, "stopped while waiting for CRDs");
    }
  }
}

Result<kube::Discovery> WaitServed(const std::function<Result<kube::Discovery>()>& fetch,
                                   const std::vector<const ArchivedCrd*>& wanted,
                                   std::chrono::seconds timeout, ReportBuilder& report,
                                   Clock& clock, std::stop_token stop) {
  Deadline deadline = Deadline::After(clock, timeout);
  for (;;) {
    HF_ASSIGN(kube::Discovery discovery, fetch());
    std::string missing;
    for (const ArchivedCrd* crd : wanted) {
      for (const ArchivedCrd::Version& version : crd->versions) {
        if (!version.served) continue;
        if (discovery.ByPlural({crd->group, version.name}, crd->plural) != nullptr) continue;
        if (!missing.empty()) missing += ", ";
        missing += crd->plural + "." + crd->group + " " + version.name;
      }
    }
    if (missing.empty()) return discovery;
    if (deadline.Passed(clock)) {
      report.Note("the API server does not serve these yet, " + std::to_string(timeout.count()) +
                  " s after their CRDs were written: " + missing);
      return discovery;
    }
    if (!clock.Sleep(kCrdPoll, stop)) {
      return Fail(ErrorKind::kCancelled, "stopped while waiting for CRDs to be served");
    }
  }
}

}  // namespace holdfast::restore
