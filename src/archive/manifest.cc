#include "archive/manifest.h"

#include <algorithm>
#include <cstring>

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/printable.h"
#include "base/rfc3339.h"
#include "crypto/base64.h"

namespace holdfast::archive {
namespace {

// Writes one JSON object, member by member.
class ObjectText {
 public:
  explicit ObjectText(std::string& out) : out_(out) { out_ += '{'; }
  void Raw(std::string_view key, std::string_view json) {
    if (out_.back() != '{') out_ += ',';
    json::AppendQuoted(out_, key);
    out_ += ':';
    out_ += json;
  }
  void String(std::string_view key, std::string_view text) { Raw(key, json::Quote(text)); }
  void Number(std::string_view key, uint64_t number) { Raw(key, std::to_string(number)); }
  void End() { out_ += '}'; }

 private:
  std::string& out_;
};

std::string KindText(const KindInfo& kind) {
  std::string text;
  ObjectText object(text);
  object.String("kind", kind.kind);
  object.Number("objects", kind.objects);
  object.Number("bytes", kind.bytes);
  object.String("way", kind.way);
  object.Raw("pinned", kind.pinned ? "true" : "false");
  if (!kind.note.empty()) object.String("note", kind.note);
  object.End();
  return text;
}

template <typename List, typename ToJson>
std::string ArrayText(const List& list, ToJson to_json) {
  std::string text = "[";
  for (const auto& item : list) {
    if (text.size() > 1) text += ',';
    text += to_json(item);
  }
  return text + "]";
}

// Reads members of a validated object; remembers the first that is not what it should be.
class Fields {
 public:
  explicit Fields(std::string_view object) : object_(object) {}

  std::optional<std::string_view> Get(std::string_view key) const {
    return json::Find(object_, {key});
  }
  std::string String(std::string_view key, bool required = true) {
    auto value = Get(key);
    if (value && json::TypeOf(*value) == json::Type::kString) return json::StringOf(*value);
    if (value || required) Refuse(key);
    return "";
  }
  uint64_t Number(std::string_view key) {
    auto value = Get(key);
    uint64_t number = 0;
    bool good = value && !value->empty() && value->size() <= 18;
    for (size_t i = 0; good && i < value->size(); ++i) {
      char c = (*value)[i];
      good = c >= '0' && c <= '9';
      number = number * 10 + uint64_t(c - '0');
    }
    if (!good) Refuse(key);
    return good ? number : 0;
  }
  bool Bool(std::string_view key) {
    auto value = Get(key);
    json::Type type = value ? json::TypeOf(*value) : json::Type::kNone;
    if (type != json::Type::kTrue && type != json::Type::kFalse) Refuse(key);
    return type == json::Type::kTrue;
  }
  Clock::Wall Time(std::string_view key) {
    auto time = ParseRfc3339(String(key));
    if (!time) Refuse(key);
    return time.value_or(Clock::Wall{});
  }
  // The member's text, "[]" or "{}" where it is not of that type.
  std::string_view Nested(std::string_view key, json::Type type) {
    auto value = Get(key);
    if (value && json::TypeOf(*value) == type) return *value;
    Refuse(key);
    return type == json::Type::kArray ? "[]" : "{}";
  }
  Status Good() const {
    if (bad_.empty()) return {};
    return Fail(ErrorKind::kCorrupt, "\"" + bad_ + "\" is missing or not what it should be");
  }

 private:
  void Refuse(std::string_view key) {
    if (bad_.empty()) bad_ = key;
  }
  std::string_view object_;
  std::string bad_;
};

Status ParseKinds(std::string_view array, std::vector<KindInfo>& kinds) {
  json::ArrayReader reader(array);
  while (auto item = reader.Next()) {
    Fields fields(*item);
    KindInfo kind;
    kind.kind = fields.String("kind");
    kind.objects = fields.Number("objects");
    kind.bytes = fields.Number("bytes");
    kind.way = fields.String("way");
    kind.pinned = fields.Bool("pinned");
    kind.note = fields.String("note", false);
    HF_TRY_CONTEXT(fields.Good(), "kind \"" + Printable(kind.kind) + "\"");
    kinds.push_back(std::move(kind));
  }
  return {};
}

// The raw text of the digests is base64 without JSON escapes: taken as it stands.
Status ParseDigests(std::string_view raw, uint64_t count, std::vector<stream::Digest>& digests) {
  constexpr uint64_t kSize = sizeof(stream::Digest);
  if (count > raw.size() || raw.size() != crypto::Base64Size(size_t(count * kSize))) {
    return Fail(ErrorKind::kCorrupt, "the entries' digests do not match their count");
  }
  digests.resize(size_t(count));
  // 128 characters are three digests.
  std::string bytes;
  size_t done = 0;
  for (size_t at = 0; at < raw.size(); at += 128 << 10) {
    if (crypto::Base64Decode(raw.substr(at, 128 << 10), bytes) ||
        bytes.size() > digests.size() * kSize - done) {
      return Fail(ErrorKind::kCorrupt, "the entries' digests are not base64");
    }
    std::memcpy(reinterpret_cast<char*>(digests.data()) + done, bytes.data(), bytes.size());
    done += bytes.size();
  }
  if (done != digests.size() * kSize) {
    return Fail(ErrorKind::kCorrupt, "the entries' digests are not base64");
  }
  return {};
}

Status ParseHex(std::string_view what, std::string_view text, stream::Digest& digest) {
  if (text.size() == 2 * digest.size()) {
    for (size_t i = 0; i < digest.size(); ++i) {
      auto digit = [&](char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
      };
      digest[i] = uint8_t(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    }
    if (stream::Hex(digest) == text) return {};
  }
  return Fail(ErrorKind::kCorrupt, "the digest of " + std::string(what) + " is not one");
}

Status CheckVersion(Fields& fields, int& version) {
  uint64_t number = fields.Number("formatVersion");
  HF_TRY(fields.Good());
  if (number < 1) return Fail(ErrorKind::kCorrupt, "\"formatVersion\" is 0");
  if (number > kFormatVersion) {
    return Fail(Error(ErrorKind::kInvalid, "its format version is " + std::to_string(number) +
                                               ", this program knows up to " +
                                               std::to_string(kFormatVersion))
                    .Hint("use a newer holdfast: the archive was written by version " +
                          Printable(fields.String("holdfastVersion", false))));
  }
  version = int(number);
  return {};
}

}  // namespace

std::vector<const KindInfo*> Manifest::Unpinned() const {
  std::vector<const KindInfo*> kinds;
  for (const KindInfo& kind : info.kinds) {
    if (!kind.pinned) kinds.push_back(&kind);
  }
  return kinds;
}

ManifestText FormatManifest(const ManifestInfo& info, uint64_t entries,
                            const stream::Digest& tar_sha256, uint64_t tar_size,
                            const std::optional<stream::Digest>& digests_sha256) {
  std::vector<const KindInfo*> kinds, unpinned;
  for (const KindInfo& kind : info.kinds) kinds.push_back(&kind);
  std::sort(kinds.begin(), kinds.end(), [](auto* a, auto* b) { return a->kind < b->kind; });
  for (const KindInfo* kind : kinds) {
    if (!kind->pinned) unpinned.push_back(kind);
  }
  ManifestText text;
  ObjectText object(text.head);
  object.Number("formatVersion", digests_sha256 ? 2 : 1);
  object.String("holdfastVersion", info.holdfast_version);
  object.String("clusterID", info.cluster_id);
  object.String("kubernetesVersion", info.kubernetes_version);
  if (!info.rancher_version.empty()) object.String("rancherVersion", info.rancher_version);
  object.String("revision", info.revision);
  if (!info.during_restore.empty()) object.String("duringRestore", info.during_restore);
  object.String("startTime", FormatRfc3339Millis(info.started));
  object.String("completionTime", FormatRfc3339Millis(info.finished));
  object.Raw("kinds", ArrayText(kinds, [](const KindInfo* kind) { return KindText(*kind); }));
  object.Raw("unpinned",
             ArrayText(unpinned, [](const KindInfo* kind) { return json::Quote(kind->kind); }));
  object.Raw("warnings",
             ArrayText(info.warnings, [](const std::string& line) { return json::Quote(line); }));
  std::string tar;
  ObjectText tar_object(tar);
  tar_object.String("sha256", stream::Hex(tar_sha256));
  tar_object.Number("bytes", tar_size);
  tar_object.End();
  object.Raw("tar", tar);
  std::string count = "{\"count\":" + std::to_string(entries);
  if (digests_sha256) {
    object.Raw("entries", count + ",\"digestsSHA256\":\"" + stream::Hex(*digests_sha256));
  } else {
    object.Raw("entries", count + ",\"sha256\":\"");
  }
  text.tail = "\"}}";
  return text;
}

Result<Manifest> ParseManifest(std::string_view json) {
  auto parse = [&]() -> Result<Manifest> {
    HF_TRY(json::Validate(json));
    Fields fields(json);
    Manifest manifest;
    HF_TRY(CheckVersion(fields, manifest.format_version));
    ManifestInfo& info = manifest.info;
    info.holdfast_version = fields.String("holdfastVersion");
    info.cluster_id = fields.String("clusterID");
    info.kubernetes_version = fields.String("kubernetesVersion");
    info.rancher_version = fields.String("rancherVersion", false);
    info.revision = fields.String("revision");
    info.during_restore = fields.String("duringRestore", false);
    info.started = fields.Time("startTime");
    info.finished = fields.Time("completionTime");
    HF_TRY(ParseKinds(fields.Nested("kinds", json::Type::kArray), info.kinds));
    json::ArrayReader warnings(fields.Nested("warnings", json::Type::kArray));
    while (auto line = warnings.Next()) info.warnings.push_back(json::StringOf(*line));

    Fields tar(fields.Nested("tar", json::Type::kObject));
    manifest.tar_size = tar.Number("bytes");
    HF_TRY(ParseHex("the tar", tar.String("sha256"), manifest.tar_sha256));
    Fields entries(fields.Nested("entries", json::Type::kObject));
    manifest.entries = entries.Number("count");
    HF_TRY(fields.Good());
    HF_TRY(tar.Good());
    HF_TRY(entries.Good());
    if (manifest.format_version == 1) {
      std::string_view digests = entries.Get("sha256").value_or("");
      if (json::TypeOf(digests) != json::Type::kString) digests = "\"\"";
      HF_TRY(ParseDigests(digests.substr(1, digests.size() - 2), manifest.entries,
                          manifest.entry_sha256));
    } else {
      HF_TRY(ParseHex("the entries' digests", entries.String("digestsSHA256"),
                      manifest.digests_sha256.emplace()));
    }
    return manifest;
  };
  auto manifest = parse();
  if (manifest) return manifest;
  Error error = std::move(manifest).error();
  // What is not JSON in a manifest is damage.
  bool future = error.message().starts_with("its format version");
  ErrorKind kind = future ? ErrorKind::kInvalid : ErrorKind::kCorrupt;
  return Fail(Error(kind, error.ToString()).With("filters/manifest.json"));
}

}  // namespace holdfast::archive
