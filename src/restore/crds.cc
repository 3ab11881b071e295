#include "restore/crds.h"

#include "base/json_scan.h"

namespace holdfast::restore {
namespace {

constexpr std::chrono::milliseconds kCrdPoll{100};

// What the API server decides at once may still be by what it knew a moment ago.
constexpr std::chrono::seconds kFinalFor{2};

struct CrdState {
  bool established = false;
  bool refused = false;  // waiting will not change it
  std::string why = "it has no condition Established yet";
};

CrdState StateOf(std::string_view crd) {
  CrdState state;
  auto conditions = json::Find(crd, {"status", "conditions"}).value_or("");
  for (json::ArrayReader reader(conditions); auto condition = reader.Next();) {
    auto text = [&](std::string_view key) {
      return json::FindString(*condition, {key}).value_or("");
    };
    std::string type = text("type"), reason = text("reason");
    bool yes = text("status") == "True";
    const std::string what =
        type + (reason.empty() ? "" : " (" + reason + ")") + ": " + text("message");
    if (type == "Established") {
      state.established = yes;
      // NotAccepted is explained by NamesAccepted; Installing ends by itself.
      if (!yes && !reason.empty() && reason != "Installing" && reason != "NotAccepted") {
        state.refused = true;
        state.why = what;
      }
    }
    if (type == "NamesAccepted" && !yes && text("status") == "False") {
      state.refused = true;
      state.why = what;
    }
    if (type == "Terminating" && yes) state.why = what;
  }
  return state;
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

Result<std::map<std::string, std::string>> WaitEstablished(Api& api,
                                                           const std::vector<std::string>& names,
                                                           std::chrono::seconds timeout,
                                                           ReportBuilder& report, Clock& clock,
                                                           std::stop_token stop) {
  Deadline deadline = Deadline::After(clock, timeout);
  std::map<std::string, std::string> failed;
  std::map<std::string, Deadline> refused;  // when a refusal counts
  auto fail = [&](const std::string& name, const std::string& when, const std::string& why) {
    report.Failed("customresourcedefinitions.apiextensions.k8s.io " + name,
                  "not established" + when + ": " + why);
    failed[name] = why;
  };
  std::vector<std::string> left = names;
  for (;;) {
    std::vector<std::string> waiting;
    bool late = deadline.Passed(clock);
    for (const std::string& name : left) {
      auto crd = api.Get(CrdType(), "", name);
      if (!crd && crd.error().kind() != ErrorKind::kNotFound) {
        return Fail(std::move(crd).error().With("waiting for CRD " + name));
      }
      CrdState state = crd ? StateOf(*crd) : CrdState{false, true, "it has been deleted meanwhile"};
      if (state.established) continue;
      if (!state.refused) {
        refused.erase(name);
      } else if (refused.try_emplace(name, Deadline::After(clock, kFinalFor))
                     .first->second.Passed(clock)) {
        fail(name, "", state.why);
        continue;
      }
      if (late) {
        fail(name, " after " + std::to_string(timeout.count()) + " s", state.why);
      } else {
        waiting.push_back(name);
      }
    }
    left = std::move(waiting);
    if (left.empty()) return failed;
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
