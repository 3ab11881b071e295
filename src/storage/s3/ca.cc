#include "storage/s3/ca.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "storage/s3/digest.h"
#include "stream/file_source.h"

namespace holdfast::storage::s3 {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr size_t kMaxFile = 4 << 20;

Error NotACertificate(std::string why) {
  return Error(ErrorKind::kInvalid, "endpointCA is not a valid X.509 certificate: " + why)
      .Hint(
          "it is PEM text (-----BEGIN CERTIFICATE-----), base64 of PEM, or the path of such a "
          "file");
}

Result<std::string> Checked(std::string pem) {
  size_t blocks = 0;
  for (size_t at = 0; (at = pem.find(kBegin, at)) != std::string::npos; ++at) ++blocks;
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  size_t read = 0;
  while (X509* cert = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr)) {
    X509_free(cert);
    ++read;
  }
  BIO_free(bio);
  ERR_clear_error();
  if (read == 0) return Fail(NotACertificate("there is no certificate in it"));
  if (read != blocks)
    return Fail(NotACertificate("of its " + std::to_string(blocks) + " PEM blocks only the first " +
                                std::to_string(read) + " are certificates"));
  return pem;
}

}  // namespace

Result<std::string> LoadCa(std::string_view given) {
  if (given.find(kBegin) != std::string_view::npos) return Checked(std::string(given));
  auto decoded = FromBase64(given);
  if (decoded && decoded->find(kBegin) != std::string::npos) return Checked(std::move(*decoded));
  // Long or many-lined text was never meant as a path.
  if (given.size() > 1024 || given.find('\n') != std::string_view::npos)
    return Fail(NotACertificate("it is neither PEM nor base64 of PEM"));
  HF_ASSIGN_CONTEXT(auto file, stream::FileSource::Open(std::string(given)), "reading endpointCA");
  HF_ASSIGN_CONTEXT(std::string text, stream::ReadAll(file, kMaxFile), "reading endpointCA");
  if (text.find(kBegin) == std::string::npos) {
    if (auto inner = FromBase64(text)) text = std::move(*inner);
  }
  return Checked(std::move(text));
}

}  // namespace holdfast::storage::s3
