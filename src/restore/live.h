// The cluster's side: for every object of the archive whether it is there and equal, and the
// objects that are there but not in the archive.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/client.h"
#include "kube/types.h"
#include "resourceset/selection.h"
#include "restore/going.h"
#include "restore/index.h"
#include "restore/types.h"
#include "restore/uid.h"

namespace holdfast::restore {

// The reads that comparing needs: the seam for tests. Calls block and may come from many threads.
class ObjectLister {
 public:
  virtual ~ObjectLister() = default;
  // Every object of the type (of all namespaces), each once or more; may be handed over in any
  // order. With `metadata_only` the texts hold metadata alone. `field_selector` may be empty.
  virtual Status List(const kube::ResourceType& type, const std::string& field_selector,
                      bool metadata_only, const kube::ObjectSink& sink) = 0;
  // kNotFound when it is not there.
  virtual Result<std::string> Get(const kube::ResourceType& type, std::string_view ns,
                                  std::string_view name) = 0;
  // Whether the server would take `object` in place of the live one: a dry run, which changes
  // nothing. An error that is no verdict on the object is an error.
  virtual Result<bool> WouldUpdate(const kube::ResourceType&, std::string_view, std::string_view,
                                   std::string_view) {
    return true;
  }
};

// Over the API server. An expired continue token starts that list again.
class ClientLister : public ObjectLister {
 public:
  // `client` must outlive it. `page`: objects a page, 0 for whole lists (servers from 1.34 on).
  ClientLister(kube::Client& client, int64_t page, kube::Call call)
      : client_(client), page_(page), call_(std::move(call)) {}
  Status List(const kube::ResourceType& type, const std::string& field_selector, bool metadata_only,
              const kube::ObjectSink& sink) override;
  Result<std::string> Get(const kube::ResourceType& type, std::string_view ns,
                          std::string_view name) override;
  Result<bool> WouldUpdate(const kube::ResourceType& type, std::string_view ns,
                           std::string_view name, std::string_view object) override;

 private:
  kube::Client& client_;
  int64_t page_;
  kube::Call call_;
};

// Whether a failed read concerns its type alone (its conversion webhook or its aggregated API is
// down, D11): the server has answered, and our credentials are good for what we ask.
bool ConcernsOneType(const Error& error);

struct CrdNames {
  std::set<std::string> all;
  std::map<std::string, std::string>
      going;  // those that are being deleted, each with an empty text
};
// Names of all CRDs. Blocks.
Result<CrdNames> ListCrdNames(ObjectLister& lister);

// The live namesake of an archived object.
struct LiveObject {
  Uid uid;                        // empty: not known
  uint64_t resource_version = 0;  // 0: not a number; read the object again before writing it
  uint32_t owners_begin = 0;      // into the type's pool
  uint16_t owners_count = 0;
  uint8_t flags = 0;

  bool exists() const { return (flags & kExists) != 0; }
  // Being deleted, held by finalizers, or in a Namespace or of a CRD that is (Going): must be
  // waited for, then created (D12), unless it was so already when it was backed up.
  bool terminating() const { return (flags & kTerminating) != 0; }
  // Everything compared is equal but owner references, status and increments.
  bool main_equal() const { return (flags & kMainEqual) != 0; }
  bool status_equal() const { return (flags & kStatusEqual) != 0; }
  // Only what spec 7.9 increments differs from what would be written.
  bool increment_pending() const { return (flags & kIncrementPending) != 0; }
  // A Helm chart manages it (matters for ResourceSets, D34).
  bool chart_managed() const { return (flags & kChartManaged) != 0; }
  // It was being deleted already when the backup was made, so waiting for its end is no use.
  bool was_terminating() const { return (flags & kWasTerminating) != 0; }

  enum Flag : uint8_t {
    kExists = 1,
    kTerminating = 2,
    kMainEqual = 4,
    kStatusEqual = 8,
    kIncrementPending = 16,
    kChartManaged = 32,
    kWasTerminating = 64,
  };
};

// Of an owner reference of a live object; a token Secret has one more at the end, for the uid of
// its ServiceAccount (form kTokenForm).
struct LiveOwner {
  uint64_t form = 0;  // Hash64 of OwnerForm
  uint64_t uid = 0;   // Hash64 of the uid's text
};

// What an owner reference should be, for comparing.
struct ExpectedOwner {
  uint64_t form = 0;
  uint64_t uid = 0;       // 0: any
  bool optional = false;  // may be missing
};

// A live object that the archive's selectors take and the archive does not have.
struct ExtraObject {
  const kube::ResourceType* type = nullptr;
  std::string_view ns;  // both live as long as the Live
  std::string_view name;
  Uid uid;
  bool terminating = false;
  bool held = false;           // has finalizers that prune may remove (prune.h)
  bool account_token = false;  // a Secret with a ServiceAccount's token
  struct Owner {
    Uid uid;
    uint32_t external = 0;  // number of the owner's apiVersion, kind and name
  };
  std::vector<Owner> owners;

  std::string Describe() const;  // "secrets cattle-system/extra"
};

struct LiveOptions {
  size_t threads = 8;
  // Where given, objects that it takes and the archive lacks are collected. Must outlive the Live.
  const resourceset::Selection* selection = nullptr;
  // Namespaces and CRDs that are being deleted: what is in them counts as terminating. Copied.
  const Going* going = nullptr;
  // Keep, for every object that differs, the paths of the first fields that do (for --plan).
  bool explain = false;
  std::stop_token stop;
  // Called after each list with the objects seen so far; from any thread, one at a time.
  std::function<void(uint64_t lists_done, uint64_t lists, uint64_t objects)> progress;
};

// The const calls may be made by any number of threads, also while SetLive() and Compare() are
// called for other objects; not during Read() and Reread().
class Live {
 public:
  static constexpr uint64_t kTokenForm = 1;

  // Lists every type of the archive that the cluster has, and those the selection names, and looks
  // up owners that are not in the archive. `index` must outlive it; `types` (and its Discovery)
  // must live until the next Reread(). A type that cannot be read for a reason of its own is known
  // by WhyUnread() and prune_gaps(); any other failure is an error, which names the type. Blocks.
  static Result<Live> Read(const Index& index, const Types& types, ObjectLister& lister,
                           const LiveOptions& options);
  // Lists again what `changed` names and what could not be read before (also owners that were not
  // found then); all else is kept.
  // `types` may be of a newer Discovery, and replaces the old one; `options.selection` too.
  Status Reread(const Types& types, const std::vector<TypeId>& changed, ObjectLister& lister,
                const LiveOptions& options);
  Live(Live&&) noexcept;
  Live& operator=(Live&&) noexcept;
  ~Live();

  LiveObject operator[](ObjectId id) const;
  // Whether the live object's owner references are these, in this order.
  bool OwnersEqual(ObjectId id, std::span<const ExpectedOwner> expected) const;
  // Text of the uid; empty when the object is not there.
  std::string UidText(ObjectId id) const;
  // Differing paths, only with `explain`; empty otherwise.
  const std::vector<std::string>& Paths(ObjectId id) const;
  // Fields of an object that counts as equal which differ and are left to the control plane; empty:
  // none.
  std::string LeftFieldsOf(ObjectId id) const;

  struct External {
    bool exists = false;
    bool namespaced = false;
    bool kind_known = false;
    bool unknown = false;  // the server could not say whether it exists
    bool going = false;    // it is being deleted, and what it owns goes with it
    Uid uid;
  };
  // By the numbers of Index::external_owners().
  const External& ExternalOwnerState(uint32_t number) const;

  // Why the type's objects could not be read, so that none of them is known; empty: they were.
  const std::string& WhyUnread(TypeId type) const;
  bool AnyUnread() const;
  // Of what the selection takes: types that could not be read, and why. They have no extras.
  std::vector<std::string> prune_gaps() const;

  const std::vector<ExtraObject>& extras() const;
  // Whether the owner, not among archive or extras, is there (looked up during Read), or may be.
  bool OwnerIsLive(const ExtraObject::Owner& owner) const;
  // Types that the selection takes, of which the archive has no object but the cluster has some.
  const std::vector<std::string>& types_not_in_archive() const;

  // Why the object goes with what it is in: "its namespace a is being deleted". Empty: it does not.
  // Also for objects that are not there: they cannot be created before that has gone.
  std::string WhyGoing(ObjectId id) const;

  // What has changed since the objects were read or written: reads every list of the archive's
  // types again, metadata only.
  struct Changes {
    // Those whose resourceVersion or uid is another one, that have come, or that are not there any
    // more. In ascending order.
    std::vector<ObjectId> objects;
    // Types whose list failed for a reason of its own, and why.
    std::map<TypeId, std::string> unread;
    // What the selection takes and neither the archive nor extras() has, at most 1000 by name.
    std::vector<std::string> appeared;
    uint64_t appeared_total = 0;
  };
  // Errors concern more than one type, or stopped. Blocks.
  Result<Changes> FindChanges(ObjectLister& lister, const LiveOptions& options);

  // After a write, or when an object was read again: takes what `object` (text of the live object)
  // says of uid, resourceVersion, owners and equality. nullopt text: it is gone. One thread per
  // object; any number of threads for different objects.
  Status Compare(ObjectId id, std::optional<std::string_view> object);
  // After a create or update: uid and resourceVersion of what the server answered, without
  // comparing.
  void SetLive(ObjectId id, std::string_view object);

  const UidTable& uids() const;
  uint64_t objects_read() const;
  size_t MemoryBytes() const;

  struct Impl;

 private:
  explicit Live(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::restore
