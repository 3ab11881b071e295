#include "resourceset/count.h"

#include <functional>

#include "resourceset/type_counter.h"

namespace holdfast::resourceset {
namespace {

constexpr int64_t kPage = 500;
constexpr int kTriesOfExpiredList = 3;

class Lister {
 public:
  Lister(kube::Client& client, const kube::Call& call) : client_(client), call_(call) {}

  // Hands over every object of the type that the lists show, some perhaps more than once.
  Status List(const TypeSelection& entry, const std::string& field_selector, bool metadata_only,
              const std::function<void(std::string_view)>& sink) {
    kube::ListRequest request;
    request.type = entry.type;
    request.field_selector = field_selector;
    request.metadata_only = metadata_only;
    request.limit = kPage;
    Status listed = ListOnce(request, sink);
    if (listed || listed.error().code() != 403 || entry.namespaces.empty()) return listed;
    for (const std::string& ns : entry.namespaces) {
      request.ns = ns;
      HF_TRY(ListOnce(request, sink));
    }
    return {};
  }

 private:
  Status ListOnce(const kube::ListRequest& request,
                  const std::function<void(std::string_view)>& sink) {
    for (int attempt = 1;; ++attempt) {
      auto listed = client_.List(
          request,
          [&](std::string_view object) -> Status {
            sink(object);
            return {};
          },
          call_);
      if (listed) return {};
      if (listed.error().kind() != ErrorKind::kExpired || attempt >= kTriesOfExpiredList)
        return Fail(std::move(listed).error());
    }
  }

  kube::Client& client_;
  const kube::Call& call_;
};

// Types that are read by name.
Status CountGets(kube::Client& client, const Selection& selection, const TypeSelection& entry,
                 const kube::Call& call, TypeCounter& counter, MatchCounts& counts) {
  for (const ObjectKey& key : entry.gets) {
    auto object = client.Get(*entry.type, key.ns, key.name, call);
    if (object) {
      counter.AddPlain(*object);
      continue;
    }
    if (object.error().kind() != ErrorKind::kNotFound) return Fail(std::move(object).error());
    const std::string stub =
        "{\"metadata\":{\"name\":\"" + key.name + "\",\"namespace\":\"" + key.ns + "\"}}";
    for (size_t selector : entry.selectors) {
      if (!selection.MatchesOne(selector, entry, ObjectView(stub))) continue;
      counts.selectors[selector].warnings.push_back(
          entry.type->ResourceName() + " " + (key.ns.empty() ? "" : key.ns + "/") + key.name +
          " is not there: a backup would fail");
    }
  }
  return {};
}

}  // namespace

Result<MatchCounts> CountMatches(kube::Client& client, const kube::Discovery& discovery,
                                 const ResourceSet& set, const Logger& log,
                                 const kube::Call& call) {
  HF_ASSIGN(const Selection selection, Selection::Build(set, discovery, log));
  MatchCounts counts;
  for (size_t i = 0; i < set.selectors.size(); ++i) {
    SelectorCount& count = counts.selectors.emplace_back();
    count.selector = i;
    count.warnings = selection.notes(i);
  }
  Lister lister(client, call);
  for (const TypeSelection& entry : selection.types()) {
    TypeCounter counter(selection, entry);
    if (entry.access == TypeSelection::Access::kGet) {
      HF_TRY(CountGets(client, selection, entry, call, counter, counts));
      counter.Finish(counts);
      continue;
    }
    for (const ServerFieldSelector& one : entry.server_field_selectors) {
      HF_TRY_CONTEXT(
          lister.List(entry, one.text, true,
                      [&](std::string_view object) { counter.AddFromServer(one, object); }),
          "with fieldSelectors " + one.text);
    }
    if (entry.plain_list) {
      HF_TRY(lister.List(entry, "", entry.metadata_suffices,
                         [&](std::string_view object) { counter.AddPlain(object); }));
    }
    counter.Finish(counts);
  }
  for (SelectorCount& count : counts.selectors) {
    if (count.objects == 0 && count.warnings.empty())
      count.warnings.push_back("matches nothing in this cluster");
  }
  return counts;
}

}  // namespace holdfast::resourceset
