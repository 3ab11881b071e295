#include "etcd/raft_files.h"

#include <gmock/gmock.h>

#include "base/json_scan.h"
#include "base/protobuf_wire.h"
#include "etcd/crc32c.h"

namespace holdfast::etcd {
namespace {

using ::testing::HasSubstr;

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

MembershipArgs One() {
  return {"n1", "n1=http://127.0.0.1:24380", "tok1", {"http://127.0.0.1:24380"}};
}
MembershipArgs Three() {
  return {
      "etcd-h2",
      "etcd-h1=https://10.0.0.1:2380,etcd-h2=https://10.0.0.2:2380,etcd-h3=https://10.0.0.3:2380",
      "etcd-cluster-1",
      {"https://10.0.0.2:2380"}};
}

// Ids that etcdutl computed.
TEST(Membership, Ids) {
  auto one = MakeMembership(One());
  ASSERT_TRUE(one) << one.error().ToString();
  EXPECT_EQ(one->members[0].id, 0xdf9e12470f1e5568);
  EXPECT_EQ(one->cluster_id, 0x9e57ff51a6584180);
  auto three = MakeMembership(Three());
  ASSERT_TRUE(three) << three.error().ToString();
  ASSERT_EQ(three->members.size(), 3u);
  EXPECT_EQ(three->members[0].id, 0x13d542895c43caf2u);
  EXPECT_EQ(three->members[1].id, 0x54fa0d40ab244ac1u);
  EXPECT_EQ(three->members[2].id, 0xcdc718d7a7f2423bu);
  EXPECT_EQ(three->cluster_id, 0xbdfae49a0e891dd3);
  EXPECT_EQ(three->members[three->self].name, "etcd-h2");
}

// The first bytes of the WAL that `etcdutl snapshot restore` 3.6 wrote for the same arguments.
TEST(Wal, IsEtcdutlsToTheByte) {
  auto one = MakeMembership(One());
  ASSERT_TRUE(one);
  std::string expected = FromHex(
      "04000000000000840804100000000000"
      "200000000000000008011087f8f9980a1a1608e8aaf9f8f0c884cfdf01108083e1b29aeaffab9e01"
      "0e00000000000082080510abb1bf97011a04080010000000"
      "7000000000000000080210fe848df8041a66080110011801225e0800100018e8aaf9f8f0c884cfdf01224d7b2269"
      "64223a31363131333333363631333138333833373534342c227065657255524c73223a5b22687474703a2f2f3132"
      "372e302e302e313a3234333830225d2c226e616d65223a226e31227d"
      "19000000000000870803108baac2bd091a0f080110e8aaf9f8f0c884cfdf01180100000000000000"
      "1c00000000000084080510d1b692701a13080110011a0d08e8aaf9f8f0c884cfdf01280000000000");
  EXPECT_EQ(FirstWal(*one), expected);
}

TEST(Snap, HoldsTheMembersForOldServers) {
  auto one = MakeMembership(One());
  ASSERT_TRUE(one);
  std::string file = FirstSnap(*one);
  WireField field;
  uint64_t crc = 0;
  std::string_view snapshot, store, metadata;
  for (WireReader r(file); r.Next(field);) {
    if (field.IsNumber(1)) crc = field.value;
    if (field.IsBytes(2)) snapshot = field.bytes;
  }
  EXPECT_EQ(crc, Crc32c(snapshot));
  for (WireReader r(snapshot); r.Next(field);) {
    if (field.IsBytes(1)) store = field.bytes;
    if (field.IsBytes(2)) metadata = field.bytes;
  }
  EXPECT_EQ(metadata, FromHex("0a0d08e8aaf9f8f0c884cfdf01280010011801"));
  ASSERT_TRUE(json::Validate(store));
  EXPECT_EQ(json::FindString(store, {"Root", "Children", "0", "Children", "members", "Children",
                                     "df9e12470f1e5568", "Children", "raftAttributes", "Value"}),
            R"({"peerURLs":["http://127.0.0.1:24380"]})");
  EXPECT_EQ(FirstSnapName(*one), "0000000000000001-0000000000000001.snap");
}

TEST(Membership, TextIsEscapedAsGoDoes) {
  Member member{"a<b>&c", {"http://h:1"}, 18446744073709551615u};
  EXPECT_EQ(member.ToJson(),
            "{\"id\":18446744073709551615,\"peerURLs\":[\"http://h:1\"],\"name\":"
            "\"a\\u003cb\\u003e\\u0026c\"}");
}

struct Wrong {
  const char* what;
  MembershipArgs args;
  const char* says;
};
class WrongMembership : public ::testing::TestWithParam<Wrong> {};
TEST_P(WrongMembership, IsRefused) {
  auto made = MakeMembership(GetParam().args);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind(), ErrorKind::kInvalid);
  EXPECT_THAT(made.error().ToString(), HasSubstr(GetParam().says));
}
INSTANTIATE_TEST_SUITE_P(
    Arguments, WrongMembership,
    ::testing::Values(
        Wrong{"unknown_name", {"x", "a=http://h:1", "t", {"http://h:1"}}, "\"x\" is not in"},
        Wrong{"other_urls", {"a", "a=http://10.0.0.1:1", "t", {"http://10.0.0.1:2"}}, "but"},
        Wrong{"missing_url",
              {"a", "a=http://10.0.0.1:1,a=http://10.0.0.2:1", "t", {"http://10.0.0.1:1"}},
              "but"},
        Wrong{"url_twice", {"a", "a=http://h:1,b=http://h:1", "t", {"http://h:1"}}, "twice"},
        Wrong{"no_port", {"a", "a=http://h", "t", {"http://h"}}, "no host:port"},
        Wrong{"path", {"a", "a=http://h:1/", "t", {"http://h:1"}}, "has a path"},
        Wrong{"scheme", {"a", "a=ftp://h:1", "t", {"http://h:1"}}, "does not begin with"},
        Wrong{"no_url", {"a", "a", "t", {"http://h:1"}}, "not NAME=URL"},
        Wrong{"empty", {"a", "", "t", {"http://h:1"}}, "is not in"},
        Wrong{"advertise_path", {"a", "a=http://h:1", "t", {"http://h:1/x"}}, "advertise"}),
    [](const auto& test) { return std::string(test.param.what); });

TEST(Membership, NamesAndTheirAddressesAreTheSame) {
  EXPECT_TRUE(MakeMembership({"a", "a=http://localhost:1", "t", {"http://127.0.0.1:1"}}));
  EXPECT_TRUE(MakeMembership({"a", "a=http://[::1]:1", "t", {" http://[::1]:1 "}}));
}

}  // namespace
}  // namespace holdfast::etcd
