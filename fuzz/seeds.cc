// Writes sound inputs for every fuzzer: DIR/FUZZER/NUMBER. They are made by the code that writes
// the formats, so that they stay sound when a format grows.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>

#include "archive/writer.h"
#include "crypto/kms_object.h"
#include "crypto/transformer.h"
#include "etcd/database_for_test.h"
#include "etcd/sealed.h"
#include "etcd/snapshot_meta.h"
#include "resourceset/testdata_for_test.h"
#include "stream/gzip.h"
#include "stream/tar_writer.h"
#include "stream/zip.h"

namespace {

using namespace holdfast;

// A seed that cannot be made is an error of this program.
template <typename T>
T Must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "fuzz_seeds: %s\n", result.error().ToString().c_str());
  std::exit(1);
}
void Must(const Status& status) {
  if (status) return;
  std::fprintf(stderr, "fuzz_seeds: %s\n", status.error().ToString().c_str());
  std::exit(1);
}

class Seeds {
 public:
  explicit Seeds(std::filesystem::path dir) : dir_(std::move(dir)) {}

  void Add(const std::string& fuzzer, std::string_view bytes) {
    std::filesystem::path folder = dir_ / (fuzzer + "_fuzz");
    std::filesystem::create_directories(folder);
    std::filesystem::path file = folder / std::to_string(++count_[fuzzer]);
    std::ofstream out(file, std::ios::binary);
    out << bytes << std::flush;
    if (out) return;
    std::fprintf(stderr, "fuzz_seeds: %s cannot be written\n", file.c_str());
    std::exit(1);
  }

 private:
  std::filesystem::path dir_;
  std::map<std::string, int> count_;
};

constexpr std::string_view kSecret =
    R"({"apiVersion":"v1","data":{"a":"c2VjcmV0"},"kind":"Secret","metadata":{"creationTimestamp":)"
    R"("2026-01-01T00:00:00Z","labels":{"app":"x"},"name":"a","namespace":"ns","ownerReferences":)"
    R"([{"apiVersion":"v1","kind":"ConfigMap","name":"o","uid":"1"}],"resourceVersion":"7",)"
    R"("uid":"2"},"type":"Opaque"})";

std::string Zip(std::string_view bytes, int level, bool seal) {
  stream::StringSink out;
  stream::GzipSink gzip(out, {.level = level, .seal = seal});
  Must(gzip.Write(bytes));
  Must(gzip.Close());
  return out.Take();
}

std::string Unzip(std::string_view bytes) {
  stream::StringSource source(bytes);
  stream::GunzipSource gunzip(source);
  return Must(stream::ReadAll(gunzip, 1 << 20));
}

void AddObjects(Seeds& seeds) {
  seeds.Add("object_scan", kSecret);
  std::string list =
      R"({"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"12","continue":"c",)"
      R"("remainingItemCount":3},"items":[)" +
      std::string(kSecret) + ",{}]}";
  for (char piece : {'\0', '\x0d', 'b'}) seeds.Add("list_cutter", piece + list);
  for (char name = 0; name < 7; ++name) seeds.Add("restore_entry", name + std::string(kSecret));
  seeds.Add("restore_entry",
            "\1"
            R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",)"
            R"("metadata":{"name":"as.x"},"spec":{"group":"x","names":{"plural":"as","kind":"A"},)"
            R"("scope":"Cluster","versions":[{"name":"v1","served":true,"storage":true}]},)"
            R"("status":{"storedVersions":["v1"]}})");
  std::string set = resourceset::Testdata("fixture-set.yaml");
  if (set.empty())
    Must(Fail(ErrorKind::kNotFound, "src/resourceset/testdata: run from the project"));
  seeds.Add("resourceset", set);
  seeds.Add("resourceset", kSecret);
  seeds.Add("rendered_sets", "---\n# Source: a.yaml\n" + set + "\n---\n" + set);
}

void AddFiles(Seeds& seeds) {
  stream::StringSink tar_bytes;
  stream::TarWriter tar(tar_bytes, 1'769'479'200);
  Must(tar.Add("secrets.#v1/ns/a.json", kSecret));
  Must(tar.Add("secrets.#v1/ns/" + std::string(150, 'n') + ".json", "{}"));
  Must(tar.Add("secrets.#v1/ns/\xc3\xbc.json", "{}"));
  Must(tar.Finish());
  seeds.Add("tar", tar_bytes.bytes());
  for (int level = 0; level < 4; ++level) {
    seeds.Add("gzip", Zip(kSecret, level, false));
    seeds.Add("gzip", Zip(kSecret, level, true));
  }
  seeds.Add("gzip", Zip("one", 1, false) + Zip("two", 2, true));

  stream::StringSink packed;
  archive::Writer writer(packed, Clock::Wall(std::chrono::seconds(1'769'479'200)));
  Must(writer.AddFilters(R"({"kind":"ResourceSet"})"));
  Must(writer.Add("secrets.#v1/ns/a.json", kSecret));
  archive::ManifestInfo info;
  info.kinds = {{"secrets.#v1", 0, 0, "cached", true, ""}};
  Must(writer.Finish(info));
  std::string plain = Unzip(packed.bytes());
  seeds.Add("archive", '\0' + plain);
  seeds.Add("archive", '\1' + packed.bytes());
  // The last entry's body, up to the zeros behind it.
  seeds.Add("archive", '\2' + std::string(plain.c_str() + plain.rfind("{\"formatVersion\"")));
  seeds.Add("archive", "\3secrets.#v1/ns/a.json");
  seeds.Add("archive",
            "\3rancher-0c6b4e9c-8e0f-4e2c-a0b7-52cfd0d2c5bd-2026-01-27T02-00-00Z.tar.gz.enc");
}

std::string EncryptionConfigText(const std::string& resources, const std::string& providers) {
  return "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n"
         "- resources: [" +
         resources + "]\n  providers:\n" + providers;
}

crypto::Transformers Provider(const std::string& provider) {
  auto config = crypto::EncryptionConfig::Parse(
      EncryptionConfigText("\"*.*\"", "  - " + provider + "\n"), "seeds");
  return Must(crypto::Transformers::Build(Must(std::move(config))));
}

void AddEncrypted(Seeds& seeds) {
  const std::string k16 = "{keys: [{name: k, secret: MDEyMzQ1Njc4OWFiY2RlZg==}]}";
  for (const std::string& provider :
       {"aescbc: " + k16, "aesgcm: " + k16,
        std::string("secretbox: {keys: [{name: k, secret: "
                    "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=}]}")}) {
    crypto::Transformers transformers = Provider(provider);
    seeds.Add("encrypted_entry",
              Must(transformers.EncryptEntry("secrets", "", "a#b", std::string(kSecret))));
    seeds.Add("encryption_config",
              EncryptionConfigText("secrets", "  - identity: {}\n  - " + provider + "\n"));
  }
  crypto::KmsObject object;
  object.data = "sealed";
  object.key.key_id = "key-1";
  object.key.ciphertext = "ciphertext";
  object.key.annotations = {{"version.example.com", "1"}};
  object.key_type = 1;
  seeds.Add("kms_object", crypto::EncodeKmsObject(object));
}

void AddEtcd(Seeds& seeds) {
  etcd::TestDatabase database = etcd::TestDatabase::Store(9);
  seeds.Add("etcd_database", database.BuildSnapshot());
  database.inline_small = false;
  database.store_freelist = true;
  seeds.Add("etcd_database", database.Build());

  seeds.Add("etcd_record", etcd::EncodeRevision({7, 1}));
  seeds.Add("etcd_record", etcd::EncodeRevision({7, 1}) + "t");
  seeds.Add("etcd_record", etcd::TestRecord("/registry/a", "value", 3, 7, 2, 12));
  seeds.Add("etcd_kube_object", '\0' + std::string(kSecret));
  std::string metadata, message;
  AppendBytes(metadata, 1, "a");
  AppendBytes(metadata, 3, "ns");
  AppendBytes(message, 1, metadata);
  for (char kind = 2; kind < 40; ++kind) seeds.Add("etcd_kube_object", kind + message);
  // Type, length, data: a state, an entry.
  seeds.Add("etcd_wal", std::string_view("\3\6\x08\1\x10\2\x18\3\2\6\x08\0\x10\1\x18\1", 16));

  stream::StringSink zipped;
  stream::ZipSink zip(zipped, "snapshot");
  Must(zip.Write(kSecret));
  Must(zip.Close());
  seeds.Add("etcd_snapshot_file", zipped.bytes());
  stream::StringSink sealed;
  etcd::SealSink seal(sealed, SecretBytes(std::string(32, 'k')), "\1");
  Must(seal.Write(kSecret));
  Must(seal.Close());
  seeds.Add("etcd_snapshot_file", sealed.bytes());
  etcd::SnapshotMeta meta;
  meta.name = "daily-2026-01-27T02-00-00Z";
  meta.size = meta.stored_size = 4096;
  meta.finished = meta.started = Clock::Wall(std::chrono::seconds(1'769'479'200));
  seeds.Add("etcd_snapshot_file", meta.ToJson());
}

void AddTexts(Seeds& seeds) {
  for (std::string_view cron : {"*/5 0-6,12 1 jan mon-fri", "@daily", "@every 1h30m"})
    seeds.Add("cron", cron);
  seeds.Add("kubeconfig",
            "apiVersion: v1\nkind: Config\ncurrent-context: a\n"
            "contexts: [{name: a, context: {cluster: c, user: u, namespace: n}}]\n"
            "clusters: [{name: c, cluster: {server: \"https://h:6443\", proxy-url: \"http://p\", "
            "tls-server-name: s, insecure-skip-tls-verify: true}}]\n"
            "users: [{name: u, user: {token: t}}]\n");
  seeds.Add("kubeconfig",
            R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",)"
            R"("status":{"token":"t","expirationTimestamp":"2026-01-27T02:00:00Z"}})");
  seeds.Add("s3_xml",
            "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/"
            "2006-03-01/\"><IsTruncated>true</IsTruncated><NextContinuationToken>t"
            "</NextContinuationToken><Contents><Key>a&amp;b</Key><LastModified>2026-01-27T02:00:00"
            ".000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>7</Size></Contents>"
            "<CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes></ListBucketResult>");
  seeds.Add("s3_xml", "<Error><Code>NoSuchKey</Code><Message>m</Message></Error>");
  seeds.Add("store_config", "bucket/folder/x?region=eu-west-1&endpoint=h:9000");
  seeds.Add("store_config",
            "s3:\n  bucketName: b\n  folder: f/g\n  region: r\n  endpoint: h:9000\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: fuzz_seeds DIR\n");
    return 2;
  }
  Seeds seeds(argv[1]);
  AddObjects(seeds);
  AddFiles(seeds);
  AddEncrypted(seeds);
  AddEtcd(seeds);
  AddTexts(seeds);
  return 0;
}
