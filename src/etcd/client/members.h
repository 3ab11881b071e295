// Which member of a cluster to take a snapshot from.
#pragma once

#include <string>
#include <vector>

#include "etcd/client/client.h"

namespace holdfast::etcd {

struct Candidate {
  size_t endpoint = 0;
  ServerStatus status;
};

struct Survey {
  std::vector<Candidate> candidates;  // best first
  std::vector<std::string> warnings;
};

// Asks every endpoint. Members without a leader are candidates only where no member has one, with a
// warning: the cluster has lost its quorum, and its members still give snapshots. kUnavailable
// where none is fit, saying why of each; kInvalid where they belong to different clusters; kCorrupt
// where only members with a CORRUPT alarm are left.
Result<Survey> SurveyMembers(Client& client, std::stop_token stop);

// The id of the cluster, hexadecimal, as the first member that answers has it. Blocks.
Result<std::string> ClusterId(Client& client, std::stop_token stop);

// A warning when members disagree on the keys at a revision that all of them have.
void CompareMembers(Client& client, Survey& survey, std::stop_token stop);

}  // namespace holdfast::etcd
