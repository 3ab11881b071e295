#include "net/http_server.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace holdfast::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

struct Shared {
  HttpServerOptions options;
  HttpServer::Handler handler;
  std::atomic<size_t> connections{0};
};

std::string Lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string Text(beast::string_view view) { return {view.data(), view.size()}; }

// One connection; keeps itself alive through the callbacks that it waits for.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, std::shared_ptr<Shared> shared)
      : stream_(std::move(socket)), shared_(std::move(shared)) {}
  ~Connection() { --shared_->connections; }

  void Read() {
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(shared_->options.max_head));
    parser_->body_limit(shared_->options.max_body);
    stream_.expires_after(shared_->options.timeout);
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](beast::error_code error, size_t) { self->OnRead(error); });
  }

 private:
  void OnRead(beast::error_code error) {
    if (error == http::error::body_limit) return Refuse(http::status::payload_too_large);
    if (error == http::error::header_limit)
      return Refuse(http::status::request_header_fields_too_large);
    if (error) {
      bool nonsense = error.category() == http::make_error_code(http::error::bad_method).category();
      if (nonsense && error != http::error::end_of_stream && error != http::error::partial_message)
        return Refuse(http::status::bad_request);
      return Close();
    }
    auto message = parser_->release();
    ServerRequest request;
    request.method = Text(message.method_string());
    std::string target = Text(message.target());
    size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string::npos) request.query = target.substr(mark + 1);
    for (const auto& field : message)
      request.headers.push_back({Lower(Text(field.name_string())), Text(field.value())});
    request.body = std::move(message.body());
    bool head = request.method == "HEAD";
    if (head) request.method = "GET";
    Answer(shared_->handler(request), message.version(), message.keep_alive(), head);
  }

  void Refuse(http::status status) {
    ServerAnswer answer;
    answer.status = static_cast<int>(status);
    answer.body = Text(http::obsolete_reason(status)) + "\n";
    Answer(std::move(answer), 11, false, false);
  }

  void Answer(ServerAnswer answer, unsigned version, bool keep_alive, bool head) {
    answer_ = {static_cast<http::status>(answer.status), version};
    answer_.set(http::field::content_type, answer.content_type);
    for (const HttpHeader& header : answer.headers) answer_.set(header.name, header.value);
    answer_.keep_alive(keep_alive);
    size_t size = answer.body.size();
    if (!head) answer_.body() = std::move(answer.body);
    answer_.content_length(size);
    serializer_.emplace(answer_);
    stream_.expires_after(shared_->options.timeout);
    auto written = [self = shared_from_this(), keep_alive](beast::error_code error, size_t) {
      if (error || !keep_alive) return self->Close();
      self->Read();
    };
    if (head)
      http::async_write_header(stream_, *serializer_, std::move(written));
    else
      http::async_write(stream_, *serializer_, std::move(written));
  }

  void Close() {
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  beast::tcp_stream stream_;
  std::shared_ptr<Shared> shared_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> answer_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
};

Error BindError(const beast::error_code& error, const HttpServerOptions& options) {
  Error bound = ErrnoError("listening on " + options.address + ":" + std::to_string(options.port),
                           error.value());
  if (error != asio::error::address_in_use) return bound;
  return Error(ErrorKind::kConflict, bound.message()).Hint("another program listens there");
}

}  // namespace

struct HttpServer::Impl {
  asio::io_context io;
  tcp::acceptor acceptor{io};
  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  std::vector<std::thread> threads;
  uint16_t port = 0;

  void Accept() {
    acceptor.async_accept(asio::make_strand(io),
                          [this](beast::error_code error, tcp::socket socket) {
                            if (error == asio::error::operation_aborted) return;
                            if (!error) {
                              if (++shared->connections > shared->options.max_connections)
                                --shared->connections;
                              else
                                std::make_shared<Connection>(std::move(socket), shared)->Read();
                            } else {
                              // Out of file descriptors, most likely: others have to close first.
                              std::this_thread::sleep_for(std::chrono::milliseconds(20));
                            }
                            Accept();
                          });
  }
};

Result<std::unique_ptr<HttpServer>> HttpServer::Start(HttpServerOptions options, Handler handler) {
  auto impl = std::make_unique<Impl>();
  beast::error_code error;
  auto address = asio::ip::make_address(options.address, error);
  if (error) return Fail(ErrorKind::kInvalid, "\"" + options.address + "\" is not an IP address");
  tcp::endpoint endpoint(address, options.port);
  impl->acceptor.open(endpoint.protocol(), error);
  if (!error) impl->acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) impl->acceptor.bind(endpoint, error);
  if (!error) impl->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return Fail(BindError(error, options));
  impl->port = impl->acceptor.local_endpoint().port();
  int threads = std::max(1, options.threads);
  impl->shared->options = std::move(options);
  impl->shared->handler = std::move(handler);
  impl->Accept();
  for (int i = 0; i < threads; ++i) impl->threads.emplace_back([io = &impl->io] { io->run(); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() {
  impl_->io.stop();
  for (std::thread& thread : impl_->threads) thread.join();
}

uint16_t HttpServer::port() const { return impl_->port; }

}  // namespace holdfast::net
