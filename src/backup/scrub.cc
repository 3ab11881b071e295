#include "backup/scrub.h"

#include "base/json_scan.h"
#include "base/json_text.h"

namespace holdfast::backup {

bool IsLeftOut(const kube::ResourceType& type, const ObjectScan& scan) {
  if (!scan.terminating()) return false;
  if (!type.gv.group.empty() || type.plural != "namespaces") return !scan.has_finalizers();
  auto finalizers = json::Find(scan.object(), {"spec", "finalizers"});
  return !finalizers || !json::ArrayReader(*finalizers).Next();
}

std::string Scrubber::Scrub(const kube::ResourceType& type, const ObjectScan& scan) {
  std::string_view text = scan.object_;
  std::string front;
  if (!scan.has_api_version_ || !scan.has_kind_) {
    if (!scan.has_api_version_) {
      front += "\"apiVersion\":";
      json::AppendQuoted(front, type.gv.ToString());
      front += ',';
    }
    if (!scan.has_kind_) {
      front += "\"kind\":";
      json::AppendQuoted(front, type.kind);
      front += ',';  // metadata at least follows
    }
  }
  size_t end = text.size();
  while (end > 0 && text[end - 1] != '}') --end;

  std::string out;
  out.reserve(text.size() + front.size());
  out += '{';
  out += front;
  out.append(text, scan.open_ + 1, scan.metadata_begin_ - scan.open_ - 1);
  out += '{';
  for (const ObjectScan::Range& run : scan.kept_) {
    if (out.back() != '{') out += ',';
    out.append(text, run.begin, run.end - run.begin);
  }
  out += '}';
  out.append(text, scan.metadata_end_, end - scan.metadata_end_);
  return out;
}

}  // namespace holdfast::backup
