// Who belongs to a new cluster: names, peer URLs, and the ids that etcd computes from them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace holdfast::etcd {

struct Member {
  std::string name;
  std::vector<std::string> peer_urls;  // sorted bytewise, scheme://host:port
  uint64_t id = 0;

  // The text that etcd keeps for a member that has not started yet.
  std::string ToJson() const;
};

struct Membership {
  std::vector<Member> members;  // by rising id
  uint64_t cluster_id = 0;
  size_t self = 0;  // which of them the data directory is for
};

struct MembershipArgs {
  std::string name;
  std::string initial_cluster;              // "a=https://10.0.0.1:2380,b=https://10.0.0.2:2380"
  std::string token;                        // --initial-cluster-token
  std::vector<std::string> advertise_urls;  // --initial-advertise-peer-urls
};

// kInvalid, saying which flag is wrong: a name that is not in the list, URLs that etcd does not
// take or that differ between the flags (host names are resolved then, which may block), a URL or
// an id that occurs twice.
Result<Membership> MakeMembership(const MembershipArgs& args);

// Surrounding blanks are dropped. kInvalid where etcd would not take it as a peer URL.
Result<std::string> CheckPeerUrl(std::string_view url);
uint64_t MemberId(const std::vector<std::string>& sorted_urls, std::string_view token);
// `ids` rise.
uint64_t ClusterId(const std::vector<uint64_t>& ids);

}  // namespace holdfast::etcd
