// The paths of an archive's entries in their order, in few bytes: neighbours begin alike.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::archive {

// Each path as the length that it shares with the one before, the length of what follows, and that.
class PathList {
 public:
  void Add(std::string_view path) {
    path = path.substr(0, UINT16_MAX);  // the tar reader's limit is far below
    auto [mine, others] = std::mismatch(path.begin(), path.end(), last_.begin(), last_.end());
    auto shared = static_cast<uint16_t>(mine - path.begin());
    Put(shared);
    Put(static_cast<uint16_t>(path.size() - shared));
    bytes_ += path.substr(shared);
    last_ = path;
    ++size_;
  }
  size_t size() const { return size_; }
  // The path that was added as number `index`, from 0; it must be there. Reads all before it.
  std::string Get(size_t index) const {
    std::string path;
    for (size_t at = 0, i = 0; i <= index; ++i) {
      size_t shared = Number(at), more = Number(at + 2);
      path.replace(shared, std::string::npos, bytes_, at + 4, more);
      at += 4 + more;
    }
    return path;
  }
  size_t bytes() const { return bytes_.size(); }

 private:
  void Put(uint16_t number) {
    bytes_ += static_cast<char>(number & 0xff);
    bytes_ += static_cast<char>(number >> 8);
  }
  size_t Number(size_t at) const {
    return static_cast<uint8_t>(bytes_[at]) |
           static_cast<size_t>(static_cast<uint8_t>(bytes_[at + 1])) << 8;
  }

  std::string bytes_, last_;
  size_t size_ = 0;
};

}  // namespace holdfast::archive
