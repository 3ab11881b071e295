// The S3 store's inside. Private to storage.
#pragma once

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>

#include "storage/s3/client.h"
#include "storage/s3/s3_store.h"

namespace holdfast::storage::s3 {

// The metadata by which an upload knows its own object again, and the size of its parts.
inline constexpr std::string_view kUploadMark = "x-amz-meta-holdfast-upload";
inline constexpr std::string_view kPartSizeMark = "x-amz-meta-holdfast-part-size";
// CRC-64 of all of it in hex. The store's own checksum is over the parts' digests, and for a reader
// much dearer to work out.
inline constexpr std::string_view kCrcMark = "x-amz-meta-holdfast-crc64";
// Until when the upload asked for the version to be locked. HEAD shows the lock itself only to
// those who have a right of its own.
inline constexpr std::string_view kLockMark = "x-amz-meta-holdfast-locked-until";

// How long cleaning up may take beyond the caller's deadline.
inline constexpr std::chrono::seconds kCleanUpTime{10};

// What HEAD says of an object.
struct ObjectHead {
  uint64_t size = 0;
  Clock::Wall modified;
  std::string etag;             // as it came
  std::string checksum;         // SHA-256: BASE64, or BASE64-N of N parts' digests; empty: none
  bool etag_is_digest = false;  // see ETagIsDigest()
  std::string mark;             // kUploadMark
  uint64_t part_size = 0;       // kPartSizeMark
  std::string crc64;            // kCrcMark
  std::optional<Clock::Wall> locked_until;
  bool legal_hold = false;
  std::optional<Clock::Wall> noted_lock;  // kLockMark
  std::string version;                    // of a versioned bucket; else empty
};

// A file of part_size parts; the last may be shorter.
struct PartPlan {
  uint64_t size = 0, part_size = 0;
  size_t count = 0;
  uint64_t Begin(size_t part) const { return part * part_size; }
  uint64_t Size(size_t part) const { return std::min(part_size, size - Begin(part)); }
};
// kInvalid over 5 TiB. `wanted` 0: by size; too small for 10,000 parts: more.
Result<PartPlan> PlanParts(uint64_t size, uint64_t wanted);

class StoreImpl : public S3Store {
 public:
  explicit StoreImpl(std::shared_ptr<Client> client);

  Result<stream::Spool> NewSpool() override;
  Status Put(stream::Spool& spool, const std::string& name, const Waits& waits) override;
  Result<std::unique_ptr<stream::Source>> Open(const std::string& name, uint64_t offset,
                                               const Waits& waits) override;
  Result<std::vector<ObjectInfo>> List(std::string_view prefix, const Waits& waits) override;
  Result<ObjectInfo> Stat(const std::string& name, const Waits& waits) override;
  Status Delete(const std::string& name, const Waits& waits) override;
  std::string Describe() const override;
  Result<LeftOvers> AbortLeftOvers(const LeftOverRule& rule, const Waits& waits) override;

 private:
  // How a PUT is guarded; stores that do not know a header answer NotImplemented.
  struct Guards {
    bool conditional = true;  // If-None-Match: *
    bool sha256 = true;       // x-amz-checksum-sha256, else Content-MD5
  };
  struct Part {
    std::string etag;
    std::string digest;  // raw, ours: SHA-256 or MD5
    bool kept = false;   // the store keeps the SHA-256
    bool etag_is_digest = false;
  };
  struct Multipart {
    std::string id;
    Guards guards;
    PartPlan plan;
    std::vector<Part> parts;
    // An earlier attempt to complete it was not answered, and may have succeeded.
    bool answer_lost = false;
  };

  std::string KeyOf(const std::string& name) const { return prefix_ + name; }
  std::string StoreUrl() const;
  Waits CleanUpWaits(const Waits& waits) const;
  Result<ObjectHead> Head(const std::string& key, const Waits& waits);
  // Head() of the name; tries the folder as it was written when it is not in the folder as it is
  // meant. `key` is where it was found.
  Result<ObjectHead> Find(const std::string& name, const Waits& waits, std::string& key);
  Error Missing(Error error, const std::string& name) const;
  Error Taken(const std::string& name) const;
  // Is what lies there now what this upload put?
  Result<bool> IsOurs(const std::string& key, const std::string& mark, const Waits& waits);
  // After the store has said that the name is taken: a success when this upload itself took it (an
  // answer was lost), kConflict when another did, kUnavailable when that cannot be found out: to
  // call it taken would have the caller store the same bytes again under another name.
  Status DecideTaken(const std::string& name, const std::string& mark, bool answer_lost,
                     const Waits& waits);
  // kConflict: a lock or a hold is on the file; kUnauthorized: it is not known whether one is.
  Status CheckLock(const std::string& name, const ObjectHead& head, const Waits& waits);
  Error Locked(const std::string& name, Clock::Wall until) const;
  // GET of a subresource ("retention") of the key; the bucket's where that is empty.
  Result<std::string> Ask(const std::string& key, const std::string& what, std::string_view action,
                          const Waits& waits);

  // What comes with every new object of this content.
  Result<std::vector<net::HttpHeader>> ObjectHeaders(const stream::Spool& spool,
                                                     const std::string& mark) const;
  Status PutWhole(const stream::Spool& spool, const std::string& name, const Waits& waits);
  // `answer_lost`: an attempt before the last one may have succeeded.
  Status SendWhole(const stream::Spool& spool, const std::string& key, const std::string& mark,
                   Guards guards, bool& answer_lost, const Waits& waits);
  Status PutParts(const stream::Spool& spool, const std::string& name, const Waits& waits);
  Result<Multipart> Begin(const stream::Spool& spool, const std::string& key,
                          const std::string& mark, const PartPlan& plan, const Waits& waits);
  // `digest` of the part: raw, SHA-256 or MD5 by the upload's guards.
  Result<Part> SendPart(const stream::Spool& spool, const std::string& key, const Multipart& upload,
                        size_t part, const std::string& digest, const Waits& waits);
  Status Complete(const std::string& key, const std::string& mark, Multipart& upload,
                  const Waits& waits);
  Status CheckCompleted(const std::string& key, const Multipart& upload, const Answer& answer);
  Status Abort(const std::string& key, const std::string& id, const Waits& waits);
  void RemoveDamaged(const std::string& key, const std::string& mark, const Waits& waits);

  Clock::Wall LastSign(const ListedUpload& upload, const Waits& waits);
  // Goes through the uploads with the prefix; how many the store listed.
  Result<size_t> AbortListed(const LeftOverRule& rule, const std::string& prefix,
                             const Waits& waits, LeftOvers& result);
  Status Consider(const LeftOverRule& rule, const ListedUpload& upload, Clock::Wall now,
                  const Waits& waits, LeftOvers& result);

  Result<ListPage> Page(const std::string& prefix, const std::string& next, bool v1,
                        const Waits& waits);

  const std::shared_ptr<Client> client_;
  std::string prefix_;          // "folder/", or empty
  std::string literal_prefix_;  // as it was given, where that differs; else empty
  std::atomic<bool> list_v1_;
  std::atomic<bool> no_conditional_{false};  // the store has said so
  std::atomic<bool> no_sha256_{false};
  std::atomic<bool> no_lock_{false};  // the bucket has no Object Lock
  std::mutex mutex_;
  std::set<std::string> open_uploads_;  // ids of this store's uploads under way
};

// Reads an object from `offset` on in ranges, ahead of the reader, in parallel. `what` is for
// errors. The client is kept alive.
std::unique_ptr<stream::Source> ReadRanges(std::shared_ptr<Client> client, std::string key,
                                           std::string what, ObjectHead head, uint64_t offset,
                                           Waits waits);

// An upload body: `size` bytes of the spool from `begin` on. The spool must outlive it.
net::Upload SpoolPart(const stream::Spool& spool, uint64_t begin, uint64_t size);
// The raw SHA-256 or MD5 of those bytes.
Result<std::string> DigestOf(const stream::Spool& spool, uint64_t begin, uint64_t size,
                             bool sha256);
// 32 digits.
bool IsMd5(std::string_view etag);
std::string Unquoted(const std::string& etag);
// The ETag may be an MD5: it is none of what is encrypted by a key of KMS.
bool ETagIsDigest(const net::HttpResponse& head);
// kUnavailable when the answer's checksum or ETag is not that of what was sent.
Status CheckAnswer(const net::HttpResponse& head, const std::string& digest, bool sha256);
// NotImplemented and its like: a header is not known here.
bool IsUnknownFeature(const Error& error);
// Of all of the spool, 16 hex digits.
Result<std::string> CrcOf(const stream::Spool& spool);
// 16 random bytes in hex.
std::string NewMark();

}  // namespace holdfast::storage::s3
