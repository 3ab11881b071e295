#include "kube/text_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>

#include <sodium.h>

#include "base/secret.h"

namespace holdfast::kube {

Result<std::string> ReadTextFile(const std::filesystem::path& path, size_t max) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Fail(ErrnoError("reading " + path.string(), errno));
  std::string text;
  char buffer[16384];
  Status status;
  for (;;) {
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) status = Fail(ErrnoError("reading " + path.string(), errno));
    if (n <= 0) break;
    text.append(buffer, static_cast<size_t>(n));
    if (text.size() > max) {
      status = Fail(ErrorKind::kInvalid,
                    path.string() + " is longer than " + std::to_string(max) + " bytes");
      break;
    }
  }
  close(fd);
  Wipe(buffer, sizeof buffer);
  if (!status) return Fail(std::move(status).error());
  return text;
}

Result<std::string> DecodeBase64(std::string_view text) {
  std::string out(text.size() / 4 * 3 + 3, '\0');
  size_t size = 0;
  const char* end = nullptr;
  int rc = sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(),
                             text.size(), " \t\r\n", &size, &end, sodium_base64_VARIANT_ORIGINAL);
  if (rc != 0 || end != text.data() + text.size()) {
    Wipe(out);
    return Fail(ErrorKind::kInvalid, "not base64");
  }
  out.resize(size);
  return out;
}

std::string EncodeBase64(std::string_view bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();  // the terminating zero
  return out;
}

}  // namespace holdfast::kube
