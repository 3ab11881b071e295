// What is known of planned updates before they are sent, from the server's answers to dry runs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "restore/index.h"

namespace holdfast::restore {

struct UpdateVerdict {
  enum class Kind : uint8_t {
    kSame,      // the update would change nothing: the texts differ by defaults alone
    kCannot,    // the server refuses it, or would keep nothing of what differs
    kRecreate,  // a field cannot be updated: the object is deleted and created again
    kLossy,     // the update would change the object, but not all that is sent is kept
  } kind = Kind::kSame;
  std::string text;               // the reason, but for kSame
  uint64_t resource_version = 0;  // of the live object that it holds for
};

// One verdict an object. Any number of threads.
class UpdateVerdicts {
 public:
  void Add(ObjectId id, UpdateVerdict verdict) {
    std::lock_guard lock(mutex_);
    verdicts_[id] = std::move(verdict);
  }
  // Null where there is none for that version of the object. Valid until the object's next Add().
  const UpdateVerdict* Find(ObjectId id, uint64_t resource_version) const {
    std::lock_guard lock(mutex_);
    auto it = verdicts_.find(id);
    bool known = it != verdicts_.end() && it->second.resource_version == resource_version;
    return known ? &it->second : nullptr;
  }
  void ForEach(const std::function<void(ObjectId, const UpdateVerdict&)>& visit) const {
    std::lock_guard lock(mutex_);
    for (const auto& [id, verdict] : verdicts_) visit(id, verdict);
  }

 private:
  mutable std::mutex mutex_;
  std::map<ObjectId, UpdateVerdict> verdicts_;
};

}  // namespace holdfast::restore
