// spec.notifications: who is told of the runs of a Backup or Restore. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::op {

// Secrets are of the operator's namespace; an empty name: nobody is told in this way.
struct Notifications {
  struct Heartbeat {
    std::string secret;  // keys: start, success, failure, each a URL or absent
    std::string method;  // GET or POST
  } heartbeat;
  // The others are told of failures only.
  struct Webhook {
    std::string secret;  // key: url
    std::string body;    // a template, see FillTemplate(); empty: the heartbeat's body
  } webhook;
  struct Slack {
    std::string secret;  // key: url
  } slack;
  struct Email {
    std::string secret;  // keys: server, username, password
    std::string from;
    std::vector<std::string> to;
  } email;

  bool empty() const {
    return heartbeat.secret.empty() && webhook.secret.empty() && slack.secret.empty() &&
           email.secret.empty();
  }
};

// Of a JSON object as in the CRD; what cannot be read is as if absent.
Notifications ParseNotifications(std::string_view json);

// What has happened.
struct Occasion {
  std::string kind;  // "Backup" or "Restore"
  std::string name;
  std::string moment;  // "start", "success" or "failure"
  std::string time;    // RFC 3339
  std::string summary;
};

// {"backup":...,"event":...,"time":...,"summary":...}; "restore" for "backup" of a Restore.
std::string BodyOf(const Occasion& occasion);
// Puts the words for {{kind}}, {{name}}, {{event}}, {{time}} and {{summary}}, as they stand within
// quotes in JSON; {{backup}} is the name, too. Anything else in braces stays.
std::string FillTemplate(std::string_view body, const Occasion& occasion);

}  // namespace holdfast::op
