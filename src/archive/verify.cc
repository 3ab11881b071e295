#include "archive/verify.h"

#include "base/json_scan.h"
#include "base/printable.h"

namespace holdfast::archive {
namespace {

constexpr size_t kMaxProblems = 100;

class Verifier : public ScanHandler {
 public:
  Verifier(const crypto::Transformers* keys, VerifyReport& report) : keys_(keys), report_(report) {}

  Status Filters(std::string_view json) override {
    auto valid = json::Validate(json);
    if (valid && json::TypeOf(json) == json::Type::kObject) return {};
    Problem(std::string(kFiltersPath) + ": " +
            (valid ? "not a JSON object" : valid.error().ToString()));
    return {};
  }

  Status Entry(const ScanEntry& entry) override {
    ++report_.entries;
    report_.bytes += entry.stored.size();
    KindCount& count = report_.kinds[entry.name.KindKey()];
    ++count.objects;
    count.bytes += entry.stored.size();
    if (!crypto::IsEncrypted(entry.stored)) {
      ++report_.plain;
      Check(entry.name, entry.stored);
      return {};
    }
    ++report_.encrypted;
    auto key = crypto::WhichKey(entry.stored);
    if (!key) {
      Problem(entry.name.ToString() + ": " + key.error().ToString());
      return {};
    }
    ++report_.keys_needed[Printable(key->provider + " key " + key->key_name)];
    if (keys_ == nullptr) {
      ++report_.unchecked;
      return {};
    }
    auto json = keys_->DecryptEntry(entry.name.plural, entry.name.group, entry.name.DataContext(),
                                    entry.stored);
    if (!json) {
      Problem(entry.name.ToString() + ": " + json.error().ToString());
      return {};
    }
    Check(entry.name, *json);
    return {};
  }

 private:
  void Check(const EntryName& name, std::string_view json) {
    auto good = CheckObject(name, json);
    if (good) {
      ++report_.checked;
    } else {
      Problem(good.error().ToString());
    }
  }
  void Problem(std::string text) {
    ++report_.problem_count;
    if (report_.problems.size() < kMaxProblems) report_.problems.push_back(std::move(text));
  }

  const crypto::Transformers* keys_;
  VerifyReport& report_;
};

}  // namespace

Status CheckObject(const EntryName& name, std::string_view json) {
  auto wrong = [&](std::string what) {
    return Fail(ErrorKind::kCorrupt, "entry \"" + Printable(name.ToPath(), 600) + "\": " + what);
  };
  auto valid = json::Validate(json);
  if (!valid) return wrong("not JSON: " + valid.error().ToString());
  if (json::TypeOf(json) != json::Type::kObject) return wrong("not a JSON object");
  auto api_version = json::FindString(json, {"apiVersion"});
  auto kind = json::FindString(json, {"kind"});
  auto metadata = json::Find(json, {"metadata"});
  if (!api_version || !kind || kind->empty()) return wrong("no apiVersion or kind");
  if (!metadata || json::TypeOf(*metadata) != json::Type::kObject) return wrong("no metadata");
  std::string object_name = json::FindString(*metadata, {"name"}).value_or("");
  std::string ns = json::FindString(*metadata, {"namespace"}).value_or("");
  if (*api_version == name.ApiVersion() && object_name == name.name && ns == name.ns) return {};
  std::string found = *api_version + " " + *kind + " " + (ns.empty() ? "" : ns + "/") + object_name;
  return wrong("holds another object: " + Printable(found, 600));
}

Result<VerifyReport> Verify(stream::Source& gz, const crypto::Transformers* keys,
                            const ScanOptions& options) {
  VerifyReport report;
  Verifier verifier(keys, report);
  HF_ASSIGN(ScanResult result, Scan(gz, verifier, options));
  report.has_filters = result.has_filters;
  report.manifest = std::move(result.manifest);
  return report;
}

}  // namespace holdfast::archive
