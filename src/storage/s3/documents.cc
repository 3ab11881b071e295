#include "storage/s3/documents.h"

#include <algorithm>
#include <charconv>

#include "base/printable.h"
#include "base/rfc3339.h"
#include "storage/s3/xml.h"

namespace holdfast::storage::s3 {
namespace {

Result<XmlElement> Parse(std::string_view xml, std::string_view root) {
  HF_ASSIGN_CONTEXT(XmlElement element, ParseXml(xml), "reading the store's answer");
  if (element.name != root)
    return Fail(Error(ErrorKind::kInvalid, "the store answered with <" +
                                               Printable(element.name, 60) + "> instead of <" +
                                               std::string(root) + ">")
                    .Hint("is the endpoint an S3 service?"));
  return element;
}

Result<uint64_t> Number(std::string_view text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return Fail(ErrorKind::kInvalid,
                "the store gave \"" + Printable(text, 40) + "\" where a size must be");
  return value;
}

std::string Unquote(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
    etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

int Digit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

// Keys come URL-encoded when the answer says so, whatever was asked for.
class KeyReader {
 public:
  explicit KeyReader(const XmlElement& list) : url_(list.ChildText("EncodingType") == "url") {}
  std::string operator()(std::string_view key) const {
    return url_ ? UrlDecode(key) : std::string(key);
  }

 private:
  const bool url_;
};

}  // namespace

std::string UrlDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && Digit(text[i + 1]) >= 0 &&
        Digit(text[i + 2]) >= 0) {
      out += static_cast<char>(Digit(text[i + 1]) * 16 + Digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

Result<ListPage> ParseList(std::string_view xml) {
  HF_ASSIGN(XmlElement list, Parse(xml, "ListBucketResult"));
  KeyReader key(list);
  ListPage page;
  page.truncated = list.ChildText("IsTruncated") == "true";
  for (const XmlElement& child : list.children) {
    if (child.name == "CommonPrefixes") {
      // Without NextMarker, V1 goes on after whatever came last.
      page.next = std::max(page.next, key(child.ChildText("Prefix")));
    }
    if (child.name != "Contents") continue;
    ListedObject object;
    object.key = key(child.ChildText("Key"));
    HF_ASSIGN(object.size, Number(child.ChildText("Size")));
    HF_ASSIGN(object.modified, ParseRfc3339(child.ChildText("LastModified")));
    page.next = std::max(page.next, object.key);
    page.objects.push_back(std::move(object));
  }
  if (const XmlElement* token = list.Child("NextContinuationToken")) {
    page.has_token = true;
    page.next = token->text;
  } else if (const XmlElement* marker = list.Child("NextMarker")) {
    page.next = key(marker->text);
  }
  if (page.truncated && page.next.empty())
    return Fail(ErrorKind::kInvalid, "the store cut its list off and does not say how it goes on");
  return page;
}

Result<UploadPage> ParseUploads(std::string_view xml) {
  HF_ASSIGN(XmlElement list, Parse(xml, "ListMultipartUploadsResult"));
  KeyReader key(list);
  UploadPage page;
  page.truncated = list.ChildText("IsTruncated") == "true";
  page.next_key = key(list.ChildText("NextKeyMarker"));
  page.next_id = list.ChildText("NextUploadIdMarker");
  if (page.truncated && page.next_key.empty())
    return Fail(ErrorKind::kInvalid, "the store cut its list off and does not say how it goes on");
  for (const XmlElement& child : list.children) {
    if (child.name != "Upload") continue;
    ListedUpload upload{key(child.ChildText("Key")), std::string(child.ChildText("UploadId")), {}};
    HF_ASSIGN(upload.initiated, ParseRfc3339(child.ChildText("Initiated")));
    page.uploads.push_back(std::move(upload));
  }
  return page;
}

Result<PartPage> ParseParts(std::string_view xml) {
  HF_ASSIGN(XmlElement list, Parse(xml, "ListPartsResult"));
  PartPage page;
  page.truncated = list.ChildText("IsTruncated") == "true";
  page.next = list.ChildText("NextPartNumberMarker");
  if (page.next.empty()) page.truncated = false;
  for (const XmlElement& child : list.children) {
    if (child.name != "Part") continue;
    HF_ASSIGN(Clock::Wall modified, ParseRfc3339(child.ChildText("LastModified")));
    page.newest = std::max(page.newest, modified);
  }
  return page;
}

Result<std::string> ParseUploadId(std::string_view xml) {
  HF_ASSIGN(XmlElement root, Parse(xml, "InitiateMultipartUploadResult"));
  std::string id(root.ChildText("UploadId"));
  if (id.empty()) return Fail(ErrorKind::kInvalid, "the store gave the upload no id");
  return id;
}

Result<Completed> ParseCompleted(std::string_view xml) {
  HF_ASSIGN(XmlElement root, Parse(xml, "CompleteMultipartUploadResult"));
  return Completed{Unquote(root.ChildText("ETag")), std::string(root.ChildText("ChecksumSHA256"))};
}

Result<std::string> ParseLocation(std::string_view xml) {
  HF_ASSIGN(XmlElement root, Parse(xml, "LocationConstraint"));
  // Some stores put the name one level deeper.
  std::string region =
      root.Child("LocationConstraint") ? root.Child("LocationConstraint")->text : root.text;
  if (region.empty() || region == "US") return "us-east-1";
  if (region == "EU") return "eu-west-1";
  return region;
}

ErrorDocument ParseErrorDocument(std::string_view xml) {
  auto root = ParseXml(xml);
  if (!root) return {};
  const XmlElement* error = root->name == "Error" ? &*root : root->Child("Error");
  if (error == nullptr) return {};
  ErrorDocument document;
  document.code = error->ChildText("Code");
  document.message = error->ChildText("Message");
  document.request_id = error->ChildText("RequestId");
  if (document.request_id.empty()) document.request_id = root->ChildText("RequestId");
  document.region = error->ChildText("Region");
  document.endpoint = error->ChildText("Endpoint");
  document.server_time = error->ChildText("ServerTime");
  document.request_time = error->ChildText("RequestTime");
  return document;
}

Result<StsCredentials> ParseStsCredentials(std::string_view xml) {
  HF_ASSIGN_CONTEXT(XmlElement root, ParseXml(xml), "reading the answer of STS");
  const XmlElement* result = nullptr;
  for (const XmlElement& child : root.children)
    if (child.name.ends_with("Result")) result = &child;
  const XmlElement* credentials = result ? result->Child("Credentials") : nullptr;
  if (credentials == nullptr)
    return Fail(ErrorKind::kInvalid, "the answer of STS has no credentials in it");
  StsCredentials found;
  found.access_key = credentials->ChildText("AccessKeyId");
  found.secret_key = credentials->ChildText("SecretAccessKey");
  found.session_token = credentials->ChildText("SessionToken");
  HF_ASSIGN(found.expires, ParseRfc3339(credentials->ChildText("Expiration")));
  if (found.access_key.empty() || found.secret_key.empty())
    return Fail(ErrorKind::kInvalid, "the answer of STS has empty keys in it");
  return found;
}

}  // namespace holdfast::storage::s3
