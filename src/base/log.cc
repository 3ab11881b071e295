#include "base/log.h"

#include <cstdio>
#include <ctime>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/json_text.h"

namespace holdfast {
namespace {

std::string_view Name(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace: return "TRACE";
    case LogLevel::kDebug: return "DEBUG";
    case LogLevel::kInfo: return "INFO";
    case LogLevel::kWarn: return "WARN";
    case LogLevel::kError: return "ERROR";
  }
  return "INFO";
}

std::string TimeNow() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  std::tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  char text[40];
  size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + size, sizeof text - size, ".%03ldZ", now.tv_nsec / 1'000'000);
  return text;
}

// A value that a reader could take for two is quoted.
std::string TextValue(const std::string& value) {
  bool plain = !value.empty();
  for (unsigned char c : value) plain = plain && c > ' ' && c != '"' && c != '=' && c != 0x7f;
  return plain ? value : json::Quote(value);
}

void Append(std::string& line, LogFormat format, std::initializer_list<LogField> fields) {
  for (const LogField& field : fields) {
    line += format == LogFormat::kJson
                ? "," + json::Quote(field.key) + ":" + json::Quote(field.value)
                : " " + std::string(field.key) + "=" + TextValue(field.value);
  }
}

}  // namespace

Result<LogLevel> ParseLogLevel(std::string_view text) {
  if (text == "trace") return LogLevel::kTrace;
  if (text == "debug") return LogLevel::kDebug;
  if (text == "info") return LogLevel::kInfo;
  if (text == "warn" || text == "warning") return LogLevel::kWarn;
  if (text == "error") return LogLevel::kError;
  return Fail(Error(ErrorKind::kInvalid, "unknown log level \"" + std::string(text) + "\"")
                  .Hint("use trace, debug, info, warn or error"));
}

Result<LogFormat> ParseLogFormat(std::string_view text) {
  if (text == "text") return LogFormat::kText;
  if (text == "json") return LogFormat::kJson;
  return Fail(Error(ErrorKind::kInvalid, "unknown log format \"" + std::string(text) + "\"")
                  .Hint("use text or json"));
}

struct Logger::Impl {
  LogLevel level;
  LogFormat format;
  bool quiet = false;
  std::string fields;  // on every line, as they are printed
  std::shared_ptr<spdlog::sinks::stderr_sink_mt> sink;
};

Logger::Logger(LogLevel level, LogFormat format) : impl_(std::make_unique<Impl>()) {
  impl_->level = level;
  impl_->format = format;
  impl_->sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  impl_->sink->set_pattern("%v");
}
Logger Logger::Quiet() {
  Logger logger;
  logger.impl_->quiet = true;
  return logger;
}
Logger::~Logger() = default;
Logger::Logger(Logger&&) noexcept = default;
Logger& Logger::operator=(Logger&&) noexcept = default;

Logger Logger::With(std::initializer_list<LogField> fields) const {
  Logger logger;
  *logger.impl_ = *impl_;
  Append(logger.impl_->fields, impl_->format, fields);
  return logger;
}

bool Logger::Enabled(LogLevel level) const { return !impl_->quiet && level >= impl_->level; }

void Logger::Log(LogLevel level, std::string_view message,
                 std::initializer_list<LogField> fields) const {
  if (!Enabled(level)) return;
  std::string line;
  if (impl_->format == LogFormat::kJson) {
    line = "{\"time\":\"" + TimeNow() + "\",\"level\":\"";
    for (char c : Name(level)) line += static_cast<char>(c + ('a' - 'A'));
    line += "\",\"msg\":" + json::Quote(message);
    line += impl_->fields;
    Append(line, LogFormat::kJson, fields);
    line += '}';
  } else {
    line = TimeNow() + " " + std::string(Name(level)) + " ";
    for (char c : message) c == '\n' ? line += "\\n" : line += c;  // one line an event
    line += impl_->fields;
    Append(line, LogFormat::kText, fields);
  }
  impl_->sink->log(spdlog::details::log_msg(spdlog::string_view_t(), spdlog::level::info,
                                            spdlog::string_view_t(line.data(), line.size())));
}

}  // namespace holdfast
