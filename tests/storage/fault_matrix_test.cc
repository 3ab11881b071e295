// Each fault of the line, in each operation: while it lasts the error is the right one, nothing
// half is ever seen and nothing is lost; once it is gone everything works, and nothing is left
// behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "tests/storage/s3_places.h"

namespace holdfast::storage {
namespace {

using std::chrono::milliseconds;
using testbed::Toxiproxy;
using tests::Must;

struct Fault {
  const char* name;
  std::function<Status(Toxiproxy&, const std::string& proxy)> play;
  bool harmless = false;    // nothing may fail
  bool large_only = false;  // what is small goes through
  bool silent = false;      // only a timeout finds it
};

Status Toxic(Toxiproxy& proxy, const std::string& name, const char* type, const char* stream,
             const char* attributes) {
  return proxy.AddToxic(name, type, stream, attributes);
}

const Fault kFaults[] = {
    {"Latency",
     [](Toxiproxy& t, const std::string& p) -> Status {
       HF_TRY(Toxic(t, p, "latency", "downstream", R"({"latency": 60, "jitter": 30})"));
       return Toxic(t, p, "latency", "upstream", R"({"latency": 30})");
     },
     true},
    {"Sliced",
     [](Toxiproxy& t, const std::string& p) {
       return Toxic(t, p, "slicer", "downstream",
                    R"({"average_size": 20000, "size_variation": 9000, "delay": 50})");
     },
     true},
    {"ResetAtOnce",
     [](Toxiproxy& t, const std::string& p) {
       return Toxic(t, p, "reset_peer", "downstream", R"({"timeout": 0})");
     }},
    {"ResetUnderWay",
     [](Toxiproxy& t, const std::string& p) {
       return Toxic(t, p, "reset_peer", "upstream", R"({"timeout": 15})");
     }},
    {"RequestsCutOff",
     [](Toxiproxy& t, const std::string& p) {
       return Toxic(t, p, "limit_data", "upstream", R"({"bytes": 300})");
     }},
    {"AnswersCutOff",
     [](Toxiproxy& t, const std::string& p) {
       return Toxic(t, p, "limit_data", "downstream", R"({"bytes": 150})");
     }},
    // Heads pass, and much of the bodies.
    {"BodiesCutOff",
     [](Toxiproxy& t, const std::string& p) {
       return Toxic(t, p, "limit_data", "upstream", R"({"bytes": 3000000})");
     },
     false, true},
    {"RequestsVanish",
     [](Toxiproxy& t, const std::string& p) {
       return Toxic(t, p, "timeout", "upstream", R"({"timeout": 0})");
     },
     false, false, true},
    {"AnswersVanish",
     [](Toxiproxy& t, const std::string& p) {
       return Toxic(t, p, "timeout", "downstream", R"({"timeout": 0})");
     },
     false, false, true},
    {"Refused", [](Toxiproxy& t, const std::string& p) { return t.SetEnabled(p, false); }},
};

enum class Way { kPlain, kTls };

class FaultMatrix : public ::testing::TestWithParam<std::tuple<Fault, Way>> {
 protected:
  FaultMatrix()
      : minio_(std::get<1>(GetParam()) == Way::kTls ? tests::MinioTls() : tests::MinioPlain()),
        proxy_(tests::TheToxiproxy()),
        bucket_(tests::NewBucketName()) {
    Must(minio_.MakeBucket(bucket_));
    port_ = Must(proxy_.AddProxy(bucket_, minio_.port()));
    direct_ = tests::Open(tests::ConfigFor(minio_, bucket_));
    large_ = tests::Bytes(12'345'678);
    Must(tests::PutBytes(*direct_, "there", "text of the file"));
  }
  ~FaultMatrix() override { (void)proxy_.Reset(); }

  const Fault& fault() const { return std::get<0>(GetParam()); }

  std::unique_ptr<S3Store> Through(int attempts) {
    S3Config config = tests::ConfigFor(minio_, bucket_);
    std::string scheme = minio_.ca_pem().empty() ? "http" : "https";
    config.endpoint = scheme + "://127.0.0.1:" + std::to_string(port_);
    // A machine that has no time is waited for, but where silence is the fault.
    config.stall_timeout = milliseconds(fault().silent ? 1'000 : 20'000);
    config.connect_timeout = milliseconds(2000);
    config.retry.max_attempts = attempts;
    config.retry.max_wait = milliseconds(500);
    return tests::Open(std::move(config));
  }
  void Begin() { Must(fault().play(proxy_, bucket_)); }
  // Ends the fault some time after the operation has begun.
  std::jthread EndLater() {
    return std::jthread([this] {
      std::this_thread::sleep_for(milliseconds(500));  // how long the fault lasts
      Must(proxy_.Reset());
    });
  }

  void ExpectRightError(const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnavailable) << error.ToString();
    EXPECT_THAT(error.ToString(), ::testing::HasSubstr("127.0.0.1:" + std::to_string(port_)));
  }
  void ExpectNothingLeft(const std::vector<std::string>& names) {
    LeftOverRule all;
    all.min_age = std::chrono::seconds(0);
    auto swept = direct_->AbortLeftOvers(all, {});
    ASSERT_TRUE(swept) << swept.error().ToString();
    EXPECT_EQ(swept->warning, "");
    EXPECT_EQ(Must(minio_.OpenUploads()), 0u);
    EXPECT_THAT(Must(minio_.Objects(bucket_)), ::testing::ElementsAreArray(names));
  }

  testbed::Minio& minio_;
  Toxiproxy& proxy_;
  std::string bucket_, large_;
  uint16_t port_ = 0;
  std::unique_ptr<S3Store> direct_;
};

TEST_P(FaultMatrix, Lasting) {
  auto store = Through(2);
  Begin();
  if (fault().harmless) {
    Must(tests::PutBytes(*store, "large", large_));
    Must(tests::PutBytes(*store, "small", "small"));
    EXPECT_TRUE(tests::GetBytes(*store, "large") == large_);
    EXPECT_EQ(store->List("", {})->size(), 3u);
    EXPECT_TRUE(store->Delete("small", {}));
    Must(proxy_.Reset());
    return ExpectNothingLeft({"large", "there"});
  }
  if (fault().large_only) {
    auto put = tests::PutBytes(*store, "new", large_);
    ASSERT_FALSE(put);
    ExpectRightError(put.error());
    Must(proxy_.Reset());
    return ExpectNothingLeft({"there"});
  }
  for (bool in_parts : {false, true}) {
    auto put = tests::PutBytes(*store, "new", in_parts ? large_ : "small");
    ASSERT_FALSE(put);
    ExpectRightError(put.error());
  }
  auto open = store->Open("there", 0, {});
  ASSERT_FALSE(open);
  ExpectRightError(open.error());
  auto list = store->List("", {});
  ASSERT_FALSE(list);
  ExpectRightError(list.error());
  auto gone = store->Delete("there", {});
  ASSERT_FALSE(gone);
  ExpectRightError(gone.error());
  Must(proxy_.Reset());
  // An answer may have been lost, a file may not. What lies there is whole.
  std::vector<std::string> left = Must(minio_.Objects(bucket_));
  for (const std::string& name : left) {
    std::string bytes = tests::GetBytes(*direct_, name);
    if (name == "there")
      EXPECT_EQ(bytes, "text of the file");
    else
      EXPECT_TRUE(name == "new" && (bytes == "small" || bytes == large_)) << name;
  }
  if (std::string(fault().name) != "AnswersVanish" &&
      std::string(fault().name) != "AnswersCutOff" && std::string(fault().name) != "ResetAtOnce" &&
      std::string(fault().name) != "ResetUnderWay") {
    EXPECT_THAT(left, ::testing::ElementsAre("there")) << "no request has reached the server";
  }
  ExpectNothingLeft(left);
}

TEST_P(FaultMatrix, PassingInAnUpload) {
  auto store = Through(12);
  Begin();
  {
    auto end = EndLater();
    auto put = tests::PutBytes(*store, "large", large_);
    ASSERT_TRUE(put) << put.error().ToString();
  }
  EXPECT_TRUE(tests::GetBytes(*direct_, "large") == large_);
  ASSERT_TRUE(fault().play(proxy_, bucket_));
  {
    auto end = EndLater();
    auto put = tests::PutBytes(*store, "small", "small");
    ASSERT_TRUE(put) << put.error().ToString();
  }
  EXPECT_EQ(tests::GetBytes(*direct_, "small"), "small");
  ExpectNothingLeft({"large", "small", "there"});
}

TEST_P(FaultMatrix, PassingInADownload) {
  Must(tests::PutBytes(*direct_, "large", large_));
  auto store = Through(12);
  // The fault comes while the body is under way.
  auto source = store->Open("large", 0, {});
  ASSERT_TRUE(source) << source.error().ToString();
  std::string begin(1000, '\0');
  size_t got = Must((*source)->Read(begin.data(), begin.size()));
  Begin();
  auto end = EndLater();
  auto rest = stream::ReadAll(**source, size_t{1} << 26);
  ASSERT_TRUE(rest) << rest.error().ToString();
  EXPECT_TRUE(begin.substr(0, got) + *rest == large_);
}

TEST_P(FaultMatrix, PassingInListAndDelete) {
  auto store = Through(12);
  Begin();
  {
    auto end = EndLater();
    auto list = store->List("", {});
    ASSERT_TRUE(list) << list.error().ToString();
    EXPECT_EQ(list->size(), 1u);
  }
  Begin();
  {
    auto end = EndLater();
    auto gone = store->Delete("there", {});
    EXPECT_TRUE(gone) << gone.error().ToString();
  }
  EXPECT_THAT(Must(minio_.Objects(bucket_)), ::testing::ElementsAre());
}

INSTANTIATE_TEST_SUITE_P(Faults, FaultMatrix,
                         ::testing::Combine(::testing::ValuesIn(kFaults),
                                            ::testing::Values(Way::kPlain, Way::kTls)),
                         [](const auto& param) {
                           return std::string(std::get<0>(param.param).name) +
                                  (std::get<1>(param.param) == Way::kTls ? "Tls" : "Plain");
                         });

}  // namespace
}  // namespace holdfast::storage
