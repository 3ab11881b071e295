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
#include "kube/client.h"
#include "operator/custom_resources.h"
#include "operator/metrics.h"

namespace holdfast::op {

class Notifier {
 public:
  // What is given must outlive it.
  Notifier(kube::Client& client, const std::string& ns, Metrics& metrics, const Logger& log,
           Clock& clock);
  // Waits for what is being sent, five seconds at most.
  ~Notifier();

  // `moment`: the key of the Secret with the URL: "start", "success" or "failure". Nothing is sent
  // where the Backup names no Secret or the Secret has no such key. Does not block.
  void Tell(const BackupObject& backup, const std::string& moment, const std::string& summary);

 private:
  struct Message {
    std::string backup, secret, method, moment, summary;
  };
  void Work(std::stop_token stop);
  Status Send(const Message& message, std::stop_token stop);

  kube::Client& client_;
  const std::string ns_;
  Metrics& metrics_;
  const Logger& log_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Message> waiting_;
  std::jthread thread_;
};

}  // namespace holdfast::op
