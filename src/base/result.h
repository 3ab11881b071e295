// Errors and results. Every call that can fail returns Result<T> (or Status); exceptions of
// libraries are caught where the library is called.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace holdfast {

// What the caller can do about an error. Retrying is decided by the kind alone (base/retry.h).
enum class ErrorKind {
  kNotFound,      // it is not there
  kConflict,      // somebody else changed or created it; read again and decide
  kUnauthorized,  // credentials are missing, expired or lack a right
  kInvalid,       // the input is wrong; the same call will always fail
  kCorrupt,       // stored bytes are damaged
  kUnavailable,   // passing trouble: the same call may succeed later
  kExpired,       // the revision or token is too old (410 Gone); start again at a new one
  kCancelled,     // a stop or a deadline of ours
  kInternal,      // a defect, or an answer that makes no sense
};

std::string_view ErrorKindName(ErrorKind kind);

// One failure: what came back, what was being done (contexts, outermost first), and the cure.
class Error {
 public:
  Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}

  ErrorKind kind() const { return kind_; }
  // What came back, without contexts.
  const std::string& message() const { return message_; }

  // Says what was being done: "listing secrets". Outer callers add theirs later; it is printed
  // first.
  Error With(std::string context) && {
    contexts_.push_back(std::move(context));
    return std::move(*this);
  }
  // What the reader can do about it, one sentence. The first hint given (nearest the cause) stays.
  Error Hint(std::string hint) && {
    if (hint_.empty()) hint_ = std::move(hint);
    return std::move(*this);
  }
  Error Code(int code) && {
    code_ = code;
    return std::move(*this);
  }
  Error Reason(std::string reason) && {
    reason_ = std::move(reason);
    return std::move(*this);
  }
  Error RetryAfter(std::chrono::milliseconds wait) && {
    retry_after_ = wait;
    return std::move(*this);
  }

  // HTTP status of the answer; 0 where there was none.
  int code() const { return code_; }
  // What distinguishes errors of one kind: Kubernetes' Status.reason ("AlreadyExists"), S3's code,
  // or a constant of the header of the function that failed ("LeaseHeld"). Empty where there is
  // none.
  const std::string& reason() const { return reason_; }
  const std::string& hint() const { return hint_; }
  // How long the server asked us to wait (Retry-After).
  std::optional<std::chrono::milliseconds> retry_after() const { return retry_after_; }

  // "context: context: message (hint)": one line, fit to be printed to the user.
  std::string ToString() const;
  // The same without the hint.
  std::string MessageWithoutHint() const;

 private:
  ErrorKind kind_;
  std::string message_;
  std::vector<std::string> contexts_;  // innermost first
  std::string hint_;
  std::string reason_;
  int code_ = 0;
  std::optional<std::chrono::milliseconds> retry_after_;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> Fail(Error error) { return tl::unexpected<Error>(std::move(error)); }
inline tl::unexpected<Error> Fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error(kind, std::move(message)));
}
// The failure of errno: message "what: strerror", kind by the number (ENOENT is kNotFound, EEXIST
// kConflict, EACCES and EPERM kUnauthorized, ENOSPC and EDQUOT kUnavailable with a hint, else
// kInternal).
Error ErrnoError(std::string_view what, int errno_value);

}  // namespace holdfast

#define HF_CONCAT_INNER(a, b) a##b
#define HF_CONCAT(a, b) HF_CONCAT_INNER(a, b)

// HF_TRY(Status-or-Result expression): returns its error from the enclosing function.
#define HF_TRY(expr)                                                         \
  do {                                                                       \
    auto hf_status_ = (expr);                                                \
    if (!hf_status_) return ::holdfast::Fail(std::move(hf_status_).error()); \
  } while (false)

// HF_TRY_CONTEXT(expr, "listing secrets"): the same, adding what was being done.
#define HF_TRY_CONTEXT(expr, context)                                                      \
  do {                                                                                     \
    auto hf_status_ = (expr);                                                              \
    if (!hf_status_) return ::holdfast::Fail(std::move(hf_status_).error().With(context)); \
  } while (false)

// HF_ASSIGN(auto x, Result expression): x is the value, or its error is returned.
#define HF_ASSIGN(lhs, expr) HF_ASSIGN_IMPL(HF_CONCAT(hf_result_, __LINE__), lhs, expr)
#define HF_ASSIGN_IMPL(tmp, lhs, expr)                       \
  auto tmp = (expr);                                         \
  if (!tmp) return ::holdfast::Fail(std::move(tmp).error()); \
  lhs = std::move(*tmp)

#define HF_ASSIGN_CONTEXT(lhs, expr, context) \
  HF_ASSIGN_CONTEXT_IMPL(HF_CONCAT(hf_result_, __LINE__), lhs, expr, context)
#define HF_ASSIGN_CONTEXT_IMPL(tmp, lhs, expr, context)                    \
  auto tmp = (expr);                                                       \
  if (!tmp) return ::holdfast::Fail(std::move(tmp).error().With(context)); \
  lhs = std::move(*tmp)
