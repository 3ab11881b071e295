// Whatever an S3 store or STS answers: no crash, and nothing beyond the limits.
#include <cstdint>
#include <string_view>

#include "storage/s3/documents.h"
#include "storage/s3/xml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace s3 = holdfast::storage::s3;
  std::string_view xml(reinterpret_cast<const char*>(data), size);
  (void)s3::ParseList(xml);
  (void)s3::ParseUploads(xml);
  (void)s3::ParseParts(xml);
  (void)s3::ParseUploadId(xml);
  (void)s3::ParseCompleted(xml);
  (void)s3::ParseLocation(xml);
  (void)s3::ParseErrorDocument(xml);
  (void)s3::ParseStsCredentials(xml);
  // What was escaped reads back as it was.
  auto again = s3::ParseXml("<a>" + s3::XmlEscape(xml) + "</a>");
  if (again && again->text != xml) __builtin_trap();
  if (!again && size < (4 << 20)) __builtin_trap();
  return 0;
}
