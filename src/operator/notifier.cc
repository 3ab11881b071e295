#include "operator/notifier.h"

#include <utility>

#include "base/json_text.h"
#include "base/rfc3339.h"
#include "observe/heartbeat.h"
#include "operator/cluster_access.h"

namespace holdfast::op {
namespace {

constexpr size_t kMostWaiting = 1000;
constexpr std::chrono::seconds kMostTime{60};

}  // namespace

Notifier::Notifier(kube::Client& client, const std::string& ns, Metrics& metrics, const Logger& log,
                   Clock& clock)
    : client_(client), ns_(ns), metrics_(metrics), log_(log), clock_(clock) {
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
  if (backup.heartbeat_secret.empty()) return;
  {
    std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMostWaiting) {
      log_.Warn("a heartbeat was dropped: too many are waiting", {{"backup", backup.meta.name}});
      return;
    }
    waiting_.push_back(
        {backup.meta.name, backup.heartbeat_secret, backup.heartbeat_method, moment, summary});
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
    if (Status sent = Send(message, stop); !sent) {
      metrics_.heartbeat_failures.Add({message.backup}, 1);
      log_.Warn("a heartbeat did not arrive", {{"backup", message.backup},
                                               {"moment", message.moment},
                                               {"error", sent.error().ToString()}});
    }
    std::lock_guard lock(mutex_);
    waiting_.pop_front();
  }
}

Status Notifier::Send(const Message& message, std::stop_token stop) {
  Deadline limit = Deadline::After(clock_, kMostTime);
  HF_ASSIGN(auto url, ReadSecretKey(client_, ns_, message.secret, message.moment,
                                    {.deadline = limit, .stop = stop}));
  if (!url || url->empty()) return {};
  std::string text(url->view());
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  observe::Heartbeat heartbeat;
  heartbeat.url = std::move(text);
  heartbeat.method = message.method;
  heartbeat.body = "{\"backup\":" + json::Quote(message.backup) +
                   ",\"event\":" + json::Quote(message.moment) +
                   ",\"time\":" + json::Quote(FormatRfc3339(clock_.Now())) +
                   ",\"summary\":" + json::Quote(message.summary) + "}";
  net::HttpClientOptions options;
  options.user_agent = "holdfast/" HOLDFAST_VERSION;
  net::HttpClient http(std::move(options), clock_);
  Waits waits;
  waits.clock = &clock_;
  waits.deadline = limit;
  waits.stop = stop;
  Status sent = observe::SendHeartbeat(http, heartbeat, {}, waits);
  Wipe(heartbeat.url);
  return sent;
}

}  // namespace holdfast::op
