// A KMS v2 plugin for tests: gRPC on a Unix socket, keys that are none.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

namespace holdfast::tests {

// Serves until it is destroyed. Throws where it cannot listen.
class KmsPlugin {
 public:
  explicit KmsPlugin(const std::filesystem::path& socket);
  ~KmsPlugin();

  std::string endpoint() const;  // "unix:///..."
  int encrypts() const;
  int decrypts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::tests
