// kubeconfig files for the test bed's users, good ones and wrong ones.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace holdfast::testbed {

// What a kubeconfig with one cluster, user and context says; an empty field is left out.
struct KubeconfigParts {
  std::string server;
  std::filesystem::path ca_file;
  std::filesystem::path cert_file;
  std::filesystem::path key_file;
  std::string token;
  std::string ns;  // of the context
};

std::string KubeconfigText(const KubeconfigParts& parts);

// Writes a whole file, mode 0600, and makes its folder where it is missing.
Status WriteFile(const std::filesystem::path& path, std::string_view text);
Result<std::string> ReadFile(const std::filesystem::path& path);

}  // namespace holdfast::testbed
