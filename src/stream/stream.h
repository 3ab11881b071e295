// Source and Sink: bytes that flow. A pipeline is made by wrapping one in the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::stream {

// Used by one thread at a time. After an error every further call gives an error.
class Source {
 public:
  virtual ~Source() = default;
  // Reads up to `size` bytes (size > 0) into `out`; fewer is no sign of the end. 0 means the end.
  // May block.
  virtual Result<size_t> Read(char* out, size_t size) = 0;
};

// Used by one thread at a time. Nothing counts as written before Close() has succeeded.
class Sink {
 public:
  virtual ~Sink() = default;
  // Takes all of `bytes`, or fails. May block.
  virtual Status Write(std::string_view bytes) = 0;
  // Hands on all that is buffered and ends the stream. A sink that wraps another does not close
  // that one. Must be called once, also by those who write nothing; a failure here is a failed
  // write. Destroying a sink that was not closed drops what it holds.
  virtual Status Close() = 0;
};

// Reads from memory that the caller keeps alive.
class StringSource : public Source {
 public:
  explicit StringSource(std::string_view bytes) : left_(bytes) {}
  Result<size_t> Read(char* out, size_t size) override;

 private:
  std::string_view left_;
};

// Collects into memory.
class StringSink : public Sink {
 public:
  Status Write(std::string_view bytes) override;
  Status Close() override { return {}; }
  const std::string& bytes() const { return bytes_; }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Everything up to the end; kInvalid when that is more than `limit` bytes.
Result<std::string> ReadAll(Source& source, size_t limit);
// Copies to the end without closing `sink`; the number of bytes copied.
Result<uint64_t> Copy(Source& source, Sink& sink);

}  // namespace holdfast::stream
