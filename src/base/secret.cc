#include "base/secret.h"

#include <cstring>
#include <utility>

#include <sodium.h>

namespace holdfast {

void Wipe(void* data, size_t size) { sodium_memzero(data, size); }

void Wipe(std::string& text) {
  text.resize(text.capacity());
  Wipe(text.data(), text.size());
  text.clear();
}

SecretBytes::SecretBytes(std::string_view bytes) : size_(bytes.size()) {
  if (size_ == 0) return;
  data_ = new char[size_];
  std::memcpy(data_, bytes.data(), size_);
}

SecretBytes SecretBytes::Take(std::string&& bytes) {
  SecretBytes secret{std::string_view(bytes)};
  Wipe(bytes);
  return secret;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

SecretBytes::~SecretBytes() {
  if (data_ == nullptr) return;
  Wipe(data_, size_);
  delete[] data_;
}

}  // namespace holdfast
