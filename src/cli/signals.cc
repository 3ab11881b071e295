#include "cli/signals.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>

namespace holdfast::cli {

StopOnSignal::StopOnSignal() {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a file that may not grow any more is an error of write()
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);  // inherited by every thread started later
  int signals = signalfd(-1, &set, SFD_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC);
  thread_ = std::jthread([this, signals, set] {
    pollfd fds[2] = {{signals, POLLIN, 0}, {wake_, POLLIN, 0}};
    while (poll(fds, 2, -1) < 0 || (fds[1].revents == 0)) {
      signalfd_siginfo info{};
      if (fds[0].revents == 0 || read(signals, &info, sizeof info) != sizeof info) continue;
      constexpr char kText[] = "\nstopping; once more to end at once\n";
      (void)!write(2, kText, sizeof kText - 1);
      source_.request_stop();
      pthread_sigmask(SIG_UNBLOCK, &set, nullptr);  // the next one has its default effect
      break;
    }
    close(signals);
  });
}

StopOnSignal::~StopOnSignal() {
  uint64_t one = 1;
  (void)!write(wake_, &one, sizeof one);
  thread_.join();
  close(wake_);
}

}  // namespace holdfast::cli
