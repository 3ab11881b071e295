// Cron expressions: whatever is accepted has an activation after the time given, or none.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "schedule/cron.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace holdfast;
  auto parsed =
      schedule::Schedule::Parse({reinterpret_cast<const char*>(data), size}, "Europe/Berlin");
  if (!parsed) return 0;
  Clock::Wall now{std::chrono::seconds(1'774'700'000)};
  for (int i = 0; i < 3; ++i) {
    auto next = parsed->Next(now);
    if (!next) break;
    if (*next <= now) std::abort();
    now = *next;
  }
  return 0;
}
