// Small archives for tests.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "archive/scan.h"
#include "archive/writer.h"
#include "crypto/base64.h"
#include "stream/stream.h"

namespace holdfast::archive {

inline std::string FromBase64(std::string_view text) {
  std::string bytes;
  EXPECT_FALSE(crypto::Base64Decode(text, bytes).has_value());
  return bytes;
}

inline std::string ObjectJson(const std::string& api_version, const std::string& kind,
                              const std::string& ns, const std::string& name) {
  std::string metadata = "{\"name\":\"" + name + "\"";
  if (!ns.empty()) metadata += ",\"namespace\":\"" + ns + "\"";
  return "{\"apiVersion\":\"" + api_version + "\",\"kind\":\"" + kind +
         "\",\"metadata\":" + metadata + "}}";
}

struct TestArchive {
  std::string bytes;
  ArchiveSummary summary;
};

inline ManifestInfo TestInfo() {
  ManifestInfo info;
  info.holdfast_version = "0.1.0";
  info.cluster_id = "6aa7f5cd-ad7b-4e91-9c29-68bf38b618ef";
  info.kubernetes_version = "v1.36.3";
  info.rancher_version = "v2.14.1";
  info.revision = "123456789012345678901";
  info.started = Clock::Wall(std::chrono::milliseconds(1769479200123));
  info.finished = info.started + std::chrono::milliseconds(1500);
  info.kinds = {{"secrets.#v1", 0, 0, "cached", true, ""},
                {"events.#v1", 0, 0, "settled", false, "a store of its own"}};
  info.warnings = {"selector 3 matched \"nothing\""};
  return info;
}

using Entries = std::vector<std::pair<std::string, std::string>>;

inline Entries TestEntries() {
  return {{"namespaces.#v1/local.json", ObjectJson("v1", "Namespace", "", "local")},
          {"roles.rbac.authorization.k8s.io#v1/ns/system:ü.json",
           ObjectJson("rbac.authorization.k8s.io/v1", "Role", "ns", "system:ü")},
          {"secrets.#v1/ns/a.json", ObjectJson("v1", "Secret", "ns", "a")},
          {"secrets.#v1/ns/b.json", ObjectJson("v1", "Secret", "ns", "b")}};
}

inline TestArchive MakeArchive(const Entries& entries, bool filters = true) {
  stream::StringSink out;
  Writer writer(out, Clock::Wall(std::chrono::seconds(1769479200)));
  if (filters) {
    EXPECT_TRUE(writer.AddFilters("{\"kind\":\"ResourceSet\"}"));
  }
  for (const auto& [path, body] : entries) {
    EXPECT_TRUE(writer.Add(path, body, stream::Sha256::Of(body)));
  }
  auto summary = writer.Finish(TestInfo());
  EXPECT_TRUE(summary);
  return {out.Take(), *summary};
}

// Keeps all that a scan shows.
class Recorder : public ScanHandler {
 public:
  Status Filters(std::string_view json) override {
    filters = json;
    return {};
  }
  Status Entry(const ScanEntry& entry) override {
    EXPECT_EQ(entry.name.ToPath(), entry.path);
    entries.emplace_back(entry.path, entry.stored);
    offsets.push_back(entry.tar_offset);
    return {};
  }
  std::string filters;
  Entries entries;
  std::vector<uint64_t> offsets;
};

inline Result<ScanResult> ScanBytes(std::string_view bytes, ScanHandler& handler,
                                    const ScanOptions& options = {}) {
  stream::StringSource source(bytes);
  return Scan(source, handler, options);
}

}  // namespace holdfast::archive
