#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rfc3339.h"
#include "storage/s3/fake_s3_for_test.h"

namespace holdfast::storage::s3 {
namespace {

using net::TestReply;
using net::TestRequest;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class S3StoreTest : public ::testing::Test {
 protected:
  S3Store& store() {
    if (!store_) {
      auto made = NewS3Store(std::move(config_), Clock::Real(), nullptr,
                             {[](const std::string&) { return std::nullopt; }, "", ""});
      if (!made) throw std::runtime_error(made.error().ToString());
      store_ = std::move(*made);
    }
    return *store_;
  }
  std::string ListError() {
    auto list = store().List("", {});
    return list ? "no error" : list.error().ToString();
  }
  void AlwaysRefuse(int status, const std::string& code, const std::string& more = "",
                    const std::string& headers = "") {
    s3_.hook = [=](const TestRequest&, TestReply& reply) {
      FakeS3::Refuse(reply, status, code, more, headers);
      return true;
    };
  }

  FakeS3 s3_;
  S3Config config_ = s3_.Config();
  std::unique_ptr<S3Store> store_;
};

TEST_F(S3StoreTest, ErrorsSayWhatHelps) {
  AlwaysRefuse(404, "NoSuchBucket");
  EXPECT_THAT(ListError(), HasSubstr("listing s3://bkt at http://127.0.0.1:"));
  EXPECT_THAT(ListError(), HasSubstr("404 NoSuchBucket: m (request REQ1)"));
  EXPECT_THAT(ListError(), HasSubstr("there is no bucket \"bkt\""));
  AlwaysRefuse(403, "AccessDenied");
  EXPECT_THAT(ListError(), HasSubstr("needs the right s3:ListBucket on arn:aws:s3:::bkt;"));
  AlwaysRefuse(403, "InvalidAccessKeyId");
  EXPECT_THAT(ListError(), HasSubstr("does not know the access key AKIAI*********"));
  AlwaysRefuse(403, "SignatureDoesNotMatch");
  EXPECT_THAT(ListError(), HasSubstr("secret key does not belong"));
  AlwaysRefuse(403, "RequestTimeTooSkewed", "<ServerTime>2026-01-27T02:00:00Z</ServerTime>");
  EXPECT_THAT(ListError(), HasSubstr("the store's says 2026-01-27T02:00:00Z"));
  EXPECT_THAT(ListError(), HasSubstr("this machine's clock says 2"));
  EXPECT_THAT(ListError(), HasSubstr("NTP"));
  AlwaysRefuse(400, "ExpiredToken");
  EXPECT_THAT(ListError(), HasSubstr("no longer good"));
  s3_.hook = [](const TestRequest&, TestReply& reply) {
    reply.Respond(404, "<html>not here</html>");
    return true;
  };
  EXPECT_THAT(ListError(), HasSubstr("is there an S3 service at http://"));
}

TEST_F(S3StoreTest, HeadErrorsAreAskedForTheirReason) {
  s3_.hook = [](const TestRequest& request, TestReply& reply) {
    if (request.method == "HEAD")
      reply.Raw("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    else
      FakeS3::Refuse(reply, 403, "InvalidAccessKeyId");
    return true;
  };
  EXPECT_THAT(store().Stat("a", {}).error().ToString(), HasSubstr("InvalidAccessKeyId"));
}

TEST_F(S3StoreTest, FollowsTheBucketToItsRegion) {
  int moves = 0;
  for (const char* how : {"header", "body", "location"}) {
    store_ = nullptr;
    config_ = s3_.Config();
    s3_.hook = [&](const TestRequest& request, TestReply& reply) {
      if (request.headers.at("authorization").find("/eu-west-9/s3/") != std::string::npos)
        return false;
      if (FakeS3::HasQuery(request, "location")) {
        reply.Respond(200, "<LocationConstraint>eu-west-9</LocationConstraint>");
        return true;
      }
      ++moves;
      if (std::string(how) == "header")
        FakeS3::Refuse(reply, 301, "PermanentRedirect", "", "x-amz-bucket-region: eu-west-9\r\n");
      else if (std::string(how) == "body")
        FakeS3::Refuse(reply, 400, "AuthorizationHeaderMalformed", "<Region>eu-west-9</Region>");
      else
        FakeS3::Refuse(reply, 400, "AuthorizationHeaderMalformed");
      return true;
    };
    auto list = store().List("", {});
    EXPECT_TRUE(list) << how << ": " << list.error().ToString();
    EXPECT_TRUE(store().List("", {}));
  }
  EXPECT_EQ(moves, 3) << "the region is remembered";
}

TEST_F(S3StoreTest, ARegionThatIsNoneIsNotFollowed) {
  AlwaysRefuse(301, "PermanentRedirect", "", "x-amz-bucket-region: evil.example.com/\r\n");
  EXPECT_THAT(ListError(), HasSubstr("set the store's region"));
  EXPECT_EQ(s3_.log.size(), 2u);
}

TEST_F(S3StoreTest, ListsByTheOldWayWhereTheNewIsNotKnown) {
  std::atomic<int> v2{0};
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (!FakeS3::HasQuery(request, "list-type")) return false;
    ++v2;
    FakeS3::Refuse(reply, 501, "NotImplemented");
    return true;
  };
  s3_.objects["a"] = {"x", "", "", "", ""};
  EXPECT_EQ(store().List("", {})->size(), 1u);
  EXPECT_EQ(store().List("", {})->size(), 1u);
  EXPECT_EQ(v2, 1);
}

TEST_F(S3StoreTest, APageOfTheOldKindIsContinuedByTheOldWay) {
  auto page = [](const std::string& key, bool more) {
    return "<ListBucketResult><IsTruncated>" + std::string(more ? "true" : "false") +
           "</IsTruncated><Contents><Key>" + key +
           "</Key><Size>1</Size><LastModified>2026-01-27T02:00:00Z</LastModified></Contents>"
           "</ListBucketResult>";
  };
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    std::string marker = FakeS3::QueryOf(request, "marker");
    reply.Respond(200, marker.empty() ? page("a", true) : page("b", false));
    return true;
  };
  EXPECT_EQ(store().List("", {})->size(), 2u);
}

TEST_F(S3StoreTest, AListThatTurnsInACircleEnds) {
  s3_.hook = [](const TestRequest&, TestReply& reply) {
    reply.Respond(200,
                  "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a</Key>"
                  "<Size>1</Size><LastModified>2026-01-27T02:00:00Z</LastModified></Contents>"
                  "<NextContinuationToken>t</NextContinuationToken></ListBucketResult>");
    return true;
  };
  EXPECT_THAT(ListError(), HasSubstr("makes no sense"));
}

TEST_F(S3StoreTest, FoldersLoseTheirSlashes) {
  for (const char* folder : {"d/e", "/d/e/", "//d/e//"}) {
    store_ = nullptr;
    config_ = s3_.Config();
    config_.folder = folder;
    auto spool = store().NewSpool();
    ASSERT_TRUE(store().Put(*spool, "a", {}));
    EXPECT_EQ(s3_.objects.count("d/e/a"), 1u);
    EXPECT_EQ(store().List("", {})->size(), 1u);
    EXPECT_TRUE(store().Delete("a", {}));
  }
}

TEST_F(S3StoreTest, ReadingTriesTheFolderAsItWasWritten) {
  config_.folder = "/d/";
  s3_.objects["/d/a"] = {"old", "", "", "", "\"e\""};
  auto info = store().Stat("a", {});
  ASSERT_TRUE(info) << info.error().ToString();
  EXPECT_EQ(stream::ReadAll(**store().Open("a", 0, {}), 100).value(), "old");
  EXPECT_EQ(store().Stat("b", {}).error().kind(), ErrorKind::kNotFound);
}

TEST_F(S3StoreTest, RefusesConfigurationsThatMakeNoSense) {
  auto error = [&](std::function<void(S3Config&)> change) {
    S3Config config = s3_.Config();
    change(config);
    auto made = NewS3Store(std::move(config));
    return made ? std::string("none") : made.error().ToString();
  };
  EXPECT_THAT(error([](S3Config& c) { c.bucket = ""; }), HasSubstr("no bucket"));
  EXPECT_THAT(error([](S3Config& c) { c.folder = "a/../b"; }), HasSubstr("\"..\" in it"));
  EXPECT_THAT(error([](S3Config& c) { c.endpoint = "h/path"; }), HasSubstr("has a path"));
  EXPECT_THAT(error([](S3Config& c) { c.endpoint_ca = "/no/such/file"; }),
              HasSubstr("/no/such/file"));
  EXPECT_THAT(error([](S3Config& c) { c.lock_mode = ObjectLockMode::kCompliance; }),
              HasSubstr("Object Lock"));
}

// HEAD shows a lock only to those who may see it; a DELETE would hide the version, no more.
TEST_F(S3StoreTest, ALockThatHeadDoesNotShowIsAskedFor) {
  struct Case {
    int bucket;               // status of GET ?object-lock
    std::string bucket_body;  // what it says
    int retention;
    std::string until;
    int hold;
    std::string mark;  // our own note
    const char* error;
  };
  const std::string enabled =
      "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>"
      "</ObjectLockConfiguration>";
  const std::string past = "2001-01-01T00:00:00Z", future = "2199-01-01T00:00:00Z";
  const Case cases[] = {
      {404, "", 500, "", 500, "", nullptr},  // no Object Lock: nothing else is asked
      {501, "", 500, "", 500, "", nullptr},  // a store that has no such thing
      {200, "<ListBucketResult></ListBucketResult>", 500, "", 500, "", nullptr},
      {200, enabled, 200, future, 404, "", "is locked until 2199"},
      {200, enabled, 200, past, 404, "", nullptr},
      {200, enabled, 404, "", 404, "", nullptr},
      {200, enabled, 404, "", 200, "", "under legal hold"},
      {200, enabled, 403, "", 404, "", "s3:GetObjectRetention"},
      {200, enabled, 404, "", 403, "", "s3:GetObjectLegalHold"},
      {403, "", 403, "", 403, "", "not known whether \"a\" is locked"},
      {403, "", 403, "", 403, future, "is locked until 2199"},
      {403, "", 403, "", 403, past, "s3:GetObjectRetention"},
      {403, "", 200, future, 404, "", "is locked until 2199"},
      {403, "", 404, "", 404, "", nullptr},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(testing::Message() << "case " << &c - cases);
    store_ = nullptr;
    config_ = s3_.Config();
    s3_.objects["a"] = {"x", "", "", "", "\"e\""};
    s3_.hook = [&](const TestRequest& request, TestReply& reply) {
      auto answer = [&](int status, const std::string& body) {
        if (status == 200)
          reply.Respond(200, body);
        else
          FakeS3::Refuse(reply, status, status == 403 ? "AccessDenied" : "None");
        return true;
      };
      if (request.method == "HEAD") {
        reply.Raw("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nx-amz-version-id: v1\r\n" +
                  (c.mark.empty() ? "" : "x-amz-meta-holdfast-locked-until: " + c.mark + "\r\n") +
                  "\r\n");
        return true;
      }
      if (FakeS3::HasQuery(request, "object-lock")) return answer(c.bucket, c.bucket_body);
      if (FakeS3::HasQuery(request, "retention"))
        return answer(c.retention, "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>" + c.until +
                                       "</RetainUntilDate></Retention>");
      if (FakeS3::HasQuery(request, "legal-hold"))
        return answer(c.hold, "<LegalHold><Status>ON</Status></LegalHold>");
      return false;
    };
    Status deleted = store().Delete("a", {});
    EXPECT_EQ(deleted.has_value(), c.error == nullptr)
        << (deleted ? "deleted" : deleted.error().ToString());
    EXPECT_EQ(s3_.objects.contains("a"), c.error != nullptr);
    if (!deleted && c.error != nullptr) {
      EXPECT_THAT(deleted.error().ToString(), HasSubstr(c.error));
    }
  }
}

// Who may delete and not look learns by the answer that a version is left.
TEST_F(S3StoreTest, AMarkerOverWhatCouldNotBeLookedAtIsNoDeletion) {
  bool marker = true;
  s3_.hook = [&](const TestRequest& request, TestReply& reply) {
    if (request.method != "DELETE") {
      FakeS3::Refuse(reply, 403, "AccessDenied");
      return true;
    }
    reply.Respond(204, "", marker ? "x-amz-delete-marker: true\r\n" : "");
    return true;
  };
  Status deleted = store().Delete("a", {});
  ASSERT_FALSE(deleted);
  EXPECT_EQ(deleted.error().kind(), ErrorKind::kUnauthorized);
  EXPECT_THAT(deleted.error().ToString(), HasSubstr("delete marker"));
  marker = false;
  EXPECT_TRUE(store().Delete("a", {}));
}

TEST_F(S3StoreTest, WhatIsLockedIsNotDeleted) {
  s3_.hook = [](const TestRequest& request, TestReply& reply) {
    if (request.method != "HEAD") return false;
    reply.Raw(
        "HTTP/1.1 200 OK\r\nx-amz-object-lock-retain-until-date: 2199-01-01T00:00:00Z\r\n"
        "Content-Length: 5\r\n\r\n");
    return true;
  };
  auto deleted = store().Delete("a", {});
  ASSERT_FALSE(deleted);
  EXPECT_THAT(deleted.error().ToString(), HasSubstr("locked until 2199-01-01T00:00:00Z"));
  EXPECT_EQ(s3_.Count("DELETE"), 0u);
}

class S3LeftOvers : public S3StoreTest {
 protected:
  S3LeftOvers() {
    config_.folder = "d";
    s3_.uploads["1"] = {"d/nightly-1", "", "", {}};
    s3_.uploads["2"] = {"d/other", "", "", {}};
    s3_.uploads["3"] = {"d/sub/nightly-3", "", "", {}};
    s3_.uploads["4"] = {"nightly-4", "", "", {}};
  }
};

TEST_F(S3LeftOvers, OnlyOldOnesOfOurOwn) {
  // They were begun ten hours ago by the store's clock.
  auto found = store().AbortLeftOvers({"nightly-", {}, std::chrono::hours(11)}, {});
  ASSERT_TRUE(found) << found.error().ToString();
  EXPECT_THAT(found->aborted, IsEmpty());
  EXPECT_THAT(found->kept, ElementsAre("nightly-1"));
  found = store().AbortLeftOvers(
      {"", [](const std::string& n) { return n != "other"; }, std::chrono::hours(9)}, {});
  ASSERT_TRUE(found);
  EXPECT_THAT(found->aborted, UnorderedElementsAre("nightly-1"));
  EXPECT_EQ(s3_.uploads.size(), 3u);
}

TEST_F(S3LeftOvers, PartsAreASignOfLife) {
  s3_.hook = [](const TestRequest& request, TestReply& reply) {
    if (request.method != "GET" || !FakeS3::HasQuery(request, "uploadId")) return false;
    reply.Respond(200,
                  "<ListPartsResult><Part><LastModified>2026-01-27T11:30:00Z</LastModified>"
                  "</Part></ListPartsResult>");
    return true;
  };
  auto found = store().AbortLeftOvers({"nightly-", {}, std::chrono::hours(1)}, {});
  ASSERT_TRUE(found);
  EXPECT_THAT(found->kept, ElementsAre("nightly-1"));
}

TEST_F(S3LeftOvers, AMissingRightIsAWarning) {
  AlwaysRefuse(403, "AccessDenied");
  auto found = store().AbortLeftOvers({}, {});
  ASSERT_TRUE(found);
  EXPECT_THAT(found->warning, HasSubstr("needs the right s3:ListBucketMultipartUploads"));
}

}  // namespace
}  // namespace holdfast::storage::s3
