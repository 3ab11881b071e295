#include "cli/progress.h"

#include <unistd.h>

#include "cli/output.h"

namespace holdfast::cli {
namespace {

void WriteToTerminal(std::string_view text) {
  // Progress that cannot be shown is not worth an error.
  (void)!write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

void ProgressLine::Phase(std::string_view what) {
  Clear();
  phase_ = what;
  phase_begin_ = clock_.SteadyNow();
  shown_ = {};
  if (!terminal_)
    log_.Info(what);
  else
    Show("");
}

void ProgressLine::Show(std::string_view counts) {
  if (!terminal_) return;
  auto now = clock_.SteadyNow();
  if (shown_ != Clock::Steady() && now - shown_ < std::chrono::milliseconds(100)) return;
  shown_ = now;
  std::string line = "\r\x1b[K" + phase_;
  if (!counts.empty()) line += ": " + std::string(counts);
  WriteToTerminal(line);
  on_screen_ = true;
}

void ProgressLine::Clear() {
  if (on_screen_) WriteToTerminal("\r\x1b[K");
  on_screen_ = false;
}

double ProgressLine::SecondsInPhase() const {
  return std::chrono::duration<double>(clock_.SteadyNow() - phase_begin_).count();
}

void BackupProgress::Update(const backup::ProgressState& state) {
  double seconds = line_.SecondsInPhase();
  std::string rate;
  if (seconds > 0.2)
    rate =
        ", " + HumanBytes(static_cast<uint64_t>(static_cast<double>(state.bytes) / seconds)) + "/s";
  line_.Show(std::to_string(state.kinds_done) + "/" + std::to_string(state.kinds_total) +
             " kinds, " + std::to_string(state.objects) + " objects, " + HumanBytes(state.bytes) +
             rate);
}

void BackupProgress::Restarted(std::string_view reason) {
  line_.Clear();
  log_.Warn("starting again at a new revision", {{"reason", std::string(reason)}});
}

void RestoreProgress::Done(uint64_t done, uint64_t total) {
  std::string counts = std::to_string(done);
  if (total > 0) {
    counts += "/" + std::to_string(total);
    double seconds = line_.SecondsInPhase();
    if (seconds > 0.2)
      counts +=
          ", " + std::to_string(static_cast<uint64_t>(static_cast<double>(done) / seconds)) + "/s";
  }
  line_.Show(counts);
}

}  // namespace holdfast::cli
