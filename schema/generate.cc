// generate DESCRIPTORS ROOT OUTPUT: writes the tables of src/etcd/kube/schema.h as C++.
// DESCRIPTORS is what protoc made of the .proto files, ROOT the folder that k8s.io/... lies in.
#include <algorithm>
#include <cctype>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include "go_structs.h"

namespace holdfast::schema {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Messages that are not spelled field by field, by full name behind "k8s.io.".
const std::map<std::string, std::string> kSpellings = {
    {"apimachinery.pkg.api.resource.Quantity", "kQuantity"},
    {"apimachinery.pkg.util.intstr.IntOrString", "kIntOrString"},
    {"apimachinery.pkg.apis.meta.v1.Time", "kTime"},
    {"apimachinery.pkg.apis.meta.v1.MicroTime", "kMicroTime"},
    {"apimachinery.pkg.apis.meta.v1.Duration", "kDuration"},
    {"apimachinery.pkg.apis.meta.v1.FieldsV1", "kRaw"},
    {"apimachinery.pkg.runtime.RawExtension", "kRaw"}};

struct Kind {
  std::string api_version, kind, plural;
  size_t message;
  bool namespaced;
  bool operator<(const Kind& o) const {
    return std::tie(api_version, kind) < std::tie(o.api_version, o.kind);
  }
};

// As Kubernetes derives the name of a resource from its kind.
std::string PluralOf(const std::string& kind) {
  std::string name;
  for (char c : kind) name += static_cast<char>(std::tolower(c));
  if (name == "endpoints") return name;
  if (name.ends_with('s')) return name + "es";
  if (name.ends_with('y')) return name.substr(0, name.size() - 1) + "ies";
  return name + "s";
}

class Generator {
 public:
  Generator(const google::protobuf::FileDescriptorSet& files, std::filesystem::path root)
      : root_(std::move(root)) {
    for (const auto& file : files.file())
      if (pool_.BuildFile(file) == nullptr) throw std::runtime_error("bad file " + file.name());
    for (const auto& file : files.file()) AddKinds(*pool_.FindFileByName(file.name()));
    std::sort(kinds_.begin(), kinds_.end());
  }

  void Write(std::ostream& out) {
    // Adding a message finds further ones.
    for (size_t i = 0; i < messages_.size(); ++i) AddFields(*messages_[i]);
    out << "// Made by schema/generate.\n#include \"etcd/kube/schema.h\"\n\n"
        << "namespace holdfast::etcd {\nnamespace {\n\nusing enum SchemaType;\nusing enum "
           "Spelling;\n\n"
        << "constexpr SchemaField kFieldRows[] = {\n"
        << fields_ << "};\n\n"
        << "constexpr SchemaMessage kMessageRows[] = {\n"
        << rows_ << "};\n\n"
        << "constexpr SchemaKind kKindRows[] = {\n";
    for (const Kind& kind : kinds_)
      out << "{\"" << kind.api_version << "\", \"" << kind.kind << "\", \"" << kind.plural << "\", "
          << kind.message << ", " << (kind.namespaced ? "true" : "false") << "},\n";
    out << "};\n\n}  // namespace\n\n"
        << "std::span<const SchemaKind> SchemaKinds() { return kKindRows; }\n"
        << "const SchemaMessage& MessageAt(size_t i) { return kMessageRows[i]; }\n"
        << "std::span<const SchemaField> FieldsOf(const SchemaMessage& m) {\n"
        << "  return std::span(kFieldRows).subspan(m.first, m.count);\n}\n\n"
        << "}  // namespace holdfast::etcd\n";
  }

 private:
  const GoPackage& PackageOf(const google::protobuf::FileDescriptor& file) {
    return PackageAt(std::filesystem::path(file.name()).parent_path());
  }
  const GoPackage& PackageAt(const std::string& path) {
    auto found = packages_.find(path);
    if (found == packages_.end())
      found = packages_.emplace(path, ReadGoPackage(root_ / path)).first;
    return found->second;
  }
  const GoStruct* StructOf(const Descriptor& message) {
    const GoPackage* package = &PackageOf(*message.file());
    std::string name = message.name();
    auto borrowed = package->borrowed.find(name);
    if (borrowed != package->borrowed.end()) {
      package = &PackageAt(borrowed->second.first);
      name = borrowed->second.second;
    }
    auto found = package->structs.find(name);
    return found == package->structs.end() ? nullptr : &found->second;
  }

  // Every message with ObjectMeta is a kind that could be stored.
  void AddKinds(const google::protobuf::FileDescriptor& file) {
    if (!file.name().starts_with("k8s.io/api/")) return;
    const GoPackage& package = PackageOf(file);
    std::string version = std::filesystem::path(file.name()).parent_path().filename();
    for (int i = 0; i < file.message_type_count(); ++i) {
      const Descriptor& message = *file.message_type(i);
      const FieldDescriptor* metadata = message.FindFieldByNumber(1);
      if (metadata == nullptr || metadata->message_type() == nullptr ||
          metadata->message_type()->full_name() !=
              "k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta")
        continue;
      if (!package.has_group) throw std::runtime_error(file.name() + ": no GroupName");
      auto found = package.structs.find(message.name());
      // Pod templates have metadata and are no objects.
      if (found == package.structs.end() || message.name() == "PodTemplateSpec" ||
          message.name().ends_with("TemplateSpec") || message.name().ends_with("ClaimTemplate"))
        if (message.name() != "ResourceClaimTemplate") continue;
      std::string group = package.group.empty() ? "" : package.group + "/";
      kinds_.push_back({group + version, message.name(), PluralOf(message.name()), Index(message),
                        !found->second.cluster_scoped});
    }
  }

  size_t Index(const Descriptor& message) {
    auto [at, added] = indexes_.emplace(&message, messages_.size());
    if (added) messages_.push_back(&message);
    return at->second;
  }

  static std::string TypeOf(const FieldDescriptor& field) {
    switch (field.type()) {
      case FieldDescriptor::TYPE_STRING: return "kString";
      case FieldDescriptor::TYPE_BYTES: return "kBytes";
      case FieldDescriptor::TYPE_BOOL: return "kBool";
      case FieldDescriptor::TYPE_INT32: return "kInt32";
      case FieldDescriptor::TYPE_INT64: return "kInt64";
      case FieldDescriptor::TYPE_MESSAGE: return "kMessage";
      default: throw std::runtime_error(field.full_name() + ": a type without a spelling");
    }
  }

  void AddField(const FieldDescriptor& field, const GoField& go) {
    const FieldDescriptor* value = &field;
    std::string flags = go.omitempty ? "kOmitEmpty" : "0";
    if (go.pointer) flags += " | kPointer";
    if (go.json.empty()) flags += " | kInline";
    if (go.omitzero) {
      std::string type = field.message_type() == nullptr ? "" : field.message_type()->name();
      if (type != "Time" && type != "MicroTime" && !go.pointer)
        throw std::runtime_error(field.full_name() + ": omitzero is known for times only");
      flags += " | kOmitZero";
    }
    if (field.is_map()) {
      flags += " | kMap";
      value = field.message_type()->map_value();
      if (field.message_type()->map_key()->type() != FieldDescriptor::TYPE_STRING)
        throw std::runtime_error(field.full_name() + ": a map whose keys are no strings");
    } else if (field.is_repeated()) {
      flags += " | kRepeated";
    }
    if (go.json.empty() && (field.is_repeated() || go.pointer || field.message_type() == nullptr))
      throw std::runtime_error(field.full_name() + ": cannot be inlined");
    size_t message = value->message_type() == nullptr ? 0 : Index(*value->message_type());
    fields_ += "{\"" + go.json + "\", " + std::to_string(field.number()) + ", " +
               std::to_string(message) + ", " + TypeOf(*value) + ", " + flags + "},\n";
    ++field_count_;
  }

  void AddFields(const Descriptor& message) {
    constexpr std::string_view kRoot = "k8s.io.";
    size_t first = field_count_;
    std::string spelling = "kFields";
    const GoStruct* go = StructOf(message);
    auto special = kSpellings.find(message.full_name().substr(kRoot.size()));
    if (special != kSpellings.end()) {
      spelling = special->second;
    } else if (go == nullptr) {
      // A Go slice with a name of its own.
      const FieldDescriptor* items = message.FindFieldByNumber(1);
      if (message.field_count() != 1 || items->name() != "items" || !items->is_repeated())
        throw std::runtime_error(message.full_name() + ": no Go struct");
      spelling = "kList";
      AddField(*items, {.json = "items"});
    } else {
      std::vector<std::pair<const FieldDescriptor*, const GoField*>> fields;
      for (int i = 0; i < message.field_count(); ++i) {
        auto field = go->fields.find(message.field(i)->number());
        if (field == go->fields.end())
          throw std::runtime_error(message.field(i)->full_name() + ": not in the Go struct");
        fields.emplace_back(message.field(i), &field->second);
      }
      std::sort(fields.begin(), fields.end(),
                [](const auto& a, const auto& b) { return a.second->place < b.second->place; });
      for (const auto& [field, tags] : fields) AddField(*field, *tags);
    }
    rows_ += "{\"" + message.full_name() + "\", " + std::to_string(first) + ", " +
             std::to_string(field_count_ - first) + ", " + spelling + "},\n";
  }

  std::filesystem::path root_;
  google::protobuf::DescriptorPool pool_;
  std::map<std::string, GoPackage> packages_;
  std::map<const Descriptor*, size_t> indexes_;
  std::vector<const Descriptor*> messages_;
  std::vector<Kind> kinds_;
  std::string fields_, rows_;
  size_t field_count_ = 0;
};

int Run(int argc, char** argv) {
  if (argc != 4) throw std::runtime_error("usage: generate DESCRIPTORS ROOT OUTPUT");
  std::ifstream in(argv[1], std::ios::binary);
  google::protobuf::FileDescriptorSet files;
  if (!files.ParseFromIstream(&in)) throw std::runtime_error("cannot read the descriptors");
  Generator generator(files, argv[2]);
  std::ofstream out(argv[3]);
  generator.Write(out);
  out.close();
  if (!out) throw std::runtime_error("cannot write the tables");
  return 0;
}

}  // namespace
}  // namespace holdfast::schema

int main(int argc, char** argv) {
  try {
    return holdfast::schema::Run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "schema/generate: " << error.what() << "\n";
    return 1;
  }
}
