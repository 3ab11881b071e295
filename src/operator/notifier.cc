#include "operator/notifier.h"

#include <utility>

#include "base/json_text.h"
#include "base/rfc3339.h"
#include "observe/heartbeat.h"
#include "observe/mail.h"
#include "operator/cluster_access.h"

namespace holdfast::op {
namespace {

constexpr size_t kMostWaiting = 1000;
constexpr std::chrono::seconds kMostTime{60};

}  // namespace

Notifier::Notifier(kube::Client& client, const Settings& settings, Metrics& metrics,
                   const Logger& log, Clock& clock)
    : client_(client), settings_(settings), metrics_(metrics), log_(log), clock_(clock) {
  thread_ = std::jthread([this](std::stop_token stop) { Work(stop); });
}

Notifier::~Notifier() {
  Deadline limit = Deadline::After(clock_, std::chrono::seconds(5));
  while (!limit.Passed(clock_)) {
    {
      std::lock_guard lock(mutex_);
      if (waiting_.empty()) break;
    }
    clock_.Sleep(std::chrono::milliseconds(10), {});
  }
  thread_.request_stop();
}

void Notifier::Tell(const BackupObject& backup, const std::string& moment,
                    const std::string& summary) {
  Tell(backup.notifications ? *backup.notifications : settings_.notifications,
       {"Backup", backup.meta.name, moment, FormatRfc3339(clock_.Now()), summary});
}

void Notifier::Tell(const RestoreObject& restore, const std::string& moment,
                    const std::string& summary) {
  Notifications to = restore.notifications ? *restore.notifications : settings_.notifications;
  if (!restore.notifications) to.heartbeat = {};
  Tell(to, {"Restore", restore.meta.name, moment, FormatRfc3339(clock_.Now()), summary});
}

void Notifier::Tell(const Notifications& to, Occasion occasion) {
  using Way = Message::Way;
  if (!to.heartbeat.secret.empty()) Queue({Way::kHeartbeat, to, occasion});
  if (occasion.moment != "failure") return;
  if (!to.webhook.secret.empty()) Queue({Way::kWebhook, to, occasion});
  if (!to.slack.secret.empty()) Queue({Way::kSlack, to, occasion});
  if (!to.email.secret.empty()) Queue({Way::kEmail, to, occasion});
}

void Notifier::Queue(Message message) {
  {
    std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMostWaiting) {
      log_.Warn("a notification was dropped: too many are waiting",
                {{"kind", message.occasion.kind}, {"name", message.occasion.name}});
      return;
    }
    waiting_.push_back(std::move(message));
  }
  changed_.notify_one();
}

void Notifier::Work(std::stop_token stop) {
  while (true) {
    Message message;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [this] { return !waiting_.empty(); })) return;
      message = waiting_.front();  // stays until it is sent: the destructor waits for it
    }
    Waits waits;
    waits.clock = &clock_;
    waits.deadline = Deadline::After(clock_, kMostTime);
    waits.stop = stop;
    if (Status sent = Send(message, waits); !sent) {
      metrics_.heartbeat_failures.Add({message.occasion.name}, 1);
      log_.Warn("a notification did not arrive", {{"kind", message.occasion.kind},
                                                  {"name", message.occasion.name},
                                                  {"event", message.occasion.moment},
                                                  {"error", sent.error().ToString()}});
    }
    std::lock_guard lock(mutex_);
    waiting_.pop_front();
  }
}

Result<std::string> Notifier::ReadValue(const std::string& secret, const std::string& key,
                                        const Waits& waits) {
  HF_ASSIGN(auto value, ReadSecretKey(client_, settings_.ns, secret, key,
                                      {.deadline = waits.deadline, .stop = waits.stop}));
  if (!value) return std::string();
  std::string text(value->view());
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.pop_back();
  return text;
}

Status Notifier::Send(const Message& message, const Waits& waits) {
  const Notifications& to = message.to;
  observe::Heartbeat request;
  std::string secret, key = "url";
  switch (message.way) {
    case Message::Way::kHeartbeat:
      secret = to.heartbeat.secret;
      key = message.occasion.moment;
      request.method = to.heartbeat.method;
      request.body = BodyOf(message.occasion);
      break;
    case Message::Way::kWebhook:
      secret = to.webhook.secret;
      request.body = to.webhook.body.empty() ? BodyOf(message.occasion)
                                             : FillTemplate(to.webhook.body, message.occasion);
      break;
    case Message::Way::kSlack:
      secret = to.slack.secret;
      request.body =
          FillTemplate(R"({"text":"{{kind}} {{name}} failed: {{summary}}"})", message.occasion);
      break;
    case Message::Way::kEmail: return SendMail(message, waits);
  }
  HF_ASSIGN(request.url, ReadValue(secret, key, waits));
  if (request.url.empty()) {
    if (message.way == Message::Way::kHeartbeat) return {};  // each of the three is optional
    return Fail(ErrorKind::kInvalid,
                "Secret " + settings_.ns + "/" + secret + " has no key \"" + key + "\"");
  }
  net::HttpClientOptions options;
  options.user_agent = "holdfast/" HOLDFAST_VERSION;
  net::HttpClient http(std::move(options), clock_);
  Status sent = observe::SendHeartbeat(http, request, {}, waits);
  Wipe(request.url);
  return sent;
}

Status Notifier::SendMail(const Message& message, const Waits& waits) {
  const Notifications::Email& email = message.to.email;
  observe::Mail mail;
  HF_ASSIGN(mail.server, ReadValue(email.secret, "server", waits));
  if (mail.server.empty())
    return Fail(ErrorKind::kInvalid,
                "Secret " + settings_.ns + "/" + email.secret + " has no key \"server\"");
  HF_ASSIGN(mail.username, ReadValue(email.secret, "username", waits));
  HF_ASSIGN(std::string password, ReadValue(email.secret, "password", waits));
  mail.password = SecretBytes::Take(std::move(password));
  mail.from = email.from;
  mail.to = email.to;
  const Occasion& occasion = message.occasion;
  mail.subject = occasion.kind + " " + occasion.name + " failed";
  mail.text = mail.subject + " at " + occasion.time + ":\n\n" + occasion.summary +
              "\n\nkubectl describe " + (occasion.kind == "Restore" ? "restore " : "backup ") +
              occasion.name + "\n";
  return observe::SendMail(mail, {}, waits);
}

}  // namespace holdfast::op
