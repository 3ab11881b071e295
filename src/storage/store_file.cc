// The store file: YAML read strictly.
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include "base/printable.h"
#include "storage/store_config.h"
#include "storage/store_fields.h"

namespace holdfast::storage {
namespace {

constexpr size_t kMaxFile = 64 << 10;

// What takes the value of one key.
struct Taker {
  std::string_view name;
  std::function<Status(const YAML::Node& value)> take;
};

class FileReader {
 public:
  FileReader(StoreConfig& config, const std::string& origin) : config_(config), origin_(origin) {}

  Status Root(const YAML::Node& root) {
    if (root.IsMap() && root.size() == 1 && root.begin()->first.IsScalar() &&
        root.begin()->first.Scalar() == "s3") {
      return S3(root.begin()->second);
    }
    return S3(root);
  }

 private:
  std::string At(const YAML::Node& node) const {
    int line = node.Mark().line;
    return origin_ + (line >= 0 ? ":" + std::to_string(line + 1) : "") + ": ";
  }
  tl::unexpected<Error> Wrong(const YAML::Node& node, const std::string& what,
                              const std::string& hint = "") const {
    return Fail(Error(ErrorKind::kInvalid, At(node) + what).Hint(hint));
  }

  // Every key once, and none but those of `takers`; null values are as if they were not there.
  Status Map(const YAML::Node& map, const std::string& path, const std::vector<Taker>& takers) {
    if (!map.IsMap()) return Wrong(map, (path.empty() ? "the document" : path) + " must be a map");
    std::set<std::string> seen;
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) return Wrong(entry.first, "a key must be a text");
      const std::string& key = entry.first.Scalar();
      std::string shown = path + (path.empty() ? "" : ".") + Printable(key, 60);
      if (!seen.insert(key).second) return Wrong(entry.first, shown + " is given twice");
      const Taker* taker = nullptr;
      for (const Taker& known : takers) {
        if (known.name == key) taker = &known;
      }
      if (taker == nullptr) {
        std::vector<std::string_view> names;
        for (const Taker& known : takers) names.push_back(known.name);
        return Wrong(entry.first, "unknown field " + shown, KnownFields(names));
      }
      if (entry.second.IsNull()) continue;
      Status taken = taker->take(entry.second);
      if (!taken) return taken;
    }
    return {};
  }

  // A scalar of the wanted type. A quoted "true" is a text, no boolean.
  Status Field(const YAML::Node& value, const std::string& path, const FieldInfo& info) {
    bool plain = value.IsScalar() && value.Tag() != "!";
    bool fits = value.IsScalar() && (info.type == FieldType::kText || plain);
    Status set = fits ? SetField(config_, info.name, value.Scalar()) : Status();
    if (fits && set) return {};
    if (!fits) {
      const char* wanted = info.type == FieldType::kText   ? "a text"
                           : info.type == FieldType::kBool ? "true or false, without quotes"
                                                           : "a number";
      return Wrong(value, path + " must be " + wanted);
    }
    return Wrong(value, path + " " + set.error().message(), set.error().hint());
  }

  Taker FieldTaker(const FieldInfo& info, const std::string& path) {
    return {info.name, [this, info, path](const YAML::Node& value) {
              return Field(value, path + std::string(info.name), info);
            }};
  }

  Status S3(const YAML::Node& map) {
    std::vector<Taker> takers;
    for (const FieldInfo& info : StoreFields()) {
      if (info.name != "bucketLookup" && info.name != "dualStack")
        takers.push_back(FieldTaker(info, ""));
    }
    takers.push_back({"clientConfig", [this](const YAML::Node& value) { return Client(value); }});
    takers.push_back(
        {"serverSideEncryption", [this](const YAML::Node& value) { return Sse(value); }});
    takers.push_back({"tags", [this](const YAML::Node& value) { return Tags(value); }});
    takers.push_back({"objectLock", [this](const YAML::Node& value) { return Lock(value); }});
    return Map(map, "", takers);
  }

  Status Client(const YAML::Node& value) {
    if (value.IsScalar()) {  // JSON as text: what the operator's chart writes into its Secret
      if (value.Scalar().empty()) return {};
      YAML::Node inner = YAML::Load(value.Scalar());
      if (!inner.IsMap()) return Wrong(value, "clientConfig must be a map, or one as JSON text");
      return ClientMap(inner);
    }
    return ClientMap(value);
  }
  Status ClientMap(const YAML::Node& value) {
    return Map(value, "clientConfig",
               {{"aws",
                 [this](const YAML::Node& aws) {
                   return Map(aws, "clientConfig.aws",
                              {FieldTaker({"dualStack", FieldType::kBool}, "clientConfig.aws.")});
                 }},
                FieldTaker({"bucketLookup", FieldType::kText}, "clientConfig.")});
  }

  Result<std::string> Text(const YAML::Node& value, const std::string& path) {
    if (!value.IsScalar()) return Wrong(value, path + " must be a text");
    return value.Scalar();
  }

  Status Sse(const YAML::Node& value) {
    auto algorithm = [this](const YAML::Node& node) -> Status {
      HF_ASSIGN(std::string text, Text(node, "serverSideEncryption.algorithm"));
      if (text == "AES256")
        config_.s3.encryption = ServerSideEncryption::kS3;
      else if (text == "aws:kms")
        config_.s3.encryption = ServerSideEncryption::kKms;
      else
        return Wrong(node, "serverSideEncryption.algorithm must be AES256 or aws:kms");
      return {};
    };
    auto key = [this](const YAML::Node& node) -> Status {
      HF_ASSIGN(config_.s3.kms_key_id, Text(node, "serverSideEncryption.kmsKeyId"));
      return {};
    };
    HF_TRY(Map(value, "serverSideEncryption", {{"algorithm", algorithm}, {"kmsKeyId", key}}));
    if (config_.s3.encryption == ServerSideEncryption::kNone)
      return Wrong(value, "serverSideEncryption needs algorithm");
    if (!config_.s3.kms_key_id.empty() && config_.s3.encryption != ServerSideEncryption::kKms)
      return Wrong(value, "serverSideEncryption.kmsKeyId needs the algorithm aws:kms");
    return {};
  }

  Status Tags(const YAML::Node& value) {
    if (!value.IsMap()) return Wrong(value, "tags must be a map");
    for (const auto& entry : value) {
      HF_ASSIGN(std::string name, Text(entry.first, "a tag's name"));
      HF_ASSIGN(std::string text, Text(entry.second, "tag " + Printable(name, 60)));
      if (!config_.s3.tags.emplace(name, text).second)
        return Wrong(entry.first, "tag " + Printable(name, 60) + " is given twice");
    }
    if (config_.s3.tags.size() > 10) return Wrong(value, "tags: an object has at most 10");
    return {};
  }

  Status Lock(const YAML::Node& value) {
    auto mode = [this](const YAML::Node& node) -> Status {
      HF_ASSIGN(std::string text, Text(node, "objectLock.mode"));
      if (text == "GOVERNANCE")
        config_.s3.lock_mode = ObjectLockMode::kGovernance;
      else if (text == "COMPLIANCE")
        config_.s3.lock_mode = ObjectLockMode::kCompliance;
      else
        return Wrong(node, "objectLock.mode must be GOVERNANCE or COMPLIANCE");
      return {};
    };
    auto days = [this](const YAML::Node& node) -> Status {
      int count = node.IsScalar() && node.Tag() != "!" ? node.as<int>(0) : 0;
      if (count < 1 || count > 36'500)
        return Wrong(node, "objectLock.days must be a whole number from 1 to 36500");
      config_.s3.lock_for = std::chrono::hours(24) * count;
      return {};
    };
    return Map(value, "objectLock", {{"mode", mode}, {"days", days}});
  }

  StoreConfig& config_;
  const std::string& origin_;
};

}  // namespace

Result<StoreConfig> ParseStoreFile(std::string_view text, const std::string& origin) {
  if (text.size() > kMaxFile) {
    return Fail(ErrorKind::kInvalid, origin + ": has more than 64 KiB");
  }
  StoreConfig config;
  config.kind = StoreConfig::Kind::kS3;
  try {
    auto documents = YAML::LoadAll(std::string(text));
    if (documents.size() != 1) {
      return Fail(ErrorKind::kInvalid, origin + ": must hold one YAML document, not " +
                                           std::to_string(documents.size()));
    }
    FileReader reader(config, origin);
    HF_TRY(reader.Root(documents[0]));
  } catch (const YAML::Exception& error) {
    // error.msg tells what, never the text.
    return Fail(ErrorKind::kInvalid,
                origin + (error.mark.line >= 0 ? ":" + std::to_string(error.mark.line + 1) : "") +
                    ": " + error.msg);
  }
  Status finished = FinishConfig(config);
  if (!finished) return Fail(std::move(finished).error().With(origin));
  return config;
}

Result<StoreConfig> ReadStoreFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(ErrnoError("reading store file " + path, errno));
  std::string text(kMaxFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) {
    return Fail(ErrnoError("reading store file " + path, errno == 0 ? EIO : errno));
  }
  text.resize(static_cast<size_t>(file.gcount()));
  return ParseStoreFile(text, path);
}

}  // namespace holdfast::storage
