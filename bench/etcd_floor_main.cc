// The floor of a restore of etcd: one pass that copies a file, takes its SHA-256 and makes the copy
// durable.
// usage: etcd_floor FILE COPY
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "stream/sha256.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: etcd_floor FILE COPY\n", stderr);
    return 2;
  }
  int in = open(argv[1], O_RDONLY | O_CLOEXEC);
  int out = open(argv[2], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (in < 0 || out < 0) return 1;
  constexpr size_t kBuffer = 256 << 10;
  auto buffer = std::make_unique<char[]>(kBuffer);
  holdfast::stream::Sha256 sha;
  while (true) {
    ssize_t got = read(in, buffer.get(), kBuffer);
    if (got < 0) return 1;
    if (got == 0) break;
    sha.Update({buffer.get(), static_cast<size_t>(got)});
    if (write(out, buffer.get(), static_cast<size_t>(got)) != got) return 1;
  }
  if (fsync(out) != 0 || close(out) != 0) return 1;
  std::puts(holdfast::stream::Hex(sha.Current()).c_str());
  return 0;
}
