#include "observe/mail.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace holdfast::observe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Takes one connection, and says `to_recipient` when it hears of a recipient.
class SmtpServer {
 public:
  explicit SmtpServer(std::string to_recipient) : to_recipient_(std::move(to_recipient)) {
    listen_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(listen_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listen_, 4) != 0)
      abort();
    getsockname(listen_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { Serve(); });
  }
  ~SmtpServer() {
    shutdown(listen_, SHUT_RDWR);
    thread_.join();
    close(listen_);
  }
  std::string url() const { return "smtp://127.0.0.1:" + std::to_string(port_); }
  // All that clients said; after they have gone.
  std::string Heard() {
    shutdown(listen_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    thread_ = std::jthread([] {});
    return heard_;
  }

 private:
  void Serve() {
    int fd;
    while ((fd = accept(listen_, nullptr, nullptr)) >= 0) {
      Say(fd, "220 test\r\n");
      std::string line;
      bool data = false;
      char c;
      while (read(fd, &c, 1) == 1) {
        line += c;
        if (c != '\n') continue;
        heard_ += line;
        if (data) {
          if (line == ".\r\n") data = false, Say(fd, "250 taken\r\n");
        } else if (line.starts_with("DATA")) {
          data = true;
          Say(fd, "354 go on\r\n");
        } else if (line.starts_with("RCPT")) {
          Say(fd, to_recipient_ + "\r\n");
        } else if (line.starts_with("QUIT")) {
          Say(fd, "221 bye\r\n");
        } else {
          Say(fd, "250 ok\r\n");
        }
        line.clear();
      }
      close(fd);
    }
  }
  static void Say(int fd, const std::string& text) {
    (void)!send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  }

  const std::string to_recipient_;
  int listen_ = -1;
  uint16_t port_ = 0;
  std::string heard_;
  std::jthread thread_;
};

Mail AMail(const std::string& server) {
  Mail mail;
  mail.server = server;
  mail.from = "holdfast@example.com";
  mail.to = {"ops@example.com", "chief@example.com"};
  mail.subject = "Backup nightly failed";
  mail.text = "no such bucket\n.\nso it is";
  return mail;
}

TEST(Mail, IsSentToEveryRecipient) {
  SmtpServer server("250 ok");
  Status sent = SendMail(AMail(server.url()), {1}, {});
  ASSERT_TRUE(sent) << sent.error().ToString();
  std::string heard = server.Heard();
  for (const char* line : {"MAIL FROM:<holdfast@example.com>", "RCPT TO:<ops@example.com>",
                           "RCPT TO:<chief@example.com>", "Subject: Backup nightly failed\r\n",
                           "\r\n\r\nno such bucket\r\n..\r\nso it is\r\n"})
    EXPECT_THAT(heard, HasSubstr(line));
}

TEST(Mail, HeadersCannotBeAdded) {
  Mail mail = AMail("");
  mail.subject = "a\r\nBcc: evil@example.com";
  EXPECT_THAT(MailText(mail, "now"), HasSubstr("Subject: a  Bcc: evil@example.com\r\n"));
}

TEST(Mail, RefusalsAreNotRepeated) {
  SmtpServer server("550 no such user");
  Status sent = SendMail(AMail(server.url()), {3, std::chrono::milliseconds(1)}, {});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind(), ErrorKind::kInvalid) << sent.error().ToString();
  EXPECT_THAT(sent.error().ToString(), HasSubstr("550"));
  std::string heard = server.Heard();
  EXPECT_EQ(heard.find("MAIL FROM"), heard.rfind("MAIL FROM"));
}

TEST(Mail, LaterIsTriedAgain) {
  SmtpServer server("451 later");
  Status sent = SendMail(AMail(server.url()), {3, std::chrono::milliseconds(1)}, {});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().kind(), ErrorKind::kUnavailable) << sent.error().ToString();
  std::string heard = server.Heard();
  EXPECT_NE(heard.find("MAIL FROM"), heard.rfind("MAIL FROM"));
}

TEST(Mail, PasswordsNeedAnEncryptedLine) {
  SmtpServer server("250 ok");
  Mail mail = AMail(server.url());
  mail.username = "me";
  mail.password = SecretBytes::Take("hunter2");
  Status sent = SendMail(mail, {1}, {});
  ASSERT_FALSE(sent);
  EXPECT_THAT(sent.error().ToString(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(server.Heard(), Not(HasSubstr("AUTH")));
}

}  // namespace
}  // namespace holdfast::observe
