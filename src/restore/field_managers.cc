#include "restore/field_managers.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/json_scan.h"
#include "base/json_text.h"

namespace holdfast::restore {
namespace {

// Kubernetes' limit of the parameter fieldManager.
constexpr size_t kLongestManager = 128;
constexpr int kManagerTries = 5;
// In whose name this program changes what it did not restore.
constexpr std::string_view kOwnManager = "holdfast";

struct Entry {
  std::string manager, operation, subresource;
  auto Key() const { return std::tie(manager, operation, subresource); }
  bool operator<(const Entry& other) const { return Key() < other.Key(); }
};

Entry EntryOf(std::string_view text) {
  auto member = [&](std::string_view key) { return json::FindString(text, {key}).value_or(""); };
  return {member("manager"), member("operation"), member("subresource")};
}

bool CanBeNamed(const std::string& manager) {
  return !manager.empty() && manager.size() <= kLongestManager &&
         std::all_of(manager.begin(), manager.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

FieldManagers ManagersOf(std::string_view archived) {
  FieldManagers out;
  auto entries = json::Find(archived, {"metadata", "managedFields"});
  if (!entries) return out;
  std::set<std::string> main, status;
  std::string first_main, first_status;
  bool any = false, odd_main = false, odd_status = false;
  for (json::ArrayReader reader(*entries); auto text = reader.Next();) {
    Entry entry = EntryOf(*text);
    any = true;
    bool update = entry.operation == "Update" && CanBeNamed(entry.manager);
    if (entry.subresource == "status") {
      odd_status |= !update;
      if (update && status.insert(entry.manager).second && first_status.empty())
        first_status = entry.manager;
    } else {
      odd_main |= !update || !entry.subresource.empty();
      if (update && entry.subresource.empty() && main.insert(entry.manager).second &&
          first_main.empty())
        first_main = entry.manager;
    }
  }
  if (!any) return out;
  if (!first_main.empty()) out.main = first_main;
  out.status = !first_status.empty() ? first_status : out.main;
  out.main_exact = !odd_main && main.size() == 1;
  out.status_exact = !odd_status && status.size() <= 1;
  return out;
}

std::string ManagedFieldsFor(std::string_view archived, std::string_view live,
                             std::string_view written_as) {
  std::set<Entry> known;
  std::string out;
  auto append = [&](std::string_view text) {
    out += out.empty() ? '[' : ',';
    out += text;
  };
  auto entries = json::Find(archived, {"metadata", "managedFields"}).value_or("");
  for (json::ArrayReader reader(entries); auto text = reader.Next();) {
    known.insert(EntryOf(*text));
    append(*text);
  }
  auto others = json::Find(live, {"metadata", "managedFields"}).value_or("");
  for (json::ArrayReader reader(others); auto text = reader.Next();) {
    Entry entry = EntryOf(*text);
    if (entry.manager != written_as && !known.contains(entry)) append(*text);
  }
  return out.empty() ? "[]" : out + "]";
}

std::string ManagedFieldsPatch(std::string_view archived, std::string_view live,
                               std::string_view written_as) {
  return "{\"metadata\":{\"resourceVersion\":" +
         json::Quote(json::FindString(live, {"metadata", "resourceVersion"}).value_or("")) +
         ",\"managedFields\":" + ManagedFieldsFor(archived, live, written_as) + "}}";
}

Result<std::string> PatchKeepingManagers(Api& api, const kube::ResourceType& type,
                                         std::string_view ns, std::string_view name,
                                         std::string_view patch, std::string_view before,
                                         std::optional<Error>& taken_over) {
  kube::WriteOptions as;
  as.field_manager = kOwnManager;
  auto patched = api.MergePatch(type, ns, name, patch, as);
  if (!patched) return patched;
  // What an interrupted run has left behind goes, too.
  std::string owned = ManagedFieldsFor("", before, kOwnManager);
  if (owned == "[]") return patched;
  std::string known = "{\"metadata\":{\"managedFields\":" + owned + "}}";
  std::string current = *patched;
  for (int attempt = 1;; ++attempt) {
    auto answer =
        api.MergePatch(type, ns, name, ManagedFieldsPatch(known, current, kOwnManager), as);
    if (answer) return answer;
    Error error = std::move(answer).error();
    if (error.kind() == ErrorKind::kConflict && attempt < kManagerTries) {
      auto again = api.Get(type, ns, name);
      if (again) {
        current = std::move(*again);
        continue;
      }
    }
    taken_over = std::move(error);
    return patched;
  }
}

}  // namespace holdfast::restore
