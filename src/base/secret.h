// Bytes that must not outlive their use: keys, tokens, passwords.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast {

// Overwrites `size` bytes in a way that the compiler keeps.
void Wipe(void* data, size_t size);
// Wipes the whole capacity of the string and empties it.
void Wipe(std::string& text);

// Owns secret bytes on the heap, wiped when destroyed or assigned over. Movable, not copyable, so
// that every copy is visible as Clone(). There is no way to print one.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::string_view bytes);
  // Takes over the bytes of `bytes` and wipes it.
  static SecretBytes Take(std::string&& bytes);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  std::string_view view() const { return {data_, size_}; }
  char* data() { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  SecretBytes Clone() const { return SecretBytes(view()); }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace holdfast
