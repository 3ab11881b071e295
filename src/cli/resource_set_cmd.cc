#include "cli/commands.h"
#include "cli/common.h"
#include "cli/object_ref.h"
#include "cli/output.h"
#include "cli/resource_set_commands.h"
#include "resourceset/count.h"
#include "resourceset/explain.h"
#include "resourceset/lint.h"
#include "resourceset/selection.h"

namespace holdfast::cli {
namespace {

struct ResourceSetArgs {
  std::string set;
  std::string object;
  Format format = Format::kText;
};

Status RunLint(Session& session, const ResourceSetArgs& args) {
  HF_ASSIGN(auto set, resourceset::ReadResourceSetFile(args.set));
  std::vector<std::string> findings;
  for (const auto& finding : resourceset::Lint(set)) findings.push_back(finding.ToString());
  if (args.format != Format::kText) {
    JsonObject json;
    json.Bool("valid", true).Number("selectors", set.selectors.size()).Texts("warnings", findings);
    PrintDocument(session.out, args.format, json.Done());
    return {};
  }
  for (const std::string& finding : findings) session.out << "warning: " << finding << "\n";
  session.out << args.set << ": valid, " << set.selectors.size() << " selectors, "
              << findings.size() << " warnings\n";
  return {};
}

Result<const kube::ResourceType*> TypeOfRef(const kube::Discovery& discovery,
                                            const ObjectRef& ref) {
  const kube::ResourceType* type = ref.version.empty()
                                       ? discovery.ByGroupPlural(ref.group, ref.plural)
                                       : discovery.ByPlural({ref.group, ref.version}, ref.plural);
  if (type != nullptr) return type;
  return Fail(
      Error(ErrorKind::kNotFound,
            "the server has no resource \"" + ref.plural + "\" in group \"" + ref.group + "\"")
          .Hint(
              "`kubectl api-resources` lists them; write the plural, and the group behind a dot"));
}

Status ExplainOne(Session& session, const ResourceSetArgs& args, kube::Client& client,
                  const kube::Discovery& discovery, const resourceset::ResourceSet& set,
                  const Logger& log) {
  HF_ASSIGN(ObjectRef ref, ObjectRef::Parse(args.object));
  HF_ASSIGN(const kube::ResourceType* type, TypeOfRef(discovery, ref));
  if (type->namespaced == ref.ns.empty()) {
    return Fail(Error(ErrorKind::kInvalid,
                      type->ResourceName() +
                          (type->namespaced ? " are in namespaces" : " are cluster-scoped"))
                    .Hint(type->namespaced ? "write RESOURCE.GROUP/NAMESPACE/NAME"
                                           : "write RESOURCE.GROUP/NAME"));
  }
  HF_ASSIGN(auto selection, resourceset::Selection::Build(set, discovery, log));
  HF_ASSIGN(auto explanation, resourceset::ExplainLiveObject(client, set, selection, *type, ref.ns,
                                                             ref.name, session.Call()));
  if (args.format == Format::kText) {
    std::string text = explanation.ToString(set);
    session.out << text << (text.ends_with('\n') ? "" : "\n");
    return {};
  }
  std::vector<std::string> verdicts;
  for (const auto& verdict : explanation.verdicts) {
    JsonObject entry;
    entry.Number("selector", verdict.selector)
        .Bool("takes", verdict.takes)
        .Text("reason", verdict.reason);
    verdicts.push_back(entry.Done());
  }
  JsonObject json;
  json.Text("object", args.object).Bool("selected", explanation.taken_by.has_value());
  if (explanation.taken_by) json.Number("takenBy", *explanation.taken_by);
  json.Raw("verdicts", JsonArray(verdicts));
  PrintDocument(session.out, args.format, json.Done());
  return {};
}

Status ExplainAll(Session& session, const ResourceSetArgs& args, kube::Client& client,
                  const kube::Discovery& discovery, const resourceset::ResourceSet& set,
                  const Logger& log) {
  HF_ASSIGN(auto counts, resourceset::CountMatches(client, discovery, set, log, session.Call()));
  if (args.format != Format::kText) {
    std::vector<std::string> selectors;
    for (const auto& count : counts.selectors) {
      std::vector<std::string> types;
      for (const auto& type : count.types) {
        JsonObject entry;
        entry.Text("resource", type.type->ResourceName()).Text("version", type.type->gv.version);
        types.push_back(entry.Number("objects", static_cast<uint64_t>(type.objects)).Done());
      }
      JsonObject entry;
      entry.Number("selector", count.selector)
          .Text("summary", set.selectors[count.selector].Summary());
      entry.Number("objects", static_cast<uint64_t>(count.objects));
      entry.Number("first", static_cast<uint64_t>(count.first));
      entry.Raw("types", JsonArray(types)).Texts("warnings", count.warnings);
      selectors.push_back(entry.Done());
    }
    JsonObject json;
    json.Text("resourceSet", set.name).Number("objects", static_cast<uint64_t>(counts.objects));
    PrintDocument(session.out, args.format, json.Raw("selectors", JsonArray(selectors)).Done());
    return {};
  }
  for (const auto& count : counts.selectors) {
    session.out << set.selectors[count.selector].Summary() << ": " << count.objects << " objects";
    if (count.first != count.objects)
      session.out << " (" << count.first << " that no earlier selector takes)";
    session.out << "\n";
    for (const auto& type : count.types)
      if (type.objects > 0)
        session.out << "    " << type.type->ResourceName() << " " << type.objects << "\n";
    for (const std::string& warning : count.warnings)
      session.out << "    warning: " << warning << "\n";
  }
  session.out << counts.objects << " objects in all\n";
  return {};
}

Status RunExplain(Session& session, const ResourceSetArgs& args) {
  HF_ASSIGN(Logger log, session.MakeLogger());
  HF_ASSIGN(auto client, session.Connect(log));
  HF_ASSIGN(auto set, LoadResourceSet(args.set, *client, session.Call()));
  HF_ASSIGN(auto discovery, kube::Discovery::Fetch(*client, session.Call()));
  if (args.object.empty()) return ExplainAll(session, args, *client, discovery, set, log);
  return ExplainOne(session, args, *client, discovery, set, log);
}

}  // namespace

void AddResourceSetCommand(Command app, Session& session) {
  Command group = app.AddCommand("resource-set", "Check and explain ResourceSets");
  group.NeedsCommand();

  auto lint_args = std::make_shared<ResourceSetArgs>();
  Command lint = group.AddCommand("lint", "Check a ResourceSet file without a cluster");
  lint.AddOption("file", lint_args->set, "the ResourceSet, YAML or JSON").Required().Text("FILE");
  AddOutputOption(lint, lint_args->format);
  lint.OnChosen([lint_args, &session] {
    session.action = [lint_args](Session& s) { return RunLint(s, *lint_args); };
  });

  auto args = std::make_shared<ResourceSetArgs>();
  Command explain = group.AddCommand(
      "explain",
      "Say what each selector takes in the live cluster, or why one object is in or out");
  explain.Footer(
      "Examples:\n"
      "  holdfast resource-set explain resourceset.yaml\n"
      "  holdfast resource-set explain resourceset.yaml secrets/cattle-system/tls-ca");
  explain.AddOption("file", args->set, "the ResourceSet: a file, or the name of one in the cluster")
      .Required()
      .Text("FILE|NAME");
  explain.AddOption("object", args->object, "one object of the live cluster")
      .Text("RESOURCE.GROUP/[NS/]NAME");
  AddOutputOption(explain, args->format);
  AddClusterOptions(explain, session.common);
  explain.OnChosen(
      [args, &session] { session.action = [args](Session& s) { return RunExplain(s, *args); }; });

  AddResourceSetView(group, session);
  AddResourceSetCheck(group, session);
  AddResourceSetRbac(group, session);
}

}  // namespace holdfast::cli
