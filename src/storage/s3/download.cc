// Reading an object in ranges, ahead of the reader.
#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <thread>

#include "storage/s3/digest.h"
#include "storage/s3/store_impl.h"

namespace holdfast::storage::s3 {
namespace {

constexpr uint64_t kFirstRange = 1 << 20;
constexpr uint64_t kMaxRange = 8 << 20;

// "3" in "0123...-3"; empty for what was not sent in parts.
std::string PartsIn(std::string_view digest) {
  if (digest.ends_with('"')) digest.remove_suffix(1);
  size_t dash = digest.rfind('-');
  if (dash == std::string_view::npos) return "";
  std::string_view count = digest.substr(dash + 1);
  bool number = !count.empty() && count.find_first_not_of("0123456789") == std::string_view::npos;
  return number ? std::string(count) : "";
}

// The checksum that lies with the file: our own CRC-64; or what the store keeps over the whole file
// or over its parts' digests: a SHA-256, or the ETag of a file that we have sent with MD5s.
class ChecksumCheck {
 public:
  explicit ChecksumCheck(const ObjectHead& head) {
    if (head.crc64.size() == 16 && !head.mark.empty()) {
      expected_ = head.crc64;
      by_crc_ = true;
      return;
    }
    sha256_ = !head.checksum.empty();
    if (sha256_) {
      expected_ = head.checksum.substr(0, head.checksum.find('-'));
    } else {
      if (head.mark.empty() || !head.etag_is_digest) return;
      expected_ = Unquoted(head.etag);
      expected_ = expected_.substr(0, expected_.find('-'));
      if (!IsMd5(expected_)) return;
    }
    // The number of parts; some stores give it in the ETag alone.
    std::string count = PartsIn(head.checksum);
    if (count.empty()) count = PartsIn(head.etag);
    composite_ = !count.empty();
    part_size_ = composite_ ? head.part_size : head.size;
    // Digests of parts say something only to those who know where parts begin.
    active_ = !composite_ || (part_size_ > 0 &&
                              count == std::to_string((head.size + part_size_ - 1) / part_size_));
    part_ = NewHash();
    all_ = NewHash();
  }
  void Update(std::string_view bytes) {
    if (by_crc_) crc_ = Crc64(crc_, bytes);
    while (active_ && !bytes.empty()) {
      size_t size = std::min<uint64_t>(bytes.size(), part_size_ - in_part_);
      part_.Update(bytes.substr(0, size));
      bytes.remove_prefix(size);
      in_part_ += size;
      if (in_part_ == part_size_ && composite_) EndPart();
    }
  }
  bool Agrees() {
    if (by_crc_) {
      uint64_t expected = 0;
      auto [end, error] =
          std::from_chars(expected_.data(), expected_.data() + expected_.size(), expected, 16);
      return error == std::errc() && expected == crc_;
    }
    if (!active_) return true;
    if (composite_ && in_part_ > 0) EndPart();
    std::string digest = (composite_ ? all_ : part_).Final();
    return (sha256_ ? Base64(digest) : HexOf(digest)) == expected_;
  }

 private:
  Hash NewHash() const { return Hash(sha256_ ? Hash::Kind::kSha256 : Hash::Kind::kMd5); }
  void EndPart() {
    all_.Update(part_.Final());
    part_ = NewHash();
    in_part_ = 0;
  }
  std::string expected_;
  bool by_crc_ = false;  // the cheapest; else:
  uint64_t crc_ = 0;
  bool active_ = false, composite_ = false, sha256_ = true;
  uint64_t part_size_ = 0, in_part_ = 0;
  Hash part_{Hash::Kind::kSha256}, all_{Hash::Kind::kSha256};
};

class RangeSource : public stream::Source {
 public:
  RangeSource(std::shared_ptr<Client> client, std::string key, std::string what, ObjectHead head,
              uint64_t offset, Waits waits)
      : client_(std::move(client)),
        key_(std::move(key)),
        what_(std::move(what)),
        head_(std::move(head)),
        waits_(std::move(waits)),
        whole_(offset == 0),
        checksum_(head_),
        budget_(std::max<uint64_t>(client_->config().read_ahead, kFirstRange)),
        max_range_(
            std::clamp<uint64_t>(budget_ / client_->config().parallel, kFirstRange, kMaxRange)),
        begun_(offset),
        next_(offset),
        forward_(waits_.stop, [this] { stop_.request_stop(); }) {}
  ~RangeSource() override {
    stop_.request_stop();
    changed_.notify_all();
  }

  Result<size_t> Read(char* out, size_t size) override {
    if (failed_) return Fail(*failed_);
    auto got = ReadSome(out, size);
    if (!got) failed_ = got.error();
    return got;
  }

 private:
  struct Range {
    uint64_t begin = 0, size = 0;
    std::string bytes;
    bool done = false;
    std::optional<Error> error;
  };

  Result<size_t> ReadSome(char* out, size_t size);
  void Plan();  // mutex_ held
  void Work(std::stop_token stop);
  Status Fetch(Range& range, const Waits& waits);
  Status FetchOnce(Range& range, const Waits& waits);

  const std::shared_ptr<Client> client_;
  const std::string key_, what_;
  const ObjectHead head_;
  const Waits waits_;
  const bool whole_;
  ChecksumCheck checksum_;
  const uint64_t budget_, max_range_;
  const uint64_t begun_;
  std::optional<Error> failed_;
  size_t in_front_ = 0;  // of the first range, handed out already
  bool checked_ = false;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::shared_ptr<Range>> ranges_;  // in order; the reader takes from the front
  std::deque<std::shared_ptr<Range>> waiting_;
  std::vector<std::string> spare_;  // buffers to be used again
  uint64_t next_;                   // first byte of no range yet
  uint64_t held_ = 0;               // bytes of all in ranges_
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> forward_;
  std::vector<std::jthread> workers_;
};

// A reader that stops early, as one that wants the first entries only, has little fetched for it:
// what is held grows with what was read.
void RangeSource::Plan() {
  uint64_t read = next_ - begun_ - held_;
  uint64_t window = std::min(budget_, std::max(2 * kFirstRange, 2 * read));
  while (next_ < head_.size) {
    uint64_t size = std::min({head_.size - next_, max_range_, std::max(kFirstRange, read)});
    if (held_ > 0 && held_ + size > window) break;
    auto range = std::make_shared<Range>();
    range->begin = next_;
    range->size = size;
    if (!spare_.empty()) {
      range->bytes = std::move(spare_.back());
      spare_.pop_back();
      range->bytes.clear();
    }
    ranges_.push_back(range);
    waiting_.push_back(range);
    held_ += size;
    next_ += size;
  }
  while (workers_.size() < std::min(ranges_.size(), client_->config().parallel))
    workers_.emplace_back([this] { Work(stop_.get_token()); });
  changed_.notify_all();
}

void RangeSource::Work(std::stop_token stop) {
  Waits waits = waits_;
  waits.stop = stop;
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!changed_.wait(lock, stop, [&] { return !waiting_.empty(); })) return;
    if (stop.stop_requested()) return;
    auto range = waiting_.front();
    waiting_.pop_front();
    lock.unlock();
    Status fetched = Fetch(*range, waits);
    lock.lock();
    if (!fetched) range->error = std::move(fetched).error();
    range->done = true;
    changed_.notify_all();
  }
}

Result<size_t> RangeSource::ReadSome(char* out, size_t size) {
  std::unique_lock lock(mutex_);
  if (!ranges_.empty() && in_front_ == ranges_.front()->bytes.size() && ranges_.front()->done) {
    held_ -= ranges_.front()->size;
    if (spare_.size() < client_->config().parallel)
      spare_.push_back(std::move(ranges_.front()->bytes));
    ranges_.pop_front();
    in_front_ = 0;
  }
  if (stop_.stop_requested()) return Fail(Error(ErrorKind::kCancelled, "stopped").With(what_));
  Plan();
  if (ranges_.empty()) {
    if (whole_ && !checked_ && !checksum_.Agrees())
      return Fail(
          Error(ErrorKind::kCorrupt,
                "the bytes are not those that were stored: their checksum is not the one that "
                "the store keeps")
              .With(what_)
              .Hint("read it again; if that fails too, use another archive"));
    checked_ = true;
    return 0;
  }
  auto front = ranges_.front();
  if (!changed_.wait(lock, stop_.get_token(), [&] { return front->done; }))
    return Fail(Error(ErrorKind::kCancelled, "stopped").With(what_));
  if (front->error) return Fail(Error(*front->error).With(what_));
  lock.unlock();
  size_t n = std::min(size, front->bytes.size() - in_front_);
  std::memcpy(out, front->bytes.data() + in_front_, n);
  in_front_ += n;
  if (whole_) checksum_.Update({out, n});
  return n;
}

// What was received stays when a connection breaks; only the rest is asked for again.
Status RangeSource::Fetch(Range& range, const Waits& waits) {
  range.bytes.reserve(range.size);
  for (int attempt = 1;; ++attempt) {
    size_t before = range.bytes.size();
    Status fetched = FetchOnce(range, waits);
    if (range.bytes.size() == range.size) return {};
    if (fetched)
      fetched =
          Fail(ErrorKind::kUnavailable, "the store sent " + std::to_string(range.bytes.size()) +
                                            " bytes of the " + std::to_string(range.size) +
                                            " from byte " + std::to_string(range.begin) + " on");
    if (range.bytes.size() > before) attempt = 1;
    if (!WaitBeforeRetry(client_->config().retry, attempt, fetched.error(), waits)) return fetched;
  }
}

Status RangeSource::FetchOnce(Range& range, const Waits& waits) {
  uint64_t begin = range.begin + range.bytes.size(), end = range.begin + range.size;
  Request request;
  request.key = key_;
  request.action = "s3:GetObject";
  request.headers = {{"Range", "bytes=" + std::to_string(begin) + "-" + std::to_string(end - 1)}};
  if (!head_.etag.empty()) request.headers.push_back({"If-Match", head_.etag});
  uint64_t skip = 0;
  bool first = true, enough = false;
  request.on_body = [&](const net::HttpResponse& head, std::string_view piece) -> Status {
    if (first) {
      first = false;
      if (head.status == 200) {
        skip = begin;  // it does not know ranges and begins at the beginning
      } else if (const std::string* got = head.Header("content-range");
                 got == nullptr || !got->starts_with("bytes " + std::to_string(begin) + "-")) {
        return Fail(ErrorKind::kInvalid, "the store sent another range than was asked for");
      }
    }
    size_t drop = std::min<uint64_t>(skip, piece.size());
    skip -= drop;
    piece.remove_prefix(drop);
    size_t take = std::min<uint64_t>(piece.size(), range.size - range.bytes.size());
    range.bytes.append(piece.substr(0, take));
    enough = take < piece.size();
    if (enough) return Fail(ErrorKind::kCancelled, "enough");
    return {};
  };
  auto answer = client_->SendOnce(request, waits);
  if (answer || enough) return {};
  if (answer.error().code() == 412)
    return Fail(Error(ErrorKind::kConflict, "it was replaced by another file while it was read")
                    .Hint("read it again from the start"));
  return Fail(std::move(answer).error());
}

}  // namespace

std::unique_ptr<stream::Source> ReadRanges(std::shared_ptr<Client> client, std::string key,
                                           std::string what, ObjectHead head, uint64_t offset,
                                           Waits waits) {
  return std::make_unique<RangeSource>(std::move(client), std::move(key), std::move(what),
                                       std::move(head), offset, std::move(waits));
}

}  // namespace holdfast::storage::s3
