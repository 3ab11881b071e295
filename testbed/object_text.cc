#include "testbed/object_text.h"

#include <algorithm>
#include <array>

#include "base/json_text.h"

namespace holdfast::testbed {
namespace {

constexpr std::array<std::string_view, 48> kWords = {
    "rancher",      "cluster",
    "node",         "project",
    "namespace",    "fleet",
    "bundle",       "agent",
    "token",        "registry",
    "downstream",   "upgrade",
    "version",      "https://rancher.example.org/v3",
    "true",         "controller",
    "webhook",      "schedule",
    "snapshot",     "driver",
    "machine",      "pool",
    "role",         "template",
    "10.42.0.0/16", "default",
    "system",       "enabled",
    "imported",     "provisioned",
    "ready",        "error:",
    "\"quoted\"",   "back\\slash",
    "<b>bold</b>",  "a & b",
    "größe",        "naïve",
    "кластер",      "集群",
    "クラスタ",     "🐮",
    "مجموعة",       "line one\nline two",
    "tab\there",    "e\u0301",
    "\u2028",       "ünïcødé"};

constexpr std::array<std::string_view, 53> kKeys = {"enabled",
                                                    "name",
                                                    "displayName",
                                                    "description",
                                                    "clusterName",
                                                    "projectName",
                                                    "kubernetesVersion",
                                                    "agentImage",
                                                    "replicas",
                                                    "labels",
                                                    "taints",
                                                    "resources",
                                                    "limits",
                                                    "requests",
                                                    "endpoints",
                                                    "config",
                                                    "options",
                                                    "template",
                                                    "values",
                                                    "chart",
                                                    "repo",
                                                    "branch",
                                                    "paths",
                                                    "targets",
                                                    "selector",
                                                    "interval",
                                                    "timeoutSeconds",
                                                    "maxUnavailable",
                                                    "strategy",
                                                    "credentials",
                                                    "server",
                                                    "caChecksum",
                                                    "ports",
                                                    "addresses",
                                                    "capacity",
                                                    "allocatable",
                                                    "kernelVersion",
                                                    "bytesUsed",
                                                    "lastSeen",
                                                    "annotations",
                                                    "members",
                                                    "principals",
                                                    "rules",
                                                    "quota",
                                                    "network",
                                                    "services",
                                                    "etcd",
                                                    "backup",
                                                    "rotate",
                                                    "features",
                                                    "proxy",
                                                    "größe",
                                                    "a.b/c"};

std::string_view Word(Random& random) { return kWords[random.Below(kWords.size())]; }

void AppendLeaf(std::string& out, Random& random, size_t room) {
  switch (random.Below(10)) {
    case 0: out += random.Chance(50) ? "true" : "false"; break;
    case 1: out += std::to_string(random.Below(100'000)); break;
    // Beyond 2^53 a double would round it: 64 bits are kept by Kubernetes, and must be by us.
    case 2:
      out += std::to_string((int64_t{1} << 53) + static_cast<int64_t>(random.Next() >> 2));
      break;
    case 3: out += "-" + std::to_string(random.Below(1'000'000)); break;
    case 4: out += std::to_string(random.Below(1000)) + (random.Chance(50) ? ".25" : ".5"); break;
    default: json::AppendQuoted(out, Prose(random, std::min<size_t>(room, random.Skewed(4, 256))));
  }
}

void AppendList(std::string& out, Random& random, size_t bytes) {
  size_t begin = out.size();
  bool objects = random.Chance(60);
  out += '[';
  do {
    if (out.size() > begin + 1) out += ',';
    if (objects) {
      AppendTree(out, random, std::min<size_t>(bytes, random.Between(80, 400)));
    } else {
      json::AppendQuoted(out, Prose(random, std::min<size_t>(bytes, random.Between(8, 200))));
    }
  } while (out.size() - begin < bytes);
  out += ']';
}

}  // namespace

void ObjectWriter::Key(std::string_view key) {
  if (!first_) out_ += ',';
  first_ = false;
  json::AppendQuoted(out_, key);
  out_ += ':';
}

ObjectWriter& ObjectWriter::Raw(std::string_view key, std::string_view value) {
  Key(key);
  out_ += value;
  return *this;
}

ObjectWriter& ObjectWriter::Text(std::string_view key, std::string_view value) {
  Key(key);
  json::AppendQuoted(out_, value);
  return *this;
}

std::string Prose(Random& random, size_t bytes) {
  std::string text;
  text.reserve(bytes + 32);
  do {
    if (!text.empty()) text += ' ';
    text += Word(random);
  } while (text.size() < bytes);
  return text;
}

std::string RandomBase64(Random& random, size_t bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  size_t groups = (bytes + 2) / 3;  // the last one is a full one: no padding
  text.reserve(groups * 4 + 8);
  while (text.size() < groups * 4) {
    uint64_t bits = random.Next();
    for (int i = 0; i < 8; ++i, bits >>= 6) text += kDigits[bits & 63];
  }
  text.resize(groups * 4);
  return text;
}

std::string RandomName(Random& random, size_t length) {
  static constexpr char kDigits[] = "bcdfghjklmnpqrstvwxz2456789";
  std::string name;
  for (size_t i = 0; i < length; ++i) name += kDigits[random.Below(sizeof kDigits - 1)];
  return name;
}

void AppendTree(std::string& out, Random& random, size_t bytes) {
  size_t begin = out.size();
  size_t key = random.Below(kKeys.size());
  ObjectWriter object(out);
  for (size_t i = 0; i < kKeys.size() && out.size() - begin < bytes; ++i) {
    // 53 is a prime, so every step visits all keys before one comes again.
    key = (key + 7) % kKeys.size();
    size_t room = bytes - (out.size() - begin);
    object.Key(kKeys[key]);
    if (room > 600 && random.Chance(70)) {
      AppendList(out, random, random.Between(room / 4, room));
    } else if (room > 200 && random.Chance(25)) {
      AppendTree(out, random, room / 3);
    } else {
      AppendLeaf(out, random, room);
    }
  }
  object.End();
}

}  // namespace holdfast::testbed
