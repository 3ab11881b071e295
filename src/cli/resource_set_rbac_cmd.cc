#include "cli/chart.h"
#include "cli/output.h"
#include "cli/resource_set_commands.h"
#include "resourceset/rbac.h"
#include "stream/file_source.h"

namespace holdfast::cli {
namespace {

struct RbacArgs {
  std::vector<std::string> files;
  ChartOptions chart;
  std::vector<std::string> type_files;
  bool offline = false;
  bool backup_only = false;
  bool rules_only = false;
  std::string name = "holdfast-resourcesets";
  Format format = Format::kYaml;
};

constexpr size_t kMaxFile = resourceset::kMaxResourceSetBytes;

Result<std::vector<resourceset::RenderedSet>> ReadSets(Session& session, const RbacArgs& args) {
  const bool chart = !args.chart.path.empty() || !args.chart.version.empty();
  if (chart == !args.files.empty()) {
    return Fail(Error(ErrorKind::kInvalid, chart ? "files and a chart are mutually exclusive"
                                                 : "no ResourceSet is named")
                    .Hint("name files of ResourceSets, or a chart by --path"));
  }
  if (chart) return LoadChart(session, args.chart);
  std::vector<resourceset::RenderedSet> all;
  for (const std::string& path : args.files) {
    HF_ASSIGN(auto file, stream::FileSource::Open(path));
    HF_ASSIGN_CONTEXT(std::string text, stream::ReadAll(file, kMaxFile), "reading " + path);
    HF_ASSIGN(auto sets, resourceset::ReadRenderedSets(text, path, true));
    if (sets.empty()) {
      return Fail(Error(ErrorKind::kInvalid, path + " holds no ResourceSet")
                      .Hint("a ResourceSet, or a list of selectors, is needed"));
    }
    for (auto& set : sets) all.push_back(std::move(set));
  }
  return all;
}

Result<std::vector<kube::ResourceType>> KnownTypes(Session& session, const RbacArgs& args) {
  if (!args.offline && args.type_files.empty()) {
    HF_ASSIGN(Logger log, session.MakeLogger());
    HF_ASSIGN(auto client, session.Connect(log));
    HF_ASSIGN(auto discovery, kube::Discovery::Fetch(*client, session.Call()));
    std::vector<kube::ResourceType> types;
    for (const kube::GroupVersion& gv : discovery.group_versions()) {
      auto of_version = discovery.Of(gv);
      if (!of_version) continue;  // an aggregated API that is down: like one that is not there
      types.insert(types.end(), (*of_version)->begin(), (*of_version)->end());
    }
    return types;
  }
  std::vector<kube::ResourceType> types = resourceset::BuiltinResourceTypes();
  for (const std::string& path : args.type_files) {
    HF_ASSIGN(auto file, stream::FileSource::Open(path));
    HF_ASSIGN_CONTEXT(std::string text, stream::ReadAll(file, kMaxFile), "reading " + path);
    HF_ASSIGN(auto more, resourceset::ParseResourceTypes(text, path));
    types.insert(types.end(), more.begin(), more.end());
  }
  return types;
}

// Rules in YAML's short form: one line a field.
void PrintYamlRules(std::ostream& out, const std::vector<resourceset::RbacRule>& rules) {
  auto list = [](const std::vector<std::string>& items) {
    std::string text = "[";
    for (const std::string& item : items)
      text += (text.size() > 1 ? ", " : "") + (item == "*" ? "\"*\"" : item);
    return text + "]";
  };
  for (const resourceset::RbacRule& rule : rules) {
    out << "- apiGroups: [" << (rule.group.empty() ? "\"\"" : rule.group) << "]\n"
        << "  resources: " << list(rule.resources) << "\n"
        << "  verbs: " << list(rule.verbs) << "\n";
  }
}

std::string JsonRules(const std::vector<resourceset::RbacRule>& rules) {
  std::vector<std::string> entries;
  for (const resourceset::RbacRule& rule : rules) {
    JsonObject entry;
    entry.Texts("apiGroups", {rule.group}).Texts("resources", rule.resources);
    entries.push_back(entry.Texts("verbs", rule.verbs).Done());
  }
  return JsonArray(entries);
}

Status RunRbac(Session& session, const RbacArgs& args) {
  HF_ASSIGN(auto sets, ReadSets(session, args));
  HF_ASSIGN(auto types, KnownTypes(session, args));
  std::vector<const resourceset::ResourceSet*> all;
  for (const auto& rendered : sets) all.push_back(&rendered.set);
  HF_ASSIGN(auto computed, resourceset::ComputeRbac(all, types, {.restore = !args.backup_only}));
  for (const std::string& note : computed.notes) session.err << "note: " << note << "\n";
  if (args.format == Format::kJson) {
    if (args.rules_only) {
      PrintDocument(session.out, Format::kJson, JsonRules(computed.rules));
      return {};
    }
    JsonObject meta, role;
    meta.Text("name", args.name);
    role.Text("apiVersion", "rbac.authorization.k8s.io/v1").Text("kind", "ClusterRole");
    role.Raw("metadata", meta.Done()).Raw("rules", JsonRules(computed.rules));
    PrintDocument(session.out, Format::kJson, role.Done());
    return {};
  }
  if (!args.rules_only) {
    session.out << "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n"
                << "  name: " << args.name << "\nrules:\n";
  }
  PrintYamlRules(session.out, computed.rules);
  return {};
}

}  // namespace

void AddResourceSetRbac(Command group, Session& session) {
  auto args = std::make_shared<RbacArgs>();
  Command rbac = group.AddCommand(
      "rbac", "Print the ClusterRole that backing up and restoring ResourceSets takes");
  rbac.Footer(
      "A ClusterRole cannot tell objects by name or label: whoever selects one Secret needs them\n"
      "all. Which resources a kind filter means is asked of the cluster, or known from files.\n"
      "Examples:\n"
      "  holdfast resource-set rbac resourceset.yaml > role.yaml\n"
      "  holdfast resource-set rbac --path charts/rancher-backup --resource-path crds.yaml");
  rbac.AddOption("file", args->files, "ResourceSets, or lists of selectors, YAML or JSON")
      .Text("FILE...");
  AddChartOptions(rbac, args->chart);
  rbac.AddOption("--resource-path", args->type_files,
                 "CustomResourceDefinitions or APIResourceLists; no cluster is asked then")
      .Text("FILE...");
  rbac.AddFlag("--offline", args->offline,
               "ask no cluster: of groups that are not Kubernetes' own, every resource");
  rbac.AddFlag("--backup-only", args->backup_only, "no rights to restore");
  rbac.AddFlag("--rules-only", args->rules_only, "the rules alone, to be put into a role");
  rbac.AddOption("--name", args->name, "of the ClusterRole").ShowDefault();
  AddOutputOption(rbac, args->format, false);
  AddClusterOptions(rbac, session.common);
  rbac.OnChosen(
      [args, &session] { session.action = [args](Session& s) { return RunRbac(s, *args); }; });
}

}  // namespace holdfast::cli
