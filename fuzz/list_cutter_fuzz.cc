// The list cutter: any bytes in pieces of any size give the same objects, end or kind of error as
// in one piece, and no object breaks the bounds.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "kube/list_cutter.h"

namespace {

using namespace holdfast;
using namespace holdfast::kube;

struct Outcome {
  std::vector<std::string> objects;
  std::string end;
  bool operator==(const Outcome&) const = default;
};

Outcome Cut(std::string_view text, size_t piece) {
  Outcome outcome;
  ObjectSink sink = [&](std::string_view object) -> Status {
    if (object.size() < 2 || object.front() != '{' || object.back() != '}' || object.size() > 4096)
      std::abort();
    outcome.objects.emplace_back(object);
    return {};
  };
  CutterLimits limits;
  limits.max_object = 4096;
  limits.max_depth = 20;
  limits.max_other = 2048;
  ListCutter cutter(sink, limits);
  Status status;
  for (size_t at = 0; status && at < text.size(); at += piece)
    status = cutter.Feed(text.substr(at, piece));
  if (!status) {
    outcome.end = ErrorKindName(status.error().kind());
    return outcome;
  }
  Result<ListEnd> end = cutter.Finish({"GET", "/api/v1/secrets", ""});
  if (!end) {
    outcome.end = end.error().ToString();
    return outcome;
  }
  outcome.end = "ok " + end->resource_version + " " + end->continue_token + " " +
                std::to_string(end->remaining_item_count.value_or(-1)) + " " +
                std::to_string(end->items) + " " + std::to_string(end->bytes);
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1 || size > 16384) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (Cut(text, size) != Cut(text, data[0] % 100 + 1)) std::abort();
  return 0;
}
