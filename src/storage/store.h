// Where archives lie. This file is the contract that every store keeps; store_contract_test.cc is
// the suite that proves it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/retry.h"
#include "stream/spool.h"
#include "stream/stream.h"

namespace holdfast::storage {

struct ObjectInfo {
  std::string name;
  uint64_t size = 0;     // bytes
  Clock::Wall modified;  // when it came to be, by the store's clock
};

// A flat set of named files that never change: there is no way to overwrite or to append, and a
// file is there whole or not at all. All calls may block, may be made by several threads at once,
// and honour `waits` (deadline and stop: kCancelled) as far as the store can be interrupted: a
// local disk cannot. A name has 1 to 255 bytes, no `/`, no NUL and no leading `.`; others are
// kInvalid. Errors name the store and the file, and say what the reader can do.
class Store {
 public:
  virtual ~Store() = default;

  // A new empty spool where an archive for this store is best built (a local folder: in the folder
  // itself, so that Put() is a link). Creates the place it needs. Any spool may be given to any
  // store's Put(), but only this one spares a copy.
  virtual Result<stream::Spool> NewSpool() = 0;

  // Stores all of the spool under a new name: on success it is there, whole and durable; on any
  // error nothing is there under that name that was not there before. Never overwrites: kConflict
  // when the name exists. The spool is only read; after an error it may be put again.
  virtual Status Put(stream::Spool& spool, const std::string& name, const Waits& waits) = 0;

  // Reads a file from `offset` bytes on. kNotFound when there is none of that name. What is read
  // is what was put, or an error: a file that turns out shorter than its size is kUnavailable.
  virtual Result<std::unique_ptr<stream::Source>> Open(const std::string& name, uint64_t offset,
                                                       const Waits& waits) = 0;

  // The files whose names start with `prefix` (literally), sorted by name; files that are being
  // written are not among them. kNotFound when the place itself is missing.
  virtual Result<std::vector<ObjectInfo>> List(std::string_view prefix, const Waits& waits) = 0;

  // kNotFound when there is none of that name.
  virtual Result<ObjectInfo> Stat(const std::string& name, const Waits& waits) = 0;

  // Removes one file, durably. kNotFound when there is none of that name.
  virtual Status Delete(const std::string& name, const Waits& waits) = 0;

  // For messages: "folder /var/lib/backups".
  virtual std::string Describe() const = 0;
};

// kInvalid when `name` is not one that stores take.
Status CheckName(std::string_view name);

}  // namespace holdfast::storage
