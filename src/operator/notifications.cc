#include "operator/notifications.h"

#include "base/json_text.h"
#include "operator/json_fields.h"

namespace holdfast::op {
namespace {

using Json = nlohmann::json;

// As it stands within quotes.
std::string Inner(const std::string& text) {
  std::string quoted = json::Quote(text);
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

Notifications ParseNotifications(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  Notifications all;
  const Json& heartbeat = At(json, "heartbeat");
  all.heartbeat = {Text(heartbeat, "secretName"),
                   Text(heartbeat, "method") == "GET" ? "GET" : "POST"};
  const Json& webhook = At(json, "webhook");
  all.webhook = {Text(webhook, "secretName"), Text(webhook, "body")};
  all.slack.secret = Text(At(json, "slack"), "secretName");
  const Json& email = At(json, "email");
  all.email.secret = Text(email, "secretName");
  all.email.from = Text(email, "from");
  if (const Json& to = At(email, "to"); to.is_array())
    for (const Json& address : to)
      if (address.is_string()) all.email.to.push_back(address.get<std::string>());
  return all;
}

std::string BodyOf(const Occasion& occasion) {
  std::string key = occasion.kind == "Restore" ? "restore" : "backup";
  return FillTemplate(
      "{\"" + key +
          R"(":"{{name}}","event":"{{event}}","time":"{{time}}","summary":"{{summary}}"})",
      occasion);
}

std::string FillTemplate(std::string_view body, const Occasion& occasion) {
  std::string text;
  while (true) {
    size_t begin = body.find("{{");
    size_t end = begin == body.npos ? body.npos : body.find("}}", begin);
    if (end == body.npos) return text.append(body);
    std::string_view word = body.substr(begin + 2, end - begin - 2);
    const std::string* value = word == "kind"      ? &occasion.kind
                               : word == "name"    ? &occasion.name
                               : word == "backup"  ? &occasion.name
                               : word == "event"   ? &occasion.moment
                               : word == "time"    ? &occasion.time
                               : word == "summary" ? &occasion.summary
                                                   : nullptr;
    text.append(body.substr(0, begin));
    if (value != nullptr) {
      text += Inner(*value);
      body.remove_prefix(end + 2);
    } else {
      text += body[begin];
      body.remove_prefix(begin + 1);
    }
  }
}

}  // namespace holdfast::op
