#include "resourceset/document.h"

#include "base/json_text.h"
#include "resourceset/resource_set.h"

namespace holdfast::resourceset {

std::string_view KindName(NodeKind kind) {
  switch (kind) {
    case NodeKind::kNull: return "null";
    case NodeKind::kBool: return "a boolean";
    case NodeKind::kNumber: return "a number";
    case NodeKind::kString: return "a string";
    case NodeKind::kList: return "a list";
    case NodeKind::kMap: return "a map";
  }
  return "something";
}

const Node* Node::Find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return entry.value;
  }
  return nullptr;
}

std::string TextAt(const Node* map, std::string_view key) {
  const Node* value = map == nullptr ? nullptr : map->Find(key);
  return value != nullptr && value->kind == NodeKind::kString ? value->text : std::string();
}

Result<std::vector<Document>> ParseYamlOf(std::string_view text, std::string_view source) {
  auto fail = [&](const std::string& what) {
    return Fail(ErrorKind::kInvalid, std::string(source) + ": " + what);
  };
  if (text.size() > kMaxResourceSetBytes)
    return fail("longer than " + std::to_string(kMaxResourceSetBytes) + " bytes");
  auto documents = ParseYaml(text);
  if (!documents) return fail(documents.error().message());
  return documents;
}

void AppendJson(std::string& out, const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull: out += "null"; break;
    case NodeKind::kBool:
    case NodeKind::kNumber: out += node.text; break;
    case NodeKind::kString: json::AppendQuoted(out, node.text); break;
    case NodeKind::kList: {
      out += '[';
      bool first = true;
      for (const Node* item : node.items) {
        if (!first) out += ',';
        first = false;
        AppendJson(out, *item);
      }
      out += ']';
      break;
    }
    case NodeKind::kMap: {
      out += '{';
      bool first = true;
      for (const Node::Entry& entry : node.entries) {
        if (!first) out += ',';
        first = false;
        json::AppendQuoted(out, entry.key);
        out += ':';
        AppendJson(out, *entry.value);
      }
      out += '}';
      break;
    }
  }
}

bool IsUtf8(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead < 0x80) {
      ++at;
      continue;
    }
    size_t more = 0;
    uint32_t code = 0, least = 0;
    if ((lead & 0xe0) == 0xc0) {
      more = 1, code = lead & 0x1f, least = 0x80;
    } else if ((lead & 0xf0) == 0xe0) {
      more = 2, code = lead & 0x0f, least = 0x800;
    } else if ((lead & 0xf8) == 0xf0) {
      more = 3, code = lead & 0x07, least = 0x10000;
    } else {
      return false;
    }
    if (text.size() - at <= more) return false;
    for (size_t i = 1; i <= more; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xc0) != 0x80) return false;
      code = code << 6 | (next & 0x3f);
    }
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
    at += more + 1;
  }
  return true;
}

}  // namespace holdfast::resourceset
