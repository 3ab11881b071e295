// An API server for tests: objects with their history, and lists as the real one answers them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backup/list_api.h"

namespace holdfast::backup {

class FakeApi : public ListApi {
 public:
  // What a write answers: the revision that it made.
  uint64_t Put(const std::string& plural, const std::string& ns, const std::string& name,
               const std::string& value, const std::string& labels = "{}");
  uint64_t Delete(const std::string& plural, const std::string& ns, const std::string& name);
  uint64_t revision() const { return revision_; }

  Result<kube::ListEnd> ListPage(const kube::ListRequest& request, const kube::ObjectSink& sink,
                                 const kube::Call& call) override;
  Result<kube::ListEnd> List(const kube::ListRequest& request, const kube::ObjectSink& sink,
                             const kube::Call& call) override;
  Result<std::string> Get(const kube::ResourceType& type, std::string_view ns,
                          std::string_view name, const kube::Call& call) override;

  // Called before each list is answered; may write.
  std::function<void(const kube::ListRequest&)> before;
  // "widgets", "widgets exact limit=1 meta", "widgets ns=a exact field=metadata.name=x": every
  // list.
  std::vector<std::string> requests;

  // Kinds that lie in a store of their own: its revision, which their writes count up.
  std::map<std::string, uint64_t> own_store;
  std::set<std::string> no_revisions;   // kinds whose lists and objects have none
  std::set<std::string> forbidden;      // kinds that may not be listed cluster-wide
  std::set<std::string> gone;           // kinds that are answered with 404
  std::set<std::string> no_exact;       // kinds whose server refuses resourceVersionMatch
  std::set<std::string> exact_ignored;  // kinds whose server answers Exact lists with the newest
  std::set<std::string> no_object_revisions;
  bool tell_remaining = true;  // remainingItemCount
  uint64_t compacted = 0;      // Exact lists below are answered with 410
  // Whole lists of this kind break off after so many objects and are begun again.
  std::map<std::string, size_t> cut_off;

 private:
  struct Version {
    uint64_t revision;
    std::string value, labels;
    bool deleted;
  };
  using Key = std::pair<std::string, std::string>;  // namespace, name

  uint64_t& RevisionOf(const std::string& plural);
  std::vector<std::string> ObjectsAt(const kube::ListRequest& request, uint64_t revision) const;
  Result<kube::ListEnd> Answer(const kube::ListRequest& request, const kube::ObjectSink& sink,
                               bool one_page);

  uint64_t revision_ = 100;
  std::map<std::string, std::map<Key, std::vector<Version>>> kinds_;
};

// Makes a list type; get-only with `verbs`.
kube::ResourceType FakeType(std::string plural, bool namespaced = true,
                            uint32_t verbs = kube::kVerbGet | kube::kVerbList);

}  // namespace holdfast::backup
