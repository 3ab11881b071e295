#include "operator/work_queue.h"

#include <algorithm>

namespace holdfast::op {

using std::chrono::milliseconds;

namespace {
// A clock that is set is noticed after so long.
constexpr std::chrono::nanoseconds kLongestWait = std::chrono::seconds(1);
}  // namespace

milliseconds Backoff(int failures) {
  constexpr milliseconds kMost = std::chrono::seconds(30);
  if (failures > 30) return std::chrono::seconds(120);
  if (failures > 13) return kMost;
  return std::min(milliseconds(5) * (int64_t{1} << std::max(failures - 1, 0)), kMost);
}

void WorkQueue::Enqueue(const std::string& name, State& state) {
  if (state.at) {
    timers_.erase({*state.at, name});
    state.at.reset();
  }
  if (state.dirty) return;
  state.dirty = true;
  if (!state.working) ready_.push_back(name);
}

void WorkQueue::Add(const std::string& name) {
  {
    std::lock_guard lock(mutex_);
    Enqueue(name, states_[name]);
  }
  changed_.notify_one();
}

void WorkQueue::MoveDue(Clock::Steady now) {
  while (!timers_.empty() && timers_.begin()->first <= now) {
    std::string name = timers_.begin()->second;
    Enqueue(name, states_[name]);
  }
}

std::optional<std::string> WorkQueue::Pop(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    MoveDue(clock_.SteadyNow());
    if (!ready_.empty()) {
      std::string name = std::move(ready_.front());
      ready_.pop_front();
      State& state = states_[name];
      state.dirty = false;
      state.working = true;
      return name;
    }
    // A copy: another worker may take the timer away meanwhile.
    const auto due = timers_.empty() ? Clock::Steady::max() : timers_.begin()->first;
    auto changed = [this, due] {
      return !ready_.empty() || (!timers_.empty() && timers_.begin()->first < due);
    };
    if (due == Clock::Steady::max())
      changed_.wait(lock, stop, changed);
    else
      changed_.wait_for(lock, stop,
                        std::min<std::chrono::nanoseconds>(due - clock_.SteadyNow(), kLongestWait),
                        changed);
  }
  return std::nullopt;
}

void WorkQueue::Done(const std::string& name, bool failed, std::optional<milliseconds> again) {
  {
    std::lock_guard lock(mutex_);
    auto found = states_.find(name);
    if (found == states_.end()) return;
    State& state = found->second;
    state.working = false;
    state.failures = failed ? state.failures + 1 : 0;
    if (failed) again = Backoff(state.failures);
    if (state.dirty) {
      ready_.push_back(name);
    } else if (again) {
      state.at = clock_.SteadyNow() + *again;
      timers_.insert({*state.at, name});
    } else {
      states_.erase(found);  // nothing is to be remembered
    }
  }
  changed_.notify_all();
}

size_t WorkQueue::depth() const {
  std::lock_guard lock(mutex_);
  return ready_.size();
}

int WorkQueue::failures(const std::string& name) const {
  std::lock_guard lock(mutex_);
  auto found = states_.find(name);
  return found == states_.end() ? 0 : found->second.failures;
}

}  // namespace holdfast::op
