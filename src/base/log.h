// Logging to standard error, one line an event. Secrets never reach it: callers pass names and
// counts, not bodies.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast {

enum class LogLevel { kTrace, kDebug, kInfo, kWarn, kError };
enum class LogFormat { kText, kJson };

// "trace", "debug", "info", "warn" (or "warning"), "error"; anything else is kInvalid.
Result<LogLevel> ParseLogLevel(std::string_view text);
// "text" or "json"; anything else is kInvalid.
Result<LogFormat> ParseLogFormat(std::string_view text);

struct LogField {
  std::string_view key;
  std::string value;
};

// May be used by any number of threads. Text: `2026-01-27T02:00:00.123Z INFO message key=value`;
// JSON: one object a line with "time", "level", "msg" and the fields.
class Logger {
 public:
  explicit Logger(LogLevel level = LogLevel::kInfo, LogFormat format = LogFormat::kText);
  // Discards everything; for tests.
  static Logger Quiet();
  ~Logger();
  Logger(Logger&&) noexcept;
  Logger& operator=(Logger&&) noexcept;

  // Writes to the same place at the same level, with `fields` on every line before the line's own.
  Logger With(std::initializer_list<LogField> fields) const;

  bool Enabled(LogLevel level) const;
  void Log(LogLevel level, std::string_view message,
           std::initializer_list<LogField> fields = {}) const;
  void Debug(std::string_view m, std::initializer_list<LogField> f = {}) const {
    Log(LogLevel::kDebug, m, f);
  }
  void Info(std::string_view m, std::initializer_list<LogField> f = {}) const {
    Log(LogLevel::kInfo, m, f);
  }
  void Warn(std::string_view m, std::initializer_list<LogField> f = {}) const {
    Log(LogLevel::kWarn, m, f);
  }
  void Err(std::string_view m, std::initializer_list<LogField> f = {}) const {
    Log(LogLevel::kError, m, f);
  }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast
