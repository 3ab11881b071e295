// Damage drawn at random to an archive that is larger than every buffer on its way. What is
// exhaustive is done on a small one in archive_test.cc.
#include <random>

#include <gtest/gtest.h>

#include "archive/archive_for_test.h"
#include "base/workers.h"

namespace holdfast::archive {
namespace {

constexpr size_t kDraws = 2'000;
constexpr size_t kThreads = 2;

class Nobody : public ScanHandler {
 public:
  Status Filters(std::string_view) override { return {}; }
  Status Entry(const ScanEntry&) override { return {}; }
};

// Somewhat over 1 MB. Most damage is found only by the checksums at the end, so that each draw
// costs a pass: on one of tens of MB 2,000 of them would take many minutes under sanitizers.
// Buffers have up to 256 KiB.
std::string LargeArchive() {
  std::mt19937_64 random(20'261'121);
  Entries entries;
  for (int i = 0; i < 400; ++i) {
    std::string text;
    // Mostly small ones, some as large as objects may be.
    size_t size = i % 100 == 0 ? 260'000 : size_t{1} << (random() % 13);
    while (text.size() < size) text += static_cast<char>('0' + random() % 43);
    std::string name = "object-" + std::to_string(i);
    std::string json = ObjectJson("v1", "Secret", "ns", name);
    json.insert(json.size() - 1, ",\"text\":\"" + text + "\"");
    entries.emplace_back("secrets.#v1/ns/" + name + ".json", std::move(json));
  }
  return MakeArchive(entries).bytes;
}

Status ScanOf(std::string_view bytes, Digests digests) {
  Nobody nobody;
  ScanOptions options;
  options.digests = digests;
  HF_TRY(ScanBytes(bytes, nobody, options));
  return {};
}

struct Damage {
  bool cut;
  size_t at;  // a size in bytes, or a bit
  Digests digests;
};

TEST(LargeArchive, IsReadUnlessItIsDamaged) {
  const std::string whole = LargeArchive();
  ASSERT_GT(whole.size(), 700'000u);
  for (Digests digests : {Digests::kAll, Digests::kSealOnly}) {
    Status status = ScanOf(whole, digests);
    ASSERT_TRUE(status) << status.error().ToString();
  }
  std::mt19937_64 random(1);
  std::vector<Damage> draws;
  for (size_t i = 0; i < kDraws; ++i) {
    bool cut = i % 2 == 0;
    draws.push_back({cut, random() % (whole.size() * (cut ? 1 : 8)),
                     i % 16 < 2 ? Digests::kAll : Digests::kSealOnly});
  }
  Status found = ParallelFor(kThreads, kThreads, {}, [&](size_t part, std::stop_token) -> Status {
    std::string bytes = whole;
    for (size_t i = part; i < draws.size(); i += kThreads) {
      const Damage& draw = draws[i];
      std::string what = (draw.cut ? "cut at byte " : "flipped bit ") + std::to_string(draw.at);
      Status status;
      if (draw.cut) {
        status = ScanOf(std::string_view(bytes).substr(0, draw.at), draw.digests);
      } else {
        char& byte = bytes[draw.at / 8];
        byte = static_cast<char>(byte ^ 1 << draw.at % 8);
        status = ScanOf(bytes, draw.digests);
        byte = whole[draw.at / 8];
      }
      if (status) return Fail(ErrorKind::kInternal, what + " was not noticed");
      // A flipped bit may also make a name or a size that is not allowed.
      if (status.error().kind() != ErrorKind::kCorrupt &&
          (draw.cut || status.error().kind() != ErrorKind::kInvalid))
        return Fail(std::move(status).error().With(what));
    }
    return {};
  });
  EXPECT_TRUE(found) << found.error().ToString();
}

}  // namespace
}  // namespace holdfast::archive
