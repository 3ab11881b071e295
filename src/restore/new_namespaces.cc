#include "restore/new_namespaces.h"

#include "base/json_text.h"
#include "restore/run_state.h"

namespace holdfast::restore {

Status CreateNamespaces(const Session& session, const std::string& archive,
                        const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    auto made = session.api.Create(
        NamespaceType(), "",
        R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":)" + json::Quote(name) +
            R"(,"annotations":{"holdfast.io/made-for-archive":)" + json::Quote(archive) + "}}}");
    if (made) {
      session.report.Note("created namespace " + name +
                          ", which the archive does not have, for the archive's objects in it");
      continue;
    }
    if (made.error().reason() == "AlreadyExists") continue;
    if (made.error().kind() == ErrorKind::kCancelled) return Fail(std::move(made).error());
    session.report.Failed(
        "namespaces " + name,
        std::move(made).error().With("creating it for the archive's objects in it").ToString());
  }
  return {};
}

}  // namespace holdfast::restore
