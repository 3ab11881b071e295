#include "restore/opened_archive.h"

#include <cstdlib>
#include <utility>

#include "archive/entry_name.h"
#include "archive/name.h"
#include "restore/quiesce.h"

namespace holdfast::restore {
namespace {

std::filesystem::path TempDir(const Options& options) {
  if (!options.temp_dir.empty()) return options.temp_dir;
  const char* dir = std::getenv("TMPDIR");
  return dir != nullptr && *dir != '\0' ? dir : "/tmp";
}

}  // namespace

Result<OpenedArchive> ReadArchive(const Session& session, storage::Store& store,
                                  const std::string& archive, const crypto::Transformers& keys) {
  session.progress.Phase("reading the archive");
  Waits waits;
  waits.clock = &session.clock;
  waits.stop = session.stop;
  std::string context = "reading archive " + archive + " of " + store.Describe();
  HF_ASSIGN_CONTEXT(std::unique_ptr<stream::Source> source, store.Open(archive, 0, waits), context);
  IndexOptions how;
  how.temp_dir = TempDir(session.options);
  how.scan.stop = session.stop;
  if (auto name = archive::ParseName(archive)) how.taken = name->time;
  HF_ASSIGN_CONTEXT(Index index, Index::Load(*source, keys, how), context);
  OpenedArchive opened{archive, std::move(index), std::nullopt, ""};
  if (opened.index.duplicates() != 0) {
    session.report.Note(std::to_string(opened.index.duplicates()) +
                        " entries of the archive come twice; the last one of each counts");
  }
  if (opened.index.filters()) {
    HF_ASSIGN_CONTEXT(
        opened.set,
        resourceset::ParseResourceSet(*opened.index.filters(),
                                      archive + ": " + std::string(archive::kFiltersPath),
                                      resourceset::ParseMode::kArchive),
        context);
  }
  if (!session.options.prune) return opened;
  if (!opened.set) {
    session.report.Note("nothing is pruned: the archive does not say what it selected");
  } else if (!opened.set->ignored_fields.empty()) {
    opened.prune_problem =
        "the archive's ResourceSet has fields that this version does not support, " +
        opened.set->ignored_fields.front() +
        " among them; without them more might be deleted than was selected";
  }
  return opened;
}

ObjectId OpenedArchive::FindController(const std::string& api_version, const std::string& resource,
                                       const std::string& ns, const std::string& object) const {
  auto gv = kube::GroupVersion::Parse(api_version);
  return gv ? index.FindAnyVersion(gv->group, resource, ns, object) : kNoId;
}

Result<std::vector<ScaledController>> OpenedArchive::Controllers() const {
  std::vector<ScaledController> out;
  if (!set) return out;
  for (const resourceset::ControllerReference& reference : set->controllers) {
    ObjectId id =
        FindController(reference.api_version, reference.resource, reference.ns, reference.name);
    if (id == kNoId || index.Skip(id) != SkipRule::kNone) continue;
    HF_ASSIGN(std::string body, index.Body(id));
    // Where a Deployment or StatefulSet has none, the server's default is 1.
    int64_t unset = index.Type(id).gv.group == "apps" ? 1 : 0;
    int64_t replicas = ReplicasOf(body).value_or(unset);
    if (replicas <= 0) continue;
    out.push_back(
        {reference.api_version, reference.resource, reference.ns, reference.name, replicas});
  }
  return out;
}

}  // namespace holdfast::restore
