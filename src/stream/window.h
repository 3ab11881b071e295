// A reader's buffer over a Source: looks ahead without using up.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "stream/stream.h"

namespace holdfast::stream {

class Window {
 public:
  Window(Source& in, size_t capacity)
      : in_(in), capacity_(capacity), buffer_(std::make_unique_for_overwrite<char[]>(capacity)) {}

  // Tries to have `size` bytes (at most the capacity) at hand; returns how many there are, fewer
  // only at the end of the source. Invalidates views unless they are at hand already.
  Result<size_t> Need(size_t size) {
    if (end_ - begin_ >= size || ended_) return end_ - begin_;
    if (begin_ + size > capacity_) {
      std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    while (end_ - begin_ < size) {
      HF_ASSIGN(size_t got, in_.Read(buffer_.get() + end_, capacity_ - end_));
      if (got == 0) {
        ended_ = true;
        break;
      }
      end_ += got;
    }
    return end_ - begin_;
  }
  std::string_view bytes() const { return {buffer_.get() + begin_, end_ - begin_}; }
  // Uses up the first `size` of bytes(); views stay valid until the next Need().
  void Drop(size_t size) {
    begin_ += size;
    offset_ += size;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Bytes used up so far.
  uint64_t offset() const { return offset_; }
  size_t capacity() const { return capacity_; }

 private:
  Source& in_;
  size_t capacity_;
  std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t offset_ = 0;
  bool ended_ = false;
};

}  // namespace holdfast::stream
