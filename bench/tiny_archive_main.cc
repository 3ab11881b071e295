// Writes an archive of many tiny ConfigMaps, as a restore of a very large cluster would have it.
// usage: tiny_archive OBJECTS FILE
#include <charconv>
#include <cstdio>
#include <cstring>

#include "archive/writer.h"
#include "stream/spool.h"

namespace holdfast::bench {
namespace {

Status Write(uint64_t objects, const std::filesystem::path& file) {
  std::filesystem::path folder = file.parent_path();
  HF_ASSIGN(auto spool, stream::Spool::Create(folder));
  stream::SpoolSink sink(spool);
  const Clock::Wall now = Clock::Real().Now();
  archive::Writer writer(sink, now);
  for (uint64_t i = 0; i < objects; ++i) {
    std::string name = "tiny-" + std::to_string(i);
    HF_TRY(writer.Add("configmaps.#v1/default/" + name + ".json",
                      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name +
                          R"(","namespace":"default"}})"));
  }
  archive::ManifestInfo info;
  info.holdfast_version = "bench";
  info.cluster_id = "bench";
  info.kubernetes_version = "v1.36.0";
  info.revision = "1";
  info.started = info.finished = now;
  HF_ASSIGN(auto summary, writer.Finish(info));
  HF_TRY(sink.Close());
  std::FILE* out = std::fopen(file.c_str(), "wbx");
  if (out == nullptr) return Fail(ErrnoError("create " + file.string(), errno));
  stream::SpoolSource source(spool);
  std::string part(1 << 20, '\0');
  for (;;) {
    HF_ASSIGN(size_t got, source.Read(part.data(), part.size()));
    if (got == 0) break;
    if (std::fwrite(part.data(), 1, got, out) != got)
      return Fail(ErrnoError("write " + file.string(), errno));
  }
  if (std::fclose(out) != 0) return Fail(ErrnoError("close " + file.string(), errno));
  return {};
}

}  // namespace
}  // namespace holdfast::bench

int main(int argc, char** argv) {
  uint64_t objects = 0;
  if (argc != 3 ||
      std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), objects).ec != std::errc()) {
    std::fprintf(stderr, "usage: tiny_archive OBJECTS FILE\n");
    return 2;
  }
  holdfast::Status status = holdfast::bench::Write(objects, argv[2]);
  if (status) return 0;
  std::fprintf(stderr, "tiny_archive: %s\n", status.error().ToString().c_str());
  return 1;
}
