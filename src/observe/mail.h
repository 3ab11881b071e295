// Mail by SMTP (RFC 5321), for telling people of failures.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/retry.h"
#include "base/secret.h"

namespace holdfast::observe {

struct Mail {
  // "smtp://host:587" (STARTTLS, required where there is a password) or "smtps://host:465".
  std::string server;
  std::string username;  // empty: no login
  SecretBytes password;
  std::string from;
  std::vector<std::string> to;
  std::string subject;
  std::string text;  // UTF-8
};

// The message as it is sent: headers and text, lines ended by CR LF. Line breaks in header fields
// become blanks, so that nothing can add a header.
std::string MailText(const Mail& mail, const std::string& date);

// Retried by `policy` where the server does not answer or says "later" (4xx), each try of 20 s at
// most. kInvalid when the server refuses sender, recipient or message, kUnauthorized when it
// refuses the login. Errors name the server, never the password. Blocks.
Status SendMail(const Mail& mail, const RetryPolicy& policy, const Waits& waits);

}  // namespace holdfast::observe
