// For tests: just enough of an S3 service, in memory, for one bucket "bkt" in path style. A hook
// sees every request first and may answer it in its own way, or hurt what is answered.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/test_server.h"
#include "storage/s3/digest.h"
#include "storage/s3/documents.h"
#include "storage/s3/s3_store.h"

namespace holdfast::storage::s3 {

class FakeS3 {
 public:
  struct Object {
    std::string bytes, mark, checksum, part_size, etag, crc = "";
  };
  struct UploadState {
    std::string key, mark, part_size;
    std::map<int, std::string> parts;
    std::string crc = "";
  };
  // True: it has answered.
  using Hook = std::function<bool(const net::TestRequest&, net::TestReply&)>;

  // A hook may be set while a connection of an earlier request is still served.
  class HookSlot {
   public:
    HookSlot& operator=(Hook hook) {
      std::lock_guard lock(mutex_);
      hook_ = std::make_shared<const Hook>(std::move(hook));
      return *this;
    }
    std::shared_ptr<const Hook> Get() const {
      std::lock_guard lock(mutex_);
      return hook_;
    }

   private:
    mutable std::mutex mutex_;
    std::shared_ptr<const Hook> hook_ = std::make_shared<const Hook>();
  };

  FakeS3() : server_([this](const auto& q, auto& r) { Serve(q, r); }) {}

  S3Config Config() const {
    S3Config config;
    config.bucket = "bkt";
    config.endpoint = server_.url();
    config.access_key = "AKIAIOSFODNN7EXAMPLE";
    config.secret_key = SecretBytes("the-secret-key");
    config.retry = {3, std::chrono::milliseconds(1), std::chrono::milliseconds(5)};
    return config;
  }
  std::string url() const { return server_.url(); }

  // Held by a hook while it changes what is there: other requests may be under way beside it.
  std::unique_lock<std::mutex> Lock() { return std::unique_lock(mutex_); }

  HookSlot hook;
  // What a test may look at while no request is under way.
  std::map<std::string, Object> objects;
  std::map<std::string, UploadState> uploads;
  std::vector<std::string> log;  // "PUT /bkt/a?partNumber=1&uploadId=u1"

  size_t Count(std::string_view part) {
    std::lock_guard lock(mutex_);
    return std::count_if(log.begin(), log.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    });
  }
  static void Refuse(net::TestReply& reply, int status, const std::string& code,
                     const std::string& more = "", const std::string& headers = "") {
    reply.Respond(status,
                  "<Error><Code>" + code +
                      "</Code><Message>m</Message><RequestId>REQ1</RequestId>" + more + "</Error>",
                  headers);
  }
  // Answers as a service that is well would.
  void Answer(const net::TestRequest& request, net::TestReply& reply);

  static std::string QueryOf(const net::TestRequest& request, const std::string& name) {
    size_t at = request.target.find('?');
    while (at != std::string::npos) {
      size_t end = request.target.find('&', at + 1);
      std::string pair = request.target.substr(at + 1, end - at - 1);
      if (pair.starts_with(name + "=")) return UrlDecode(pair.substr(name.size() + 1));
      at = end;
    }
    return "";
  }
  static bool HasQuery(const net::TestRequest& request, const std::string& name) {
    return request.target.find("?" + name + "=") != std::string::npos ||
           request.target.find("&" + name + "=") != std::string::npos;
  }
  static std::string HeaderOf(const net::TestRequest& request, const std::string& name) {
    auto it = request.headers.find(name);
    return it == request.headers.end() ? "" : it->second;
  }

 private:
  void Serve(const net::TestRequest& request, net::TestReply& reply) {
    {
      std::lock_guard lock(mutex_);
      log.push_back(request.method + " " + request.target);
    }
    auto now = hook.Get();
    if (*now && (*now)(request, reply)) return;
    Answer(request, reply);
  }
  void Get(const net::TestRequest& request, net::TestReply& reply, const Object& object);
  void Uploads(const net::TestRequest& request, net::TestReply& reply, const std::string& key);

  std::mutex mutex_;
  int next_id_ = 0;
  net::TestServer server_;
};

inline std::string ChecksumOf(std::string_view bytes) {
  Hash hash(Hash::Kind::kSha256);
  hash.Update(bytes);
  return Base64(hash.Final());
}

inline void FakeS3::Get(const net::TestRequest& request, net::TestReply& reply,
                        const Object& object) {
  std::string head = "Last-Modified: Tue, 27 Jan 2026 02:00:00 GMT\r\nETag: " + object.etag +
                     "\r\nx-amz-meta-holdfast-upload: " + object.mark + "\r\n";
  if (!object.checksum.empty()) head += "x-amz-checksum-sha256: " + object.checksum + "\r\n";
  if (!object.crc.empty()) head += "x-amz-meta-holdfast-crc64: " + object.crc + "\r\n";
  if (!object.part_size.empty())
    head += "x-amz-meta-holdfast-part-size: " + object.part_size + "\r\n";
  if (request.method == "HEAD") {
    reply.Raw("HTTP/1.1 200 OK\r\n" + head +
              "Content-Length: " + std::to_string(object.bytes.size()) + "\r\n\r\n");
    return;
  }
  if (std::string match = HeaderOf(request, "if-match"); !match.empty() && match != object.etag)
    return Refuse(reply, 412, "PreconditionFailed");
  std::string range = HeaderOf(request, "range");
  if (range.empty()) return reply.Respond(200, object.bytes, head);
  size_t begin = std::stoul(range.substr(6)), end = std::stoul(range.substr(range.find('-') + 1));
  if (begin >= object.bytes.size()) return Refuse(reply, 416, "InvalidRange");
  std::string piece = object.bytes.substr(begin, end - begin + 1);
  reply.Respond(206, piece,
                head + "Content-Range: bytes " + std::to_string(begin) + "-" +
                    std::to_string(begin + piece.size() - 1) + "/" +
                    std::to_string(object.bytes.size()) + "\r\n");
}

inline void FakeS3::Uploads(const net::TestRequest& request, net::TestReply& reply,
                            const std::string& key) {
  if (HasQuery(request, "uploads") && request.method == "POST") {
    std::string id = "u" + std::to_string(++next_id_);
    uploads[id] = {key,
                   HeaderOf(request, "x-amz-meta-holdfast-upload"),
                   HeaderOf(request, "x-amz-meta-holdfast-part-size"),
                   {},
                   HeaderOf(request, "x-amz-meta-holdfast-crc64")};
    return reply.Respond(200, "<InitiateMultipartUploadResult><UploadId>" + id +
                                  "</UploadId></InitiateMultipartUploadResult>");
  }
  auto it = uploads.find(QueryOf(request, "uploadId"));
  if (it == uploads.end()) return Refuse(reply, 404, "NoSuchUpload");
  if (request.method == "PUT") {
    it->second.parts[std::stoi(QueryOf(request, "partNumber"))] = request.body;
    return reply.Respond(
        200, "", "ETag: \"e\"\r\nx-amz-checksum-sha256: " + ChecksumOf(request.body) + "\r\n");
  }
  if (request.method == "DELETE") {
    uploads.erase(it);
    return reply.Respond(204, "");
  }
  if (!HeaderOf(request, "if-none-match").empty() && objects.count(key))
    return Refuse(reply, 412, "PreconditionFailed");
  Object object{"", it->second.mark, "", it->second.part_size, "\"m\"", it->second.crc};
  Hash hash(Hash::Kind::kSha256);
  for (const auto& [number, bytes] : it->second.parts) {
    object.bytes += bytes;
    hash.Update(FromBase64(ChecksumOf(bytes)).value());
  }
  object.checksum = Base64(hash.Final()) + "-" + std::to_string(it->second.parts.size());
  objects[key] = object;
  uploads.erase(it);
  reply.Respond(200, "<CompleteMultipartUploadResult><ETag>\"m\"</ETag><ChecksumSHA256>" +
                         object.checksum + "</ChecksumSHA256></CompleteMultipartUploadResult>");
}

inline void FakeS3::Answer(const net::TestRequest& request, net::TestReply& reply) {
  std::lock_guard lock(mutex_);
  std::string path = UrlDecode(request.target.substr(0, request.target.find('?')));
  if (!path.starts_with("/bkt/")) return Refuse(reply, 404, "NoSuchBucket");
  std::string key = path.substr(5);
  if (HasQuery(request, "uploads") && request.method == "GET") {
    std::string xml = "<ListMultipartUploadsResult>";
    for (const auto& [id, upload] : uploads)
      xml += "<Upload><Key>" + upload.key + "</Key><UploadId>" + id +
             "</UploadId><Initiated>2026-01-27T02:00:00Z</Initiated></Upload>";
    return reply.Respond(200, xml + "</ListMultipartUploadsResult>",
                         "Date: Tue, 27 Jan 2026 12:00:00 GMT\r\n");
  }
  if (HasQuery(request, "uploads") || HasQuery(request, "uploadId"))
    return Uploads(request, reply, key);
  if (key.empty()) {
    std::string prefix = QueryOf(request, "prefix"), xml = "<ListBucketResult>";
    for (const auto& [name, object] : objects)
      if (name.starts_with(prefix))
        xml += "<Contents><Key>" + name + "</Key><Size>" + std::to_string(object.bytes.size()) +
               "</Size><LastModified>2026-01-27T02:00:00Z</LastModified></Contents>";
    return reply.Respond(200, xml + "</ListBucketResult>");
  }
  auto found = objects.find(key);
  if (request.method == "PUT") {
    if (found != objects.end() && !HeaderOf(request, "if-none-match").empty())
      return Refuse(reply, 412, "PreconditionFailed");
    std::string sum = ChecksumOf(request.body);
    objects[key] = {request.body, HeaderOf(request, "x-amz-meta-holdfast-upload"), sum, "",
                    "\"p\"",      HeaderOf(request, "x-amz-meta-holdfast-crc64")};
    return reply.Respond(200, "", "ETag: \"p\"\r\nx-amz-checksum-sha256: " + sum + "\r\n");
  }
  if (request.method == "DELETE") {
    objects.erase(key);
    return reply.Respond(204, "");
  }
  if (found != objects.end()) return Get(request, reply, found->second);
  if (request.method == "HEAD")
    reply.Raw("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  else
    Refuse(reply, 404, "NoSuchKey");
}

}  // namespace holdfast::storage::s3
