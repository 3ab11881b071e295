// Telling a person how far the work is: one changing line on a terminal, a line a phase elsewhere.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "backup/backup.h"
#include "base/clock.h"
#include "base/log.h"
#include "restore/engine.h"

namespace holdfast::cli {

// The line itself. Not thread-safe: both users call it one thread at a time.
class ProgressLine {
 public:
  // `terminal`: standard error is one. Elsewhere phases are logged and counts are not shown.
  ProgressLine(const Logger& log, bool terminal, Clock& clock)
      : log_(log), terminal_(terminal), clock_(clock) {}
  ~ProgressLine() { Clear(); }
  void Phase(std::string_view what);
  // Shown at most ten times a second.
  void Show(std::string_view counts);
  void Clear();
  double SecondsInPhase() const;

 private:
  const Logger& log_;
  bool terminal_;
  Clock& clock_;
  std::string phase_;
  Clock::Steady phase_begin_{};
  Clock::Steady shown_{};
  bool on_screen_ = false;
};

class BackupProgress : public backup::Progress {
 public:
  BackupProgress(const Logger& log, bool terminal, Clock& clock)
      : log_(log), line_(log, terminal, clock) {}
  void Phase(std::string_view phase) override { line_.Phase(phase); }
  void Update(const backup::ProgressState& state) override;
  void Restarted(std::string_view reason) override;

 private:
  const Logger& log_;
  ProgressLine line_;
};

class RestoreProgress : public restore::Progress {
 public:
  RestoreProgress(const Logger& log, bool terminal, Clock& clock) : line_(log, terminal, clock) {}
  void Phase(std::string_view what) override { line_.Phase(what); }
  void Done(uint64_t done, uint64_t total) override;

 private:
  ProgressLine line_;
};

}  // namespace holdfast::cli
