#include "observe/mail.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <memory>

namespace holdfast::observe {
namespace {

constexpr std::chrono::milliseconds kMailTry{20'000};

std::string OneLine(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return text;
}

// RFC 5322, in UTC.
std::string DateOf(Clock::Wall time) {
  std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[64];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &utc);
  return text;
}

struct Reader {
  std::string_view left;
};

size_t Read(char* buffer, size_t size, size_t count, void* user) {
  auto* reader = static_cast<Reader*>(user);
  size_t n = std::min(size * count, reader->left.size());
  std::memcpy(buffer, reader->left.data(), n);
  reader->left.remove_prefix(n);
  return n;
}

int Progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::stop_token*>(user)->stop_requested() ? 1 : 0;
}

Status Once(const Mail& mail, const Waits& waits) {
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), &curl_easy_cleanup);
  if (!curl) return Fail(ErrorKind::kInternal, "curl_easy_init failed");
  CURL* c = curl.get();
  std::string message = MailText(mail, DateOf(waits.clock->Now()));
  Reader reader{message};
  std::string from = "<" + OneLine(mail.from) + ">";
  curl_slist* list = nullptr;
  for (const std::string& to : mail.to)
    list = curl_slist_append(list, ("<" + OneLine(to) + ">").c_str());
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> recipients(list,
                                                                         &curl_slist_free_all);
  curl_easy_setopt(c, CURLOPT_URL, mail.server.c_str());
  curl_easy_setopt(c, CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_SMTP | CURLPROTO_SMTPS));
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  // A password never goes over an open line.
  curl_easy_setopt(c, CURLOPT_USE_SSL,
                   static_cast<long>(mail.username.empty() ? CURLUSESSL_TRY : CURLUSESSL_ALL));
  std::string password(mail.password.view());
  if (!mail.username.empty()) {
    curl_easy_setopt(c, CURLOPT_USERNAME, mail.username.c_str());
    curl_easy_setopt(c, CURLOPT_PASSWORD, password.c_str());
  }
  Wipe(password);
  curl_easy_setopt(c, CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(c, CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(c, CURLOPT_READFUNCTION, &Read);
  curl_easy_setopt(c, CURLOPT_READDATA, &reader);
  curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, &Progress);
  curl_easy_setopt(c, CURLOPT_XFERINFODATA, &waits.stop);
  curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, static_cast<long>(kMailTry.count()));
  CURLcode code = curl_easy_perform(c);
  if (code == CURLE_OK) return {};
  long answer = 0;
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &answer);
  std::string what = "sending mail by " + OneLine(mail.server) + ": " + curl_easy_strerror(code);
  if (answer != 0) what += " (the server said " + std::to_string(answer) + ")";
  if (code == CURLE_ABORTED_BY_CALLBACK) return Fail(ErrorKind::kCancelled, what);
  if (code == CURLE_LOGIN_DENIED)
    return Fail(Error(ErrorKind::kUnauthorized, what).Hint("check username and password"));
  bool refused = answer >= 500 || code == CURLE_URL_MALFORMAT ||
                 code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_PEER_FAILED_VERIFICATION ||
                 code == CURLE_USE_SSL_FAILED;
  return Fail(Error(refused ? ErrorKind::kInvalid : ErrorKind::kUnavailable, what)
                  .Hint("server is smtp://host:587 or smtps://host:465"));
}

}  // namespace

std::string MailText(const Mail& mail, const std::string& date) {
  std::string text = "Date: " + date + "\r\nFrom: " + OneLine(mail.from) + "\r\nTo: ";
  for (size_t i = 0; i < mail.to.size(); ++i) text += (i == 0 ? "" : ", ") + OneLine(mail.to[i]);
  text += "\r\nSubject: " + OneLine(mail.subject) +
          "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
          "Content-Transfer-Encoding: 8bit\r\n\r\n";
  for (char c : mail.text) {
    if (c == '\r') continue;
    if (c == '\n') text += '\r';
    text += c;
  }
  return text + "\r\n";
}

Status SendMail(const Mail& mail, const RetryPolicy& policy, const Waits& waits) {
  if (mail.to.empty()) return Fail(ErrorKind::kInvalid, "mail without a recipient");
  return Retry(policy, waits, [&] { return Once(mail, waits); });
}

}  // namespace holdfast::observe
