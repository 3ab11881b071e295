#include "testbed/etcd.h"

#include <openssl/evp.h>

#include <nlohmann/json.hpp>

#include "testbed/http.h"

namespace holdfast::testbed {
namespace {

using Json = nlohmann::json;

std::string Base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                             reinterpret_cast<const unsigned char*>(bytes.data()),
                             static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(size));
  return text;
}

std::string FromBase64(const std::string& text) {
  std::string bytes(text.size() / 4 * 3 + 1, '\0');
  int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                             reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()));
  if (size < 0) return "";
  for (size_t i = text.size(); i > 0 && text[i - 1] == '='; --i) --size;
  bytes.resize(static_cast<size_t>(size));
  return bytes;
}

// The end of the range of all keys with this prefix: the prefix with its last byte raised.
std::string PrefixEnd(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (prefix.empty()) return std::string(1, '\0');
  ++prefix.back();
  return prefix;
}

Json Range(std::string_view prefix) {
  return {{"key", Base64(prefix)}, {"range_end", Base64(PrefixEnd(std::string(prefix)))}};
}

// 64-bit integers are strings in the gateway's JSON; zero is left out.
Result<int64_t> Number(const std::string& text, std::initializer_list<const char*> path) {
  Json value = Json::parse(text, nullptr, false);
  for (const char* key : path) {
    if (!value.is_object())
      return Fail(ErrorKind::kInternal, "etcd answered " + text.substr(0, 200));
    if (!value.contains(key)) return 0;
    value = Json(value[key]);
  }
  if (!value.is_string()) return Fail(ErrorKind::kInternal, "etcd answered " + text.substr(0, 200));
  return std::stoll(value.get<std::string>());
}

}  // namespace

Result<std::string> Etcd::Post(std::string_view path, const std::string& body) const {
  HttpCall call;
  call.method = "POST";
  call.url = endpoint_ + std::string(path);
  call.body = body;
  HF_ASSIGN(HttpAnswer answer, Http(call));
  if (answer.code != 200) {
    return Fail(Error(ErrorKind::kInvalid, "etcd answered " + std::to_string(answer.code) + " " +
                                               answer.body.substr(0, 500))
                    .With("POST " + call.url));
  }
  return std::move(answer.body);
}

Result<int64_t> Etcd::Revision() const {
  HF_ASSIGN(std::string body,
            Post("/v3/kv/range", Json{{"key", Base64("\x01")}, {"count_only", true}}.dump()));
  return Number(body, {"header", "revision"});
}

Status Etcd::Compact(int64_t revision) const {
  if (revision == 0) {
    HF_ASSIGN(revision, Revision());
  }
  HF_TRY(Put("compact_rev_key", std::to_string(revision)));
  HF_TRY(Post("/v3/kv/compaction",
              Json{{"revision", std::to_string(revision)}, {"physical", true}}.dump()));
  return {};
}

Result<int64_t> Etcd::CountPrefix(std::string_view prefix) const {
  Json request = Range(prefix);
  request["count_only"] = true;
  HF_ASSIGN(std::string body, Post("/v3/kv/range", request.dump()));
  return Number(body, {"count"});
}

Result<int64_t> Etcd::DeletePrefix(std::string_view prefix) const {
  HF_ASSIGN(std::string body, Post("/v3/kv/deleterange", Range(prefix).dump()));
  return Number(body, {"deleted"});
}

Result<std::optional<std::string>> Etcd::Get(std::string_view key) const {
  HF_ASSIGN(std::string body, Post("/v3/kv/range", Json{{"key", Base64(key)}}.dump()));
  Json answer = Json::parse(body, nullptr, false);
  if (answer.is_discarded()) return Fail(ErrorKind::kInternal, "etcd's answer is not JSON");
  if (!answer.contains("kvs") || answer["kvs"].empty()) return std::optional<std::string>();
  return std::optional<std::string>(FromBase64(answer["kvs"][0].value("value", "")));
}

Status Etcd::Put(std::string_view key, std::string_view value) const {
  HF_TRY(Post("/v3/kv/put", Json{{"key", Base64(key)}, {"value", Base64(value)}}.dump()));
  return {};
}

}  // namespace holdfast::testbed
