#include "operator/conditions.h"

#include "base/json_text.h"
#include "base/rfc3339.h"

namespace holdfast::op {

std::vector<Condition> Succeeded(bool backup) {
  std::vector<Condition> conditions = {{"Ready", "True", "", "Completed", ""}};
  if (backup) conditions.push_back({"Uploaded", "True", "", "", ""});
  return conditions;
}

std::vector<Condition> Failed(bool backup, bool succeeded_before, const std::string& error,
                              bool stalled) {
  std::vector<Condition> conditions;
  if (succeeded_before) {
    conditions.push_back({"Ready", "False", "Error", "Retrying", ""});
    if (backup) conditions.push_back({"Uploaded", "True", "", "", ""});
    conditions.push_back({"Reconciling", "False", "Error", error, ""});
  } else {
    conditions.push_back({"Reconciling", "False", "Error", error, ""});
    conditions.push_back({"Ready", "Unknown", "", "Retrying", ""});
  }
  if (stalled) {
    conditions.push_back({"Stalled", "True", "Error", error, ""});
    for (Condition& condition : conditions)
      if (condition.type == "Ready" && !backup)
        condition = {"Ready", "False", "Stalled", "Failed; not tried again until it is edited", ""};
  }
  return conditions;
}

std::vector<Condition> Waiting(const std::string& reason, const std::string& message) {
  return {{"Ready", "Unknown", reason, message, ""}};
}

std::vector<Condition> WithTimes(std::vector<Condition> conditions,
                                 const std::vector<Condition>& before, Clock::Wall now) {
  for (Condition& condition : conditions) {
    const Condition* old = Find(before, condition.type);
    bool same = old != nullptr && old->status == condition.status &&
                old->message == condition.message && !old->last_update.empty();
    condition.last_update = same ? old->last_update : FormatRfc3339(now);
  }
  return conditions;
}

const Condition* Find(const std::vector<Condition>& conditions, std::string_view type) {
  for (const Condition& condition : conditions)
    if (condition.type == type) return &condition;
  return nullptr;
}

bool AlreadySaid(const std::vector<Condition>& before, const std::string& error) {
  const Condition* told = Find(before, "Reconciling");
  return told != nullptr && told->message.find(error) != std::string::npos;
}

std::string ToJson(const std::vector<Condition>& conditions) {
  std::string text;
  for (const Condition& c : conditions) {
    text += text.empty() ? "{" : ",{";
    text += "\"type\":" + json::Quote(c.type) + ",\"status\":" + json::Quote(c.status);
    if (!c.reason.empty()) text += ",\"reason\":" + json::Quote(c.reason);
    if (!c.message.empty()) text += ",\"message\":" + json::Quote(c.message);
    if (!c.last_update.empty()) text += ",\"lastUpdateTime\":" + json::Quote(c.last_update);
    text += "}";
  }
  return "[" + text + "]";
}

}  // namespace holdfast::op
