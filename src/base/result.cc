#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace holdfast {

std::string_view ErrorKindName(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kNotFound: return "not found";
    case ErrorKind::kConflict: return "conflict";
    case ErrorKind::kUnauthorized: return "unauthorized";
    case ErrorKind::kInvalid: return "invalid";
    case ErrorKind::kCorrupt: return "corrupt";
    case ErrorKind::kUnavailable: return "unavailable";
    case ErrorKind::kExpired: return "expired";
    case ErrorKind::kCancelled: return "cancelled";
    case ErrorKind::kInternal: return "internal";
  }
  return "unknown";
}

std::string Error::MessageWithoutHint() const {
  std::string text;
  for (auto it = contexts_.rbegin(); it != contexts_.rend(); ++it) {
    text += *it;
    text += ": ";
  }
  return text + message_;
}

std::string Error::ToString() const {
  std::string text = MessageWithoutHint();
  if (!hint_.empty()) {
    text += " (";
    text += hint_;
    text += ')';
  }
  return text;
}

Error ErrnoError(std::string_view what, int errno_value) {
  std::string message(what);
  message += ": ";
  message += std::strerror(errno_value);
  switch (errno_value) {
    case ENOENT: return Error(ErrorKind::kNotFound, std::move(message));
    case EEXIST: return Error(ErrorKind::kConflict, std::move(message));
    case EACCES:
    case EPERM: return Error(ErrorKind::kUnauthorized, std::move(message));
    case ENOSPC:
    case EDQUOT:
      return Error(ErrorKind::kUnavailable, std::move(message))
          .Hint("free space there, or choose another folder");
    case EFBIG:
      return Error(ErrorKind::kUnavailable, std::move(message))
          .Hint(
              "raise the limit of the size of files (ulimit -f, or the file system's), or choose "
              "another folder");
    default: return Error(ErrorKind::kInternal, std::move(message));
  }
}

}  // namespace holdfast
