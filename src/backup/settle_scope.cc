#include "backup/settle_scope.h"

#include <utility>

namespace holdfast::backup {
namespace {

constexpr int64_t kPageSize = 500;
// An object read again costs the API server about as much as eight in an Exact list.
constexpr size_t kReadAgainCost = 8;
constexpr size_t kFewChanges = 100;
// Bounds the memory for keys of objects set aside.
constexpr size_t kMaxSetAside = 20'000;

// Marks the error by which a kind is recognised as one with a store of its own.
constexpr std::string_view kOwnStore = "OwnStore";

tl::unexpected<Error> OwnStore(std::string note) {
  return Fail(Error(ErrorKind::kInternal, std::move(note)).Reason(std::string(kOwnStore)));
}

}  // namespace

std::string NameFieldSelector(std::string_view name) {
  std::string text = "metadata.name=";
  for (char c : name) {
    if (c == '\\' || c == ',' || c == '=') text += '\\';
    text += c;
  }
  return text;
}

Status ScopeSettler::Run(ListMode mode) {
  Status done = mode == ListMode::kExact ? ListExactly() : Ordinary(mode);
  if (done || done.error().reason() != kOwnStore) return done;
  unpinned_ = done.error().message();
  way_ = "unpinned";
  settled_ = 0;
  return all_seen_ ? Status() : TakeAsItIs();
}

kube::ListRequest ScopeSettler::Request() const {
  kube::ListRequest request;
  request.type = &type_;
  request.ns = scope_.ns;
  request.field_selector = scope_.field_selector;
  return request;
}

kube::ListRequest ScopeSettler::ExactRequest() const {
  kube::ListRequest request = Request();
  request.resource_version = instant_.text();
  request.exact = true;
  return request;
}

Result<kube::ListEnd> ScopeSettler::Exact(const kube::ListRequest& request, bool one_page,
                                          const kube::ObjectSink& sink) {
  auto end = one_page ? api_.ListPage(request, sink, call_) : api_.List(request, sink, call_);
  // An aggregated API that does not know such lists. Its ordinary ones were answered before.
  if (!end && (end.error().code() == 400 || end.error().code() == 422))
    return OwnStore("the server refuses lists of one revision: " + end.error().message());
  if (!end) return end;
  if (end->resource_version != instant_.text())
    return OwnStore("a list asked for at revision " + instant_.text() + " came back at \"" +
                    end->resource_version + "\"");
  return end;
}

Status ScopeSettler::CheckMainStore(std::string_view list_revision) {
  std::optional<uint64_t> revision = ParseRevision(list_revision);
  if (!revision) return OwnStore("its lists carry no revision");
  HF_ASSIGN(bool main, instant_.IsOfMainStore(*revision, call_));
  if (!main)
    return OwnStore("its lists are of revision " + std::string(list_revision) +
                    ", which is not one of the API server's own store");
  return {};
}

Status ScopeSettler::Ordinary(ListMode mode) {
  kube::ListRequest request = Request();
  request.limit = mode == ListMode::kPages ? kPageSize : 0;
  bool unversioned = false;
  auto sort = [&](std::string_view text) -> Status {
    HF_TRY(Read(text));
    std::optional<uint64_t> revision = scan_.revision();
    unversioned = unversioned || !revision;
    if (!revision || *revision <= instant_.revision()) return Accept(scan_);
    return SetAside(scan_);
  };
  HF_ASSIGN(kube::ListEnd end, api_.List(request, sort, call_));
  answered_ = true;
  way_ = mode == ListMode::kPages ? "pages" : "cached";
  all_seen_ = set_aside_.empty() && !too_many_set_aside_;
  if (unversioned) return OwnStore("its objects carry no revision");
  HF_TRY(CheckMainStore(end.resource_version));
  if (all_seen_ && end.resource_version == instant_.text()) return {};
  return CompleteAtR();
}

// From the objects that were found after R to those that were there at R.
Status ScopeSettler::CompleteAtR() {
  if (too_many_set_aside_ || TooMany(set_aside_.size())) return ListExactly();
  for (const resourceset::ObjectKey& key : set_aside_) HF_TRY(ReadAgain(key));
  HF_ASSIGN(std::optional<uint64_t> count, CountAtR());
  if (count && *count == accepted_.size()) return {};
  return FindMissing();
}

Result<std::optional<uint64_t>> ScopeSettler::CountAtR() {
  kube::ListRequest request = ExactRequest();
  request.limit = 1;
  request.metadata_only = true;
  HF_ASSIGN(kube::ListEnd end,
            Exact(request, /*one_page=*/true, [](std::string_view) { return Status(); }));
  auto items = static_cast<uint64_t>(end.items);
  if (end.continue_token.empty()) return items;
  if (!end.remaining_item_count || *end.remaining_item_count < 0) return std::nullopt;
  return items + static_cast<uint64_t>(*end.remaining_item_count);
}

Status ScopeSettler::FindMissing() {
  KeySet names;
  std::vector<resourceset::ObjectKey> missing;
  kube::ListRequest request = ExactRequest();
  request.limit = kPageSize;
  request.metadata_only = true;
  auto compare = [&](std::string_view text) -> Status {
    HF_TRY(Read(text));
    if (!names.Insert(scan_.ns(), scan_.name())) return {};
    if (accepted_.Contains(scan_.ns(), scan_.name()) || missing.size() > kMaxSetAside) return {};
    missing.push_back({std::string(scan_.ns()), std::string(scan_.name())});
    return {};
  };
  HF_TRY(Exact(request, /*one_page=*/false, compare));
  if (missing.size() > kMaxSetAside || TooMany(missing.size())) {
    HF_TRY(ListExactly());
  } else {
    for (const resourceset::ObjectKey& key : missing) HF_TRY(ReadAgain(key));
  }
  if (accepted_.size() != names.size())
    return OwnStore("its lists disagree: " + std::to_string(names.size()) +
                    " objects at revision " + instant_.text() + ", and " +
                    std::to_string(accepted_.size()) + " that were as old");
  return {};
}

Status ScopeSettler::ListExactly() {
  if (answered_) {
    busy_ = true;
  } else {
    // A store of its own may well have a revision of the same number: look at its newest first.
    kube::ListRequest probe = Request();
    probe.limit = 1;
    probe.metadata_only = true;
    HF_ASSIGN(kube::ListEnd end, api_.ListPage(
                                     probe, [](std::string_view) { return Status(); }, call_));
    answered_ = true;
    HF_TRY(CheckMainStore(end.resource_version));
  }
  way_ += way_.empty() ? "exact" : "+exact";
  all_seen_ = false;
  kube::ListRequest request = ExactRequest();
  request.limit = kPageSize;
  auto accept = [&](std::string_view text) -> Status {
    HF_TRY(Read(text));
    if (!scan_.revision() || *scan_.revision() > instant_.revision())
      return OwnStore("a list asked for at revision " + instant_.text() + " holds newer objects");
    return Accept(scan_);
  };
  HF_TRY(Exact(request, /*one_page=*/false, accept));
  all_seen_ = true;
  return {};
}

// Everything that the server has now and was not offered yet.
Status ScopeSettler::TakeAsItIs() {
  auto accept = [&](std::string_view text) -> Status {
    HF_TRY(Read(text));
    return Accept(scan_);
  };
  HF_TRY(api_.List(Request(), accept, call_));
  answered_ = true;
  return {};
}

Status ScopeSettler::Read(std::string_view text) {
  HF_TRY_CONTEXT(scan_.Read(text), "listing " + type_.ResourceName());
  return {};
}

Status ScopeSettler::Accept(ObjectScan& object) {
  if (!accepted_.Insert(object.ns(), object.name())) return {};
  if (taken_ == nullptr) {
    HF_TRY(taker_.Offer(object, scope_.server_matched));
    return {};
  }
  if (taken_->Contains(object.ns(), object.name())) return {};
  HF_ASSIGN(bool taken, taker_.Offer(object, scope_.server_matched));
  if (taken) taken_->Insert(object.ns(), object.name());
  return {};
}

Status ScopeSettler::SetAside(const ObjectScan& object) {
  if (set_aside_.size() >= kMaxSetAside) {
    too_many_set_aside_ = true;
    return {};
  }
  set_aside_.push_back({std::string(object.ns()), std::string(object.name())});
  return {};
}

bool ScopeSettler::TooMany(size_t changed) const {
  return changed > kFewChanges && changed * kReadAgainCost > accepted_.size() + changed;
}

Result<bool> ScopeSettler::ReadAgain(const resourceset::ObjectKey& key) {
  // A list that broke off and was begun again shows objects twice.
  if (accepted_.Contains(key.ns, key.name)) return true;
  kube::ListRequest request = ExactRequest();
  request.ns = key.ns;
  request.field_selector = NameFieldSelector(key.name);
  // Whether the answer is of R is known at its end only.
  std::string body;
  auto keep = [&](std::string_view text) -> Status {
    HF_TRY(Read(text));
    if (scan_.name() == key.name && scan_.ns() == key.ns) body = text;
    return {};
  };
  HF_TRY(Exact(request, /*one_page=*/true, keep));
  ++settled_;
  if (body.empty()) return false;
  HF_TRY(Read(body));
  if (!scan_.revision() || *scan_.revision() > instant_.revision())
    return OwnStore("an object asked for at revision " + instant_.text() + " came back newer");
  HF_TRY(Accept(scan_));
  return true;
}

}  // namespace holdfast::backup
