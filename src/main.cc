#include "base/allocator.h"
#include "cli/cli.h"

int main(int argc, char** argv) {
  holdfast::TuneAllocator();
  return holdfast::cli::Main(argc, argv);
}
