// Tells monitoring services of runs, in the background: nothing here can hold up or fail a backup.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/retry.h"
#include "kube/client.h"
#include "operator/custom_resources.h"
#include "operator/metrics.h"
#include "operator/settings.h"

namespace holdfast::op {

class Notifier {
 public:
  // What is given must outlive it.
  Notifier(kube::Client& client, const Settings& settings, Metrics& metrics, const Logger& log,
           Clock& clock);
  // Waits for what is being sent, five seconds at most.
  ~Notifier();

  // `moment`: "start", "success" or "failure". Those are told whom the object names, else those
  // whom the settings name; of a Restore that names nobody not their heartbeat, which watches over
  // backups. Does not block.
  void Tell(const BackupObject& backup, const std::string& moment, const std::string& summary);
  void Tell(const RestoreObject& restore, const std::string& moment, const std::string& summary);

 private:
  struct Message {
    enum class Way { kHeartbeat, kWebhook, kSlack, kEmail } way = Way::kHeartbeat;
    Notifications to;
    Occasion occasion;
  };
  void Tell(const Notifications& to, Occasion occasion);
  void Queue(Message message);
  void Work(std::stop_token stop);
  Status Send(const Message& message, const Waits& waits);
  Status SendMail(const Message& message, const Waits& waits);
  // A value of a Secret without white space at its end; empty when there is no such key.
  Result<std::string> ReadValue(const std::string& secret, const std::string& key,
                                const Waits& waits);

  kube::Client& client_;
  const Settings& settings_;
  Metrics& metrics_;
  const Logger& log_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Message> waiting_;
  std::jthread thread_;
};

}  // namespace holdfast::op
