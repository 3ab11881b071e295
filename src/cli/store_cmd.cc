// holdfast store check
#include <optional>

#include "cli/commands.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/store_option.h"
#include "storage/check.h"

namespace holdfast::cli {
namespace {

struct CheckArgs {
  StoreArgs store;
  Format format = Format::kText;
};

const char* OutcomeName(storage::CheckStep::Outcome outcome) {
  switch (outcome) {
    case storage::CheckStep::Outcome::kOk: return "ok";
    case storage::CheckStep::Outcome::kFailed: return "failed";
    case storage::CheckStep::Outcome::kWarning: return "warning";
    case storage::CheckStep::Outcome::kNotTried: return "not tried";
  }
  return "?";
}

std::string ToJson(const std::string& store, const std::vector<storage::CheckStep>& steps) {
  std::vector<std::string> items;
  for (const auto& step : steps) {
    JsonObject item;
    item.Text("step", step.name).Text("outcome", OutcomeName(step.outcome));
    item.Text("neededFor", step.purpose);
    if (!step.error.empty()) item.Text("error", step.error);
    if (!step.hint.empty()) item.Text("hint", step.hint);
    if (!step.permission.empty()) item.Text("missingPermission", step.permission);
    items.push_back(item.Done());
  }
  JsonObject json;
  json.Text("store", store).Bool("ok", storage::AllOk(steps)).Raw("steps", JsonArray(items));
  return json.Done();
}

void PrintText(std::ostream& out, const std::string& store,
               const std::vector<storage::CheckStep>& steps) {
  out << store << "\n";
  for (const auto& step : steps) {
    std::string name = step.name;
    name.resize(11, ' ');
    out << "  " << name << OutcomeName(step.outcome);
    if (step.outcome != storage::CheckStep::Outcome::kOk)
      out << " (needed for: " << step.purpose << "): " << step.error;
    out << "\n";
    if (!step.permission.empty())
      out << "             missing permission: " << step.permission << "\n";
    if (!step.hint.empty()) out << "             hint: " << step.hint << "\n";
  }
}

Status RunCheck(Session& session, const CheckArgs& args) {
  auto unlocked = [](storage::StoreConfig& config) {
    // What is only tried out must not be locked for weeks.
    config.s3.lock_mode = storage::ObjectLockMode::kNone;
    config.s3.lock_for = {};
  };
  auto in_parts = [&](storage::StoreConfig& config) {
    unlocked(config);
    config.s3.single_put_max = config.s3.part_size = 5 << 20;
  };
  HF_ASSIGN(auto store, OpenStore(session, args.store, unlocked));
  std::optional<StoreHandle> parts;
  if (store.s3() != nullptr) {
    HF_ASSIGN(auto opened, OpenStore(session, args.store, in_parts));
    parts.emplace(std::move(opened));
  }
  auto steps =
      storage::CheckStore(*store, parts ? &**parts : nullptr, store.s3(), session.StoreWaits());
  if (args.format == Format::kText)
    PrintText(session.out, store->Describe(), steps);
  else
    PrintDocument(session.out, args.format, ToJson(store->Describe(), steps));
  if (!storage::AllOk(steps)) return Fail(ErrorKind::kUnavailable, std::string(kAlreadyReported));
  return {};
}

}  // namespace

void AddStoreCommand(Command app, Session& session) {
  Command store = app.AddCommand("store", "Look after a store");
  store.NeedsCommand();
  auto args = std::make_shared<CheckArgs>();
  Command check =
      store.AddCommand("check", "Try out all that backups, restores and retention will need");
  check.Footer(
      "Lists, puts a small file, tries to overwrite it, reads it back, sends one in parts, looks "
      "for\n"
      "unfinished uploads, and deletes what it had put. Each step says ok or failed, and which "
      "permission\n"
      "is missing. Exit code 0 only when everything works (warnings aside).\n\n"
      "Examples:\n"
      "  holdfast store check --store s3://backups/prod?endpoint=minio.example:9000\n"
      "  holdfast store check --store-config store.yaml -o json");
  AddStoreOption(check, args->store);
  AddOutputOption(check, args->format);
  AddClusterOptions(check, session.common);
  check.OnChosen(
      [args, &session] { session.action = [args](Session& s) { return RunCheck(s, *args); }; });
}

}  // namespace holdfast::cli
