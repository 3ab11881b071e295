// Status conditions of Backups and Restores, exactly as the reference operator's users know them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace holdfast::op {

struct Condition {
  std::string type, status, reason, message;
  std::string last_update;  // RFC 3339
};

// Ready=True Completed, and for Backups Uploaded=True.
std::vector<Condition> Succeeded(bool backup);
// Reconciling=False Error with the text. Never succeeded before: Ready=Unknown Retrying. Else
// Ready=False Error Retrying and, for Backups, Uploaded=True. `stalled`: no retry can cure it.
std::vector<Condition> Failed(bool backup, bool succeeded_before, const std::string& error,
                              bool stalled);
// Ready=Unknown with a reason and a message.
std::vector<Condition> Waiting(const std::string& reason, const std::string& message);

// `now` where status or message differ from the one of the same type in `before`, else its time.
std::vector<Condition> WithTimes(std::vector<Condition> conditions,
                                 const std::vector<Condition>& before, Clock::Wall now);

// nullptr when there is none.
const Condition* Find(const std::vector<Condition>& conditions, std::string_view type);
// Whether `before` already tells of this error.
bool AlreadySaid(const std::vector<Condition>& before, const std::string& error);

// As a JSON array.
std::string ToJson(const std::vector<Condition>& conditions);

}  // namespace holdfast::op
