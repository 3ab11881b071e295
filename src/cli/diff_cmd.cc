#include <algorithm>
#include <filesystem>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "cli/commands.h"
#include "cli/common.h"
#include "cli/field_diff.h"
#include "cli/output.h"
#include "cli/store_option.h"
#include "resourceset/selection.h"
#include "restore/comparable.h"
#include "restore/index.h"

namespace holdfast::cli {
namespace {

constexpr size_t kMostFields = 20;  // of one object

struct DiffArgs {
  std::string left;
  std::string right;  // empty: the live cluster
  StoreArgs store;
  std::string encryption_config;
  Format format = Format::kText;
};

// Custom resources keep their status through a restore; built-in kinds do not (docs/guide/diff.md).
bool KeepsStatus(const restore::ArchivedType& type) {
  return type.gv.group.find('.') != std::string::npos && !type.gv.group.ends_with(".k8s.io");
}

// What is compared of an object: the form that restore compares, owners by name, and status.
std::string ComparedForm(const restore::ArchivedType& type, std::string_view object) {
  std::string form = restore::MainForm(type.special, object);
  std::string owners;
  if (auto list = json::Find(object, {"metadata", "ownerReferences"})) {
    for (json::ArrayReader reader(*list); auto owner = reader.Next();)
      owners += (owners.empty() ? "" : ",") + restore::OwnerForm(*owner);
  }
  std::string all = "{\"object\":" + form;
  if (!owners.empty()) all += ",\"metadata.ownerReferences\":[" + owners + "]";
  if (KeepsStatus(type)) {
    if (auto status = json::Find(object, {"status"})) all += ",\"status\":" + std::string(*status);
  }
  return all + "}";
}

// The paths as the object has them, without the wrapping of ComparedForm().
std::string UserPath(const std::string& path) {
  if (path.starts_with("object.")) return path.substr(7);
  if (path.starts_with("[\"metadata.ownerReferences\"]"))
    return "metadata.ownerReferences" + path.substr(28);
  return path;
}

// Says what is different, object by object: printed at once as text, collected as JSON.
class Reporter {
 public:
  Reporter(std::ostream& out, Format format) : out_(out), format_(format) {}

  void OnlyLeft(const std::string& object) { Line('-', object, only_left_); }
  void OnlyRight(const std::string& object) { Line('+', object, only_right_); }
  void Changed(const std::string& object, const std::vector<FieldChange>& fields, bool secret) {
    ++changed_;
    if (format_ == Format::kText) out_ << "~ " << object << "\n";
    std::vector<std::string> json_fields;
    for (const FieldChange& field : fields) {
      std::string path = UserPath(field.path);
      bool hide = secret && (path.starts_with("data") || path.starts_with("stringData"));
      std::string left = hide && !field.left.empty() ? "(not shown)" : field.left;
      std::string right = hide && !field.right.empty() ? "(not shown)" : field.right;
      if (format_ == Format::kText) {
        out_ << "    " << path << ": " << (left.empty() ? "(absent)" : left) << " -> "
             << (right.empty() ? "(absent)" : right) << "\n";
      } else {
        JsonObject json;
        json.Text("path", path);
        if (!left.empty()) json.Raw("left", hide ? json::Quote(left) : AsJson(left));
        if (!right.empty()) json.Raw("right", hide ? json::Quote(right) : AsJson(right));
        json_fields.push_back(json.Done());
      }
    }
    if (format_ == Format::kText) {
      if (fields.size() == kMostFields) out_ << "    ... and maybe more\n";
      return;
    }
    JsonObject json;
    json.Text("object", object).Raw("fields", JsonArray(json_fields));
    changes_.push_back(json.Done());
  }

  void Finish(const std::string& left, const std::string& right) {
    if (format_ != Format::kText) {
      JsonObject json;
      json.Text("left", left).Text("right", right).Texts("onlyLeft", only_left_);
      json.Texts("onlyRight", only_right_).Raw("changed", JsonArray(changes_));
      PrintDocument(out_, format_, json.Done());
      return;
    }
    out_ << removed_ << " only in " << left << " (-), " << added_ << " only in " << right
         << " (+), " << changed_ << " changed (~)\n";
  }

 private:
  // A value that was cut is no JSON any more and goes as a text.
  static std::string AsJson(const std::string& value) {
    return json::Validate(value) ? value : json::Quote(value);
  }
  void Line(char sign, const std::string& object, std::vector<std::string>& list) {
    ++(sign == '-' ? removed_ : added_);
    if (format_ == Format::kText)
      out_ << sign << " " << object << "\n";
    else
      list.push_back(object);
  }

  std::ostream& out_;
  Format format_;
  uint64_t removed_ = 0, added_ = 0, changed_ = 0;
  std::vector<std::string> only_left_, only_right_, changes_;
};

class Comparison {
 public:
  Comparison(const restore::Index& left, Reporter& reporter)
      : left_(left), reporter_(reporter), seen_(left.size()) {}

  // One object of the right-hand side that the left may have.
  Status Right(const kube::GroupVersion& gv, std::string_view plural, std::string_view ns,
               std::string_view name, std::string_view object, const std::string& described) {
    restore::TypeId type = left_.FindType(gv, plural);
    restore::ObjectId id = type == restore::kNoId ? restore::kNoId : left_.Find(type, ns, name);
    if (id == restore::kNoId) {
      reporter_.OnlyRight(described);
      return {};
    }
    if (seen_[id]) return {};  // a list that was begun again
    seen_[id] = true;
    HF_ASSIGN(std::string archived, left_.Body(id));
    const restore::ArchivedType& archived_type = left_.types()[type];
    std::string a = ComparedForm(archived_type, archived);
    std::string b = ComparedForm(archived_type, object);
    if (a == b) return {};
    auto fields = DiffFields(a, b, kMostFields);
    if (!fields.empty())
      reporter_.Changed(described, fields, plural == "secrets" && gv.group.empty());
    return {};
  }
  void Rest() {
    for (restore::ObjectId id = 0; id < left_.size(); ++id)
      if (!seen_[id]) reporter_.OnlyLeft(left_.Describe(id));
  }

 private:
  const restore::Index& left_;
  Reporter& reporter_;
  std::vector<bool> seen_;
};

Result<restore::Index> LoadIndex(Session& session, const std::string& name, const StoreArgs& store,
                                 const crypto::Transformers& keys) {
  HF_ASSIGN(auto file, LocateFile(session, name, store));
  HF_ASSIGN(auto source, file.store->Open(file.name, 0, session.StoreWaits()));
  restore::IndexOptions options;
  options.scan.stop = session.stop;
  options.temp_dir = std::filesystem::temp_directory_path();
  HF_ASSIGN_CONTEXT(auto index, restore::Index::Load(*source, keys, options), "reading " + name);
  return index;
}

Status AgainstArchive(Session& session, const DiffArgs& args, const crypto::Transformers& keys,
                      Comparison& comparison) {
  HF_ASSIGN(auto right, LoadIndex(session, args.right, args.store, keys));
  for (restore::ObjectId id = 0; id < right.size(); ++id) {
    if (session.stop.stop_requested()) return Fail(ErrorKind::kCancelled, "stopped");
    HF_ASSIGN(std::string body, right.Body(id));
    const auto& type = right.Type(id);
    HF_TRY(comparison.Right(type.gv, type.plural, right.Namespace(id), right.Name(id), body,
                            right.Describe(id)));
  }
  return {};
}

Status AgainstCluster(Session& session, const restore::Index& left, Comparison& comparison) {
  HF_ASSIGN(Logger log, session.MakeLogger());
  HF_ASSIGN(auto client, session.Connect(log));
  HF_ASSIGN(auto discovery, kube::Discovery::Fetch(*client, session.Call()));
  resourceset::ResourceSet set;
  if (left.filters()) {
    HF_ASSIGN_CONTEXT(set,
                      resourceset::ParseResourceSet(*left.filters(), "filters/filters.json",
                                                    resourceset::ParseMode::kArchive),
                      "reading the archive's ResourceSet");
  }
  HF_ASSIGN(auto selection, resourceset::Selection::Build(set, discovery, log));
  std::vector<const kube::ResourceType*> types;
  for (const auto& type : left.types())
    if (const auto* live = discovery.ByPlural(type.gv, type.plural)) types.push_back(live);
  for (const auto& selected : selection.types())
    if (std::find(types.begin(), types.end(), selected.type) == types.end())
      types.push_back(selected.type);
  for (const kube::ResourceType* type : types) {
    if (!type->Can(kube::kVerbList)) continue;
    const auto* selected = selection.Find(*type);
    kube::ListRequest request{.type = type, .limit = 500};
    auto sink = [&](std::string_view object) -> Status {
      resourceset::ObjectView view(object);
      restore::TypeId known = left.FindType(type->gv, type->plural);
      bool archived =
          known != restore::kNoId && left.Find(known, view.ns(), view.name()) != restore::kNoId;
      // A live object counts as extra only when the ResourceSet would have taken it.
      if (!archived && (selected == nullptr || !selection.Match(*selected, view))) return {};
      std::string name(view.name());
      if (!view.ns().empty()) name = std::string(view.ns()) + "/" + name;
      return comparison.Right(type->gv, type->plural, view.ns(), view.name(), object,
                              type->ResourceName() + " " + name);
    };
    HF_TRY_CONTEXT(client->List(request, sink, session.Call()), "listing " + type->ResourceName());
  }
  return {};
}

Status RunDiff(Session& session, const DiffArgs& args) {
  HF_ASSIGN(auto keys, LoadKeys(args.encryption_config));
  HF_ASSIGN(auto left, LoadIndex(session, args.left, args.store, keys));
  Reporter reporter(session.out, args.format);
  Comparison comparison(left, reporter);
  if (args.right.empty())
    HF_TRY(AgainstCluster(session, left, comparison));
  else
    HF_TRY(AgainstArchive(session, args, keys, comparison));
  comparison.Rest();
  reporter.Finish(args.left, args.right.empty() ? "the cluster" : args.right);
  return {};
}

}  // namespace

void AddDiffCommand(Command app, Session& session) {
  auto args = std::make_shared<DiffArgs>();
  Command command = app.AddCommand(
      "diff", "Show what differs between an archive and the live cluster, or a second archive");
  command.Footer(
      "Compares what a restore compares; what the server owns (uid, resourceVersion, managedFields "
      "and\n"
      "the like) and the status of built-in kinds are left out. Values of Secrets are not shown.\n"
      "Objects of the cluster count only when the archive's ResourceSet would have taken them.");
  command.AddOption("archive", args->left, "name of the archive in the store, or path of a file")
      .Required()
      .Text("ARCHIVE");
  command.AddOption("archive2", args->right, "a second one (default: the live cluster)")
      .Text("ARCHIVE2");
  AddStoreOption(command, args->store);
  AddEncryptionOption(command, args->encryption_config);
  AddOutputOption(command, args->format);
  AddClusterOptions(command, session.common);
  command.OnChosen(
      [args, &session] { session.action = [args](Session& s) { return RunDiff(s, *args); }; });
}

}  // namespace holdfast::cli
