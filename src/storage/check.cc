#include "storage/check.h"

#include <algorithm>
#include <functional>
#include <random>

namespace holdfast::storage {
namespace {

using Outcome = CheckStep::Outcome;

constexpr size_t kInParts = (5 << 20) + 4321;  // one part of the least size, and a short one

std::string RandomName() {
  std::random_device random;
  std::string name = "holdfast-check-";
  for (int i = 0; i < 16; ++i) name += "0123456789abcdef"[random() % 16];
  return name;
}

// Bytes in which every part differs from every other.
std::string Pattern(size_t size) {
  std::string bytes;
  for (size_t i = 0; bytes.size() < size; ++i) bytes += std::to_string(i) + "\n";
  bytes.resize(size);
  return bytes;
}

// A step may need several rights: the store's error names the one that is missing (s3_error.cc).
std::string RightIn(std::string_view hint) {
  constexpr std::string_view kBefore = "needs the right ";
  size_t at = hint.find(kBefore);
  if (at == std::string_view::npos) return "";
  hint.remove_prefix(at + kBefore.size());
  return std::string(hint.substr(0, hint.find(' ')));
}

Status PutBytes(Store& store, const std::string& name, std::string_view bytes, const Waits& waits) {
  HF_ASSIGN(auto spool, store.NewSpool());
  HF_TRY(spool.Append(bytes));
  return store.Put(spool, name, waits);
}

Status ReadBack(Store& store, const std::string& name, std::string_view bytes, const Waits& waits) {
  for (size_t offset : {size_t{0}, bytes.size() / 2}) {
    HF_ASSIGN(auto source, store.Open(name, offset, waits));
    HF_ASSIGN(std::string read, stream::ReadAll(*source, bytes.size() + 1));
    if (read == bytes.substr(offset)) continue;
    return Fail(ErrorKind::kCorrupt, "other bytes came back than were put");
  }
  return {};
}

class Check {
 public:
  Check(Store& store, Store* parts, S3Store* s3, const Waits& waits)
      : store_(store), parts_(parts), s3_(s3), waits_(waits) {}

  std::vector<CheckStep> Run() {
    const std::string small = RandomName(), large = RandomName();
    const std::string bytes = Pattern(1000);
    Step("list", "list, retention, looking for left-overs", "s3:ListBucket", [&]() -> Status {
      auto list = store_.List("holdfast-check-", waits_);
      // A folder that is still to be made is none to complain of.
      bool no_folder = s3_ == nullptr && !list && list.error().kind() == ErrorKind::kNotFound;
      if (list || no_folder) return {};
      return Fail(std::move(list).error());
    });
    bool put = Step("put", "backup", "s3:PutObject",
                    [&] { return PutBytes(store_, small, bytes, waits_); });
    if (put) {
      Step("overwrite", "that no archive is ever overwritten", "s3:GetObject", [&]() -> Status {
        Status again = PutBytes(store_, small, "other", waits_);
        if (!again && again.error().kind() == ErrorKind::kConflict) return {};
        if (!again) return again;
        return Fail(ErrorKind::kInternal, "a file that was there has been overwritten");
      });
      Step("read", "verify, restore", "s3:GetObject",
           [&] { return ReadBack(store_, small, bytes, waits_); });
    } else {
      NotTried("overwrite", "that no archive is ever overwritten", "put failed");
      NotTried("read", "verify, restore", "put failed");
    }
    bool multipart = parts_ != nullptr && CheckParts(large);
    if (s3_ != nullptr) CheckUploads();
    CheckDelete(put ? small : "", multipart ? large : "");
    return std::move(steps_);
  }

 private:
  bool Step(std::string name, std::string purpose, std::string permission,
            const std::function<Status()>& work) {
    CheckStep step{std::move(name), std::move(purpose), Outcome::kOk, "", "", ""};
    if (Status done = work(); !done) {
      step.outcome = Outcome::kFailed;
      step.hint = done.error().hint();
      step.error = done.error().MessageWithoutHint();
      if (s3_ != nullptr && done.error().kind() == ErrorKind::kUnauthorized) {
        std::string named = RightIn(step.hint);
        step.permission = named.empty() ? std::move(permission) : std::move(named);
      }
    }
    steps_.push_back(std::move(step));
    return steps_.back().outcome == Outcome::kOk;
  }
  void NotTried(std::string name, std::string purpose, std::string why) {
    steps_.push_back(
        {std::move(name), std::move(purpose), Outcome::kNotTried, std::move(why), "", ""});
  }

  bool CheckParts(const std::string& name) {
    std::string bytes = Pattern(kInParts);
    return Step("multipart", "backup of more than 16 MiB", "s3:PutObject", [&]() -> Status {
      HF_TRY(PutBytes(*parts_, name, bytes, waits_));
      Status same = ReadBack(*parts_, name, bytes, waits_);
      // Written it is; whether it may be read is another step's business.
      if (same || same.error().kind() == ErrorKind::kUnauthorized) return {};
      return same;
    });
  }

  void CheckUploads() {
    LeftOverRule rule;
    rule.prefix = "holdfast-check-";
    CheckStep step{"uploads", "aborting what a crash has left unfinished", Outcome::kOk, "", "",
                   ""};
    auto found = s3_->AbortLeftOvers(rule, waits_);
    if (!found || !found->warning.empty()) {
      step.outcome = Outcome::kWarning;
      step.error = found ? found->warning : found.error().ToString();
      step.permission = "s3:ListBucketMultipartUploads, s3:AbortMultipartUpload";
      step.hint = "without it let a lifecycle rule of the bucket abort incomplete uploads";
    }
    steps_.push_back(std::move(step));
  }

  void CheckDelete(const std::string& small, const std::string& large) {
    if (small.empty() && large.empty())
      return NotTried("delete", "retention", "nothing could be put");
    Step("delete", "retention", "s3:DeleteObject", [&]() -> Status {
      Status result;
      for (const std::string& name : {small, large}) {
        if (name.empty()) continue;
        Status deleted = store_.Delete(name, waits_);
        if (!deleted && result) {
          result = Fail(std::move(deleted).error().With("\"" + name + "\" is left behind"));
        }
      }
      return result;
    });
  }

  Store& store_;
  Store* parts_;
  S3Store* s3_;
  const Waits& waits_;
  std::vector<CheckStep> steps_;
};

}  // namespace

std::vector<CheckStep> CheckStore(Store& store, Store* parts, S3Store* s3, const Waits& waits) {
  return Check(store, parts, s3, waits).Run();
}

bool AllOk(const std::vector<CheckStep>& steps) {
  return std::none_of(steps.begin(), steps.end(), [](const CheckStep& step) {
    return step.outcome == Outcome::kFailed || step.outcome == Outcome::kNotTried;
  });
}

}  // namespace holdfast::storage
