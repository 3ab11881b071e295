#include <charconv>
#include <functional>
#include <initializer_list>
#include <utility>

#include "base/json_text.h"
#include "crypto/encryption_config_raw.h"

namespace holdfast::crypto {
namespace {

constexpr size_t kMaxVisits = 10'000;  // with aliases counted each time they are followed
constexpr size_t kMaxProblems = 20;

using Kind = YamlNode::Kind;

class Decoder {
 public:
  // What to do with a field's value; it gets the value's path.
  using Take = std::function<void(const YamlNode&, const std::string&)>;
  struct Field {
    std::string_view name;
    Take take;
  };

  // Null leaves everything as it is, as in Kubernetes.
  void Map(const YamlNode& node, const std::string& path, std::initializer_list<Field> fields) {
    if (!Is(node, path, Kind::kMap, "a map")) return;
    for (const auto& [name, value] : node.fields) {
      std::string value_path = path.empty() ? name.substr(0, 64) : path + "." + name.substr(0, 64);
      const Field* known = nullptr;
      for (const Field& field : fields)
        if (field.name == name) known = &field;
      if (known == nullptr) {
        Problem("unknown field " + json::Quote(value_path));
      } else {
        known->take(*value, value_path);
      }
    }
  }

  void List(const YamlNode& node, const std::string& path, const Take& take) {
    if (!Is(node, path, Kind::kSequence, "a list")) return;
    for (size_t i = 0; i < node.items.size() && !Full(); ++i)
      take(*node.items[i], path + "[" + std::to_string(i) + "]");
  }

  void String(const YamlNode& node, const std::string& path, std::string& out) {
    if (IsString(node, path)) out = node.text.view();
  }
  void Secret(const YamlNode& node, const std::string& path, SecretBytes& out) {
    if (IsString(node, path)) out = node.text.Clone();
  }
  void Integer(const YamlNode& node, const std::string& path, std::optional<int64_t>& out) {
    if (!Is(node, path, Kind::kScalar, "an integer")) return;
    std::string_view text = node.text.view();
    int64_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (node.quoted || error != std::errc() || end != text.data() + text.size() ||
        value != static_cast<int32_t>(value))
      return Problem(Place(node, path) + "expected an integer");
    out = value;
  }

  void Problem(std::string text) {
    if (problems_.size() < kMaxProblems) problems_.push_back(std::move(text));
  }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  static std::string Place(const YamlNode& node, const std::string& path) {
    return (path.empty() ? "" : path + ": ") + "line " + std::to_string(node.line) + ": ";
  }

  bool Full() {
    if (visits_ < kMaxVisits) return false;
    if (!told_full_) problems_.push_back("the document has too many values");
    told_full_ = true;
    return true;
  }

  bool Is(const YamlNode& node, const std::string& path, Kind kind, std::string_view wanted) {
    ++visits_;
    if (Full() || node.kind == Kind::kNull) return false;
    if (node.kind == kind) return true;
    std::string_view got = node.kind == Kind::kMap        ? "a map"
                           : node.kind == Kind::kSequence ? "a list"
                           : ScalarType(node) == "string" ? "a string"
                           : ScalarType(node) == "number" ? "a number"
                                                          : "a boolean";
    Problem(Place(node, path) + "expected " + std::string(wanted) + ", got " + std::string(got));
    return false;
  }

  bool IsString(const YamlNode& node, const std::string& path) {
    if (!Is(node, path, Kind::kScalar, "a string")) return false;
    std::string_view type = ScalarType(node);
    if (type == "string") return true;
    Problem(Place(node, path) + "expected a string, got a " + std::string(type) +
            ": put it in quotes");
    return false;
  }

  std::vector<std::string> problems_;
  size_t visits_ = 0;
  bool told_full_ = false;
};

void DecodeKeys(Decoder& d, const YamlNode& node, const std::string& path,
                std::optional<std::vector<RawKey>>& out) {
  if (node.kind == Kind::kNull) return;
  std::vector<RawKey>& keys = out.emplace();
  d.Map(node, path,
        {{"keys", [&](const YamlNode& list, const std::string& list_path) {
            keys.clear();
            d.List(list, list_path, [&](const YamlNode& item, const std::string& item_path) {
              RawKey& key = keys.emplace_back();
              d.Map(item, item_path,
                    {{"name", [&](auto& n, auto& p) { d.String(n, p, key.name); }},
                     {"secret", [&](auto& n, auto& p) { d.Secret(n, p, key.secret); }}});
            });
          }}});
}

void DecodeKms(Decoder& d, const YamlNode& node, const std::string& path,
               std::optional<RawKms>& out) {
  if (node.kind == Kind::kNull) return;
  RawKms& kms = out.emplace();
  d.Map(node, path,
        {{"apiVersion", [&](auto& n, auto& p) { d.String(n, p, kms.api_version); }},
         {"name", [&](auto& n, auto& p) { d.String(n, p, kms.name); }},
         {"endpoint", [&](auto& n, auto& p) { d.String(n, p, kms.endpoint); }},
         {"timeout", [&](auto& n, auto& p) { d.String(n, p, kms.timeout); }},
         {"cachesize", [&](auto& n, auto& p) { d.Integer(n, p, kms.cache_size); }}});
  if (kms.api_version.empty()) kms.api_version = "v1";
}

void DecodeProvider(Decoder& d, const YamlNode& node, const std::string& path, RawProvider& out) {
  d.Map(node, path,
        {{"aescbc", [&](auto& n, auto& p) { DecodeKeys(d, n, p, out.aescbc); }},
         {"aesgcm", [&](auto& n, auto& p) { DecodeKeys(d, n, p, out.aesgcm); }},
         {"secretbox", [&](auto& n, auto& p) { DecodeKeys(d, n, p, out.secretbox); }},
         {"kms", [&](auto& n, auto& p) { DecodeKms(d, n, p, out.kms); }},
         {"identity", [&](auto& n, auto& p) {
            d.Map(n, p, {});
            out.identity = n.kind != Kind::kNull;
          }}});
}

void DecodeRule(Decoder& d, const YamlNode& node, const std::string& path, RawRule& out) {
  d.Map(node, path,
        {{"resources",
          [&](auto& n, auto& p) {
            out.resources.clear();
            d.List(n, p, [&](const YamlNode& item, const std::string& item_path) {
              d.String(item, item_path, out.resources.emplace_back());
            });
          }},
         {"providers", [&](auto& n, auto& p) {
            out.providers.clear();
            d.List(n, p, [&](const YamlNode& item, const std::string& item_path) {
              DecodeProvider(d, item, item_path, out.providers.emplace_back());
            });
          }}});
}

}  // namespace

Result<std::vector<RawRule>> DecodeConfig(const YamlTree& tree) {
  if (tree.root().kind != Kind::kMap)
    return Fail(Error(ErrorKind::kInvalid, "the document is not a map")
                    .Hint("an EncryptionConfiguration begins with apiVersion and kind"));
  Decoder d;
  std::string api_version;
  std::string kind;
  std::vector<RawRule> rules;
  d.Map(tree.root(), "",
        {{"apiVersion", [&](auto& n, auto& p) { d.String(n, p, api_version); }},
         {"kind", [&](auto& n, auto& p) { d.String(n, p, kind); }},
         {"resources", [&](auto& n, auto& p) {
            rules.clear();
            d.List(n, p, [&](const YamlNode& item, const std::string& item_path) {
              DecodeRule(d, item, item_path, rules.emplace_back());
            });
          }}});
  constexpr std::string_view kCure =
      "it must have apiVersion: apiserver.config.k8s.io/v1 and kind: EncryptionConfiguration";
  if (kind.empty())
    return Fail(Error(ErrorKind::kInvalid, "Object 'Kind' is missing").Hint(std::string(kCure)));
  bool known = (kind == "EncryptionConfiguration" && api_version == "apiserver.config.k8s.io/v1") ||
               (kind == "EncryptionConfig" && api_version == "v1");
  if (!known)
    return Fail(Error(ErrorKind::kInvalid, "no kind " + json::Quote(kind.substr(0, 64)) +
                                               " is registered for version " +
                                               json::Quote(api_version.substr(0, 64)))
                    .Hint(std::string(kCure)));
  std::string problems;
  for (const auto* list : {&tree.duplicates(), &d.problems()}) {
    for (const std::string& problem : *list) {
      if (!problems.empty()) problems += ", ";
      if (problems.size() > 4096) break;
      problems += problem;
    }
  }
  if (!problems.empty()) return Fail(ErrorKind::kInvalid, "strict decoding error: " + problems);
  return rules;
}

}  // namespace holdfast::crypto
