#include "restore/live_object.h"

#include <charconv>

#include "base/json_canonical.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/rfc3339.h"
#include "restore/field_rules.h"
#include "restore/special_cases.h"

namespace holdfast::restore {
namespace {

constexpr size_t kMostPaths = 3;

std::optional<uint64_t> Number(std::string_view text) {
  uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

// The mark of Helm, which made the ResourceSets of Rancher's chart.
bool ChartManaged(const LiveMetadata& metadata) {
  return json::FindString(metadata.labels, {"app.kubernetes.io/managed-by"}) == "Helm" ||
         json::Find(metadata.annotations, {"meta.helm.sh/release-name"}).has_value();
}

// A Namespace and a CRD say so in their status; deleting raises the generation of what has one; and
// the time of deletion may lie before the backup. Others were in the backup only with finalizers.
Result<bool> WasTerminating(const Index& index, ObjectId id, const LiveMetadata& live) {
  HF_ASSIGN(std::string body, index.Body(id));
  Special special = index.Type(id).special;
  if (special == Special::kNamespace || special == Special::kCrd)
    return IsTerminating(special, body);
  auto finalizers = json::Find(body, {"metadata", "finalizers"});
  if (!finalizers || !json::ArrayReader(*finalizers).Next()) return false;
  auto generation = json::Find(body, {"metadata", "generation"});
  if (generation && live.generation) return Number(*generation) == live.generation;
  auto deleted = ParseRfc3339(live.deletion_timestamp);
  return deleted && index.taken() && *deleted <= *index.taken();
}

// By what a write would send: the archive's versions and the live ones it lacks. Where the server
// took only the replaced schemas (D56), those count too.
Result<bool> CrdEqual(std::string_view archived, std::string_view live, std::string& merged) {
  std::string live_form = MainForm(Special::kCrd, live);
  for (bool replace : {false, true}) {
    std::vector<std::string> kept;
    HF_ASSIGN(std::string written, MergeCrd(std::string(archived), live, replace, kept));
    if (MainForm(Special::kCrd, written) == live_form) return true;
    if (!replace) merged = std::move(written);
  }
  return false;
}

// What differs where the main forms are equal: see CompareIncrement() and LookAgain().
std::string PathOfSecondLook(Special special) {
  if (special == Special::kVolume) return "spec.claimRef";
  if (special == Special::kService) return "spec.ports";
  return "the mark for its agents";
}

bool StatusEqual(const Index& index, const TypeState& type, ObjectId id, const Forms& live) {
  // Where status is no subresource of its own it is part of the object.
  if (!type.type.has_status)
    return index.HasStatus(id) == live.has_status && index.HasNullStatus(id) == live.null_status &&
           index.StatusDigest(id) == live.status;
  if (!type.writes_status || !index.HasStatus(id)) return true;
  return live.has_status && index.StatusDigest(id) == live.status;
}

void ReadOwners(const Index& index, Special special, std::string_view object,
                const LiveMetadata& metadata, std::vector<LiveOwner>& owners) {
  const Hasher& hasher = index.hasher();
  for (json::ArrayReader reader(metadata.owners); auto reference = reader.Next();)
    owners.push_back({hasher.Hash64(OwnerForm(*reference)),
                      hasher.Hash64(json::FindString(*reference, {"uid"}).value_or(""))});
  if (special != Special::kSecret ||
      json::FindString(object, {"type"}) != "kubernetes.io/service-account-token")
    return;
  auto account = json::FindString(metadata.annotations, {"kubernetes.io/service-account.name"});
  if (!account || account->empty()) return;
  auto uid = json::FindString(metadata.annotations, {"kubernetes.io/service-account.uid"});
  owners.push_back({Live::kTokenForm, hasher.Hash64(uid.value_or(""))});
}

}  // namespace

bool IsTerminating(Special special, std::string_view object) {
  if (special == Special::kNamespace)
    return json::FindString(object, {"status", "phase"}) == "Terminating";
  auto conditions = json::Find(object, {"status", "conditions"});
  if (special != Special::kCrd || !conditions) return false;
  for (json::ArrayReader reader(*conditions); auto condition = reader.Next();)
    if (json::FindString(*condition, {"type"}) == "Terminating")
      return json::FindString(*condition, {"status"}) == "True";
  return false;
}

LiveMetadata ReadLiveMetadata(std::string_view object) {
  LiveMetadata out;
  std::optional<std::string_view> metadata = json::Find(object, {"metadata"});
  if (!metadata) return out;
  for (json::ObjectReader reader(*metadata); auto member = reader.Next();) {
    std::string_view key = member->key, value = member->value;
    if (key == "name")
      out.name = json::StringOf(value);
    else if (key == "namespace")
      out.ns = json::StringOf(value);
    else if (key == "uid")
      out.uid = json::StringOf(value);
    else if (key == "resourceVersion")
      out.resource_version = Number(json::StringOf(value)).value_or(0);
    else if (key == "generation")
      out.generation = Number(value);
    else if (key == "deletionTimestamp")
      out.deletion_timestamp = json::StringOf(value);
    else if (key == "ownerReferences")
      out.owners = value;
    else if (key == "labels")
      out.labels = value;
    else if (key == "annotations")
      out.annotations = value;
  }
  out.terminating = !out.deletion_timestamp.empty();
  return out;
}

Result<LiveComparison> CompareLive(const Index& index, const TypeState& type, ObjectId id,
                                   std::string_view object, const LiveMetadata& metadata,
                                   bool metadata_only, bool explain, UidTable& uids) {
  LiveComparison out;
  LiveObject& live = out.object;
  Special special = index.Type(id).special;
  live.uid = uids.Pack(metadata.uid);
  live.resource_version = metadata.resource_version;
  live.flags = LiveObject::kExists;
  if (special == Special::kResourceSet && ChartManaged(metadata))
    live.flags |= LiveObject::kChartManaged;
  if (metadata.terminating) {
    live.flags |= LiveObject::kTerminating;
    HF_ASSIGN(bool was, WasTerminating(index, id, metadata));
    if (was) live.flags |= LiveObject::kWasTerminating;
  }
  if (metadata_only || index.Skip(id) != SkipRule::kNone) return out;

  ReadOwners(index, special, object, metadata, out.owners);
  std::string scratch;
  scratch.reserve(object.size());
  Forms forms = FormsOf(index.hasher(), special, object, scratch);
  bool main_equal = forms.main == index.MainDigest(id);
  bool status_equal = StatusEqual(index, type, id, forms);
  std::string archived;  // read only where it is needed
  if (special == Special::kCrd && !main_equal) {
    HF_ASSIGN(std::string body, index.Body(id));
    HF_ASSIGN(main_equal, CrdEqual(body, object, archived));
  }
  if (!main_equal && type.change != VersionChange::kNone) {
    HF_ASSIGN(std::string body, index.Body(id));
    archived = ToServedVersion(type.change, body, type.type.gv);
    main_equal = MainForm(special, archived) == MainForm(special, object);
  }
  if (main_equal && HasIncrement(special)) {
    HF_ASSIGN(archived, index.Body(id));
    IncrementState state = CompareIncrement(special, archived, object);
    if (state == IncrementState::kPending) live.flags |= LiveObject::kIncrementPending;
    main_equal = state != IncrementState::kOther;
  }
  if (main_equal && NeedsSecondLook(special)) {
    HF_ASSIGN(archived, index.Body(id));
    FieldDifference difference = LookAgain(special, archived, object);
    main_equal = !difference.must_write && !difference.node_ports;
    out.node_ports_only = !difference.must_write && difference.node_ports;
    out.left = std::move(difference.left);
  }
  if (explain && (!main_equal || !status_equal)) {
    if (archived.empty()) {
      HF_ASSIGN(archived, index.Body(id));
    }
    out.paths = DifferingPaths(special, archived, object, !status_equal, kMostPaths);
    if (out.paths.empty()) out.paths.push_back(PathOfSecondLook(special));
  }
  if (main_equal) live.flags |= LiveObject::kMainEqual;
  if (status_equal) live.flags |= LiveObject::kStatusEqual;
  return out;
}

}  // namespace holdfast::restore
