#include "etcd/client/members.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace holdfast::etcd {
namespace {

// How many entries a member may be behind what it knows of.
constexpr uint64_t kMaxLag = 5000;

// Without a quorum a list of alarms is not answered; the status names them all the same.
bool IsCorrupt(const ServerStatus& status, const std::vector<AlarmRow>& alarms) {
  for (const AlarmRow& alarm : alarms)
    if (alarm.member == status.member_id && alarm.alarm == Alarm::kCorrupt) return true;
  std::string member = fmt::format("memberID:{} ", status.member_id);
  for (const std::string& error : status.errors)
    if (error.find("alarm:CORRUPT") != std::string::npos && error.starts_with(member)) return true;
  return false;
}

// Why no snapshot is taken from this member; empty when one may be. A missing leader is no reason
// here: where no member has one, the data of the members that are left is all there is.
std::string Unfit(const ServerStatus& status, bool corrupt) {
  if (status.learner) return "it is a learner";
  if (status.raft_index > status.raft_applied_index + kMaxLag)
    return fmt::format("it lags {} entries behind", status.raft_index - status.raft_applied_index);
  if (corrupt) return "its data is corrupt (alarm CORRUPT)";
  return "";
}

// Members without a leader, taken only when there are no others: what has applied most comes first.
void TakeLeaderless(Client& client, std::vector<Candidate> leaderless, Survey& survey) {
  std::stable_sort(leaderless.begin(), leaderless.end(), [](const auto& a, const auto& b) {
    return a.status.revision > b.status.revision;
  });
  for (const Candidate& candidate : leaderless)
    survey.warnings.push_back(fmt::format(
        "{} has no leader (the cluster has lost its quorum): a snapshot of it holds what this "
        "member has applied, up to revision {}, and may lack the last writes",
        client.endpoint(candidate.endpoint), candidate.status.revision));
  survey.candidates = std::move(leaderless);
}

}  // namespace

Result<Survey> SurveyMembers(Client& client, std::stop_token stop) {
  Survey survey;
  std::vector<Candidate> answered;
  std::vector<std::string> reasons;
  Error last(ErrorKind::kUnavailable, "");
  for (size_t i = 0; i < client.size(); ++i) {
    auto status = client.Status(i, stop);
    if (!status) {
      if (status.error().kind() == ErrorKind::kCancelled) return Fail(std::move(status).error());
      reasons.push_back(status.error().ToString());
      last = std::move(status).error();
      continue;
    }
    if (!answered.empty() && answered[0].status.cluster_id != status->cluster_id) {
      return Fail(Error(ErrorKind::kInvalid,
                        fmt::format("{} and {} belong to different clusters ({:x} and {:x})",
                                    client.endpoint(answered[0].endpoint), client.endpoint(i),
                                    answered[0].status.cluster_id, status->cluster_id))
                      .Hint("give the endpoints of one cluster"));
    }
    answered.push_back({i, std::move(*status)});
  }
  std::vector<AlarmRow> alarms;
  for (const Candidate& candidate : answered) {
    if (candidate.status.leader == 0) continue;  // would wait for one until the call times out
    if (auto listed = client.Alarms(candidate.endpoint, stop)) {
      alarms = std::move(*listed);
      break;
    }
  }
  bool any_corrupt = false;
  std::vector<Candidate> leaderless;
  for (Candidate& candidate : answered) {
    bool corrupt = IsCorrupt(candidate.status, alarms);
    any_corrupt = any_corrupt || corrupt;
    std::string unfit = Unfit(candidate.status, corrupt);
    if (!unfit.empty())
      reasons.push_back(client.endpoint(candidate.endpoint) + ": " + unfit);
    else if (candidate.status.leader == 0)
      leaderless.push_back(std::move(candidate));
    else
      survey.candidates.push_back(std::move(candidate));
  }
  if (survey.candidates.empty()) {
    TakeLeaderless(client, std::move(leaderless), survey);
  } else {
    for (const Candidate& candidate : leaderless)
      reasons.push_back(client.endpoint(candidate.endpoint) + ": it has no leader");
  }
  if (survey.candidates.empty()) {
    if (answered.empty() && client.size() == 1) return Fail(std::move(last));
    ErrorKind kind = any_corrupt              ? ErrorKind::kCorrupt
                     : last.message().empty() ? ErrorKind::kUnavailable
                                              : last.kind();
    return Fail(Error(kind, fmt::format("no member is fit to take a snapshot from: {}",
                                        fmt::join(reasons, "; "))));
  }
  survey.warnings.insert(survey.warnings.end(), reasons.begin(), reasons.end());
  for (const AlarmRow& alarm : alarms) {
    if (alarm.alarm == Alarm::kNoSpace)
      survey.warnings.push_back(fmt::format(
          "member {:x} has run out of space (alarm NOSPACE): the cluster refuses writes, and one "
          "restored from this snapshot will too unless --clear-alarms is given",
          alarm.member));
  }
  // Followers first: the leader has enough to do.
  std::stable_partition(survey.candidates.begin(), survey.candidates.end(),
                        [](const Candidate& c) { return c.status.leader != c.status.member_id; });
  return survey;
}

Result<std::string> ClusterId(Client& client, std::stop_token stop) {
  Error last(ErrorKind::kInvalid, "no endpoint of etcd is given");
  for (size_t i = 0; i < client.size(); ++i) {
    auto status = client.Status(i, stop);
    if (status) return fmt::format("{:x}", status->cluster_id);
    last = std::move(status).error();
  }
  return Fail(std::move(last));
}

void CompareMembers(Client& client, Survey& survey, std::stop_token stop) {
  if (survey.candidates.size() < 2) return;
  int64_t revision = INT64_MAX;
  for (const Candidate& candidate : survey.candidates)
    revision = std::min(revision, candidate.status.revision);
  std::vector<std::pair<size_t, KeyHash>> hashes;
  for (const Candidate& candidate : survey.candidates) {
    auto hash = client.HashKeys(candidate.endpoint, revision, stop);
    if (hash)
      hashes.emplace_back(candidate.endpoint, *hash);
    else
      survey.warnings.push_back("members could not be compared: " + hash.error().ToString());
  }
  for (size_t i = 1; i < hashes.size(); ++i) {
    // Different compactions give different hashes of the same keys.
    if (hashes[i].second.compact_revision != hashes[0].second.compact_revision) continue;
    if (hashes[i].second.hash == hashes[0].second.hash) continue;
    survey.warnings.push_back(
        fmt::format("{} and {} have different keys at revision {}: one of them is corrupt",
                    client.endpoint(hashes[0].first), client.endpoint(hashes[i].first), revision));
  }
}

}  // namespace holdfast::etcd
