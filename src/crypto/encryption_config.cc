#include "crypto/encryption_config.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "base/json_text.h"
#include "crypto/encryption_config_raw.h"
#include "crypto/yaml_tree.h"

namespace holdfast::crypto {
namespace {

constexpr size_t kMaxSize = 1 << 20;

// Wipes the buffer that a file is read into, however that ends.
struct WipedText {
  std::string text;
  ~WipedText() { Wipe(text); }
};

struct OpenFile {
  int fd;
  ~OpenFile() {
    if (fd >= 0) close(fd);  // read only: nothing can be lost
  }
};

Error TooLarge() {
  return Error(ErrorKind::kInvalid, "larger than 1 MiB")
      .Hint("this is hardly an EncryptionConfiguration");
}

Result<std::vector<RawRule>> Decode(std::string_view text) {
  if (text.size() > kMaxSize) return Fail(TooLarge());
  HF_ASSIGN(YamlTree tree, YamlTree::Parse(text));
  return DecodeConfig(tree);
}

// The same error with another message.
Error Reworded(const Error& error, std::string message) {
  return Error(error.kind(), std::move(message)).Hint(error.hint());
}

}  // namespace

std::string_view ProviderKindName(ProviderKind kind) {
  switch (kind) {
    case ProviderKind::kIdentity: return "identity";
    case ProviderKind::kAesCbc: return "aescbc";
    case ProviderKind::kAesGcm: return "aesgcm";
    case ProviderKind::kSecretbox: return "secretbox";
    case ProviderKind::kKms: return "kms";
  }
  return "unknown";
}

Result<EncryptionConfig> EncryptionConfig::Parse(std::string_view yaml_or_json,
                                                 std::string_view name) {
  if (yaml_or_json.empty())
    return Fail(Error(ErrorKind::kInvalid,
                      "error while parsing file: error while loading file: encryption provider "
                      "configuration file " +
                          json::Quote(name) + " is empty"));
  Result<std::vector<RawRule>> raw = Decode(yaml_or_json);
  if (!raw)
    return Fail(Reworded(raw.error(),
                         "error while parsing file: error decoding encryption provider "
                         "configuration file " +
                             json::Quote(name) + ": " + raw.error().message()));
  Result<std::vector<ResourceRule>> rules = ValidateConfig(std::move(*raw));
  if (!rules)
    return Fail(Reworded(rules.error(), "error while parsing file: " + rules.error().message())
                    .With("encryption configuration " + json::Quote(name)));
  return EncryptionConfig(std::move(*rules));
}

Result<EncryptionConfig> EncryptionConfig::Load(const std::filesystem::path& file) {
  std::string context = "reading encryption configuration " + json::Quote(file.string());
  OpenFile in{open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (in.fd < 0) return Fail(ErrnoError("opening it", errno).With(context));
  WipedText buffer;
  buffer.text.resize(kMaxSize + 1);
  size_t size = 0;
  while (size < buffer.text.size()) {
    ssize_t got = read(in.fd, buffer.text.data() + size, buffer.text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(ErrnoError("reading it", errno).With(context));
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size > kMaxSize) return Fail(TooLarge().With(context));
  return Parse(std::string_view(buffer.text).substr(0, size), file.string());
}

}  // namespace holdfast::crypto
