#include "etcd/client/client.h"

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include "etcd/client/rpc.grpc.pb.h"
#include "stream/sha256.h"

namespace holdfast::etcd {
namespace {

using holdfast::Fail;

Result<std::string> ReadPem(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file || !text) return Fail(ErrnoError("reading " + path, errno == 0 ? EIO : errno));
  return text.str();
}

struct Target {
  std::string shown;  // as it was given
  std::string address;
  bool tls = false;
};

Result<Target> ParseEndpoint(const std::string& text, bool tls_by_default) {
  Target target{text, text, tls_by_default};
  if (text.starts_with("https://")) {
    target.tls = true;
    target.address = text.substr(8);
  } else if (text.starts_with("http://")) {
    target.tls = false;
    target.address = text.substr(7);
  }
  while (target.address.ends_with('/')) target.address.pop_back();
  if (target.address.empty() || target.address.find('/') != std::string::npos ||
      target.address.find(':') == std::string::npos) {
    return Fail(Error(ErrorKind::kInvalid, "\"" + text + "\" is no endpoint")
                    .Hint("write https://HOST:PORT; etcd's clients use port 2379"));
  }
  return target;
}

ErrorKind KindOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED: return ErrorKind::kUnavailable;
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED: return ErrorKind::kUnauthorized;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::UNIMPLEMENTED: return ErrorKind::kInvalid;
    case grpc::StatusCode::OUT_OF_RANGE: return ErrorKind::kExpired;
    case grpc::StatusCode::CANCELLED: return ErrorKind::kCancelled;
    case grpc::StatusCode::DATA_LOSS: return ErrorKind::kCorrupt;
    default: return ErrorKind::kInternal;
  }
}

Error ToError(const grpc::Status& status, const std::string& endpoint, std::string_view what) {
  std::string text = status.error_message().empty() ? "no message" : status.error_message();
  Error error = Error(KindOf(status.error_code()), text)
                    .With(fmt::format("{} of etcd at {}", what, endpoint));
  // The second: a client certificate names a user (its CN), and there is none of that name.
  if (text.find("user name is empty") != std::string::npos ||
      text.find("user name not found") != std::string::npos)
    return Error(ErrorKind::kUnauthorized, text)
        .With(fmt::format("{} of etcd at {}", what, endpoint))
        .Hint("etcd has authentication on: give --user and --password-file");
  if (text.find("permission denied") != std::string::npos)
    return std::move(error).Hint(
        "a snapshot needs a user with the role root: give --user and --password-file");
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE)
    return std::move(error).Hint(
        "check that etcd runs there and that --cacert, --cert and --key are the right ones");
  return error;
}

// Ends a call when stop is requested or when nothing came for too long.
class Watchdog {
 public:
  Watchdog(grpc::ClientContext& context, std::stop_token stop,
           std::optional<std::chrono::milliseconds> silence)
      : context_(context), on_stop_(std::move(stop), [this] { Cancel(true); }) {
    if (!silence) return;
    thread_ = std::jthread([this, silence](std::stop_token mine) {
      std::unique_lock lock(mutex_);
      uint64_t seen = beats_;
      while (!mine.stop_requested()) {
        bool beaten = changed_.wait_for(lock, mine, *silence, [&] { return beats_ != seen; });
        if (mine.stop_requested()) return;
        if (!beaten) return context_.TryCancel();
        seen = beats_;
      }
    });
  }
  void Beat() {
    {
      std::lock_guard lock(mutex_);
      ++beats_;
    }
    changed_.notify_one();
  }
  bool stopped() const { return stopped_; }

 private:
  void Cancel(bool by_stop) {
    stopped_ = by_stop;
    context_.TryCancel();
  }

  grpc::ClientContext& context_;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  uint64_t beats_ = 0;
  std::stop_callback<std::function<void()>> on_stop_;
  std::jthread thread_;
};

}  // namespace

struct Client::Impl {
  ClientOptions options;
  std::vector<Target> targets;
  std::mutex mutex;         // of what follows
  stream::Digest loaded{};  // of the files that the channels were made with
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  std::vector<std::string> tokens;  // by endpoint; empty: none yet

  // Reads the files; new channels where they have changed.
  holdfast::Status Load() {
    grpc::SslCredentialsOptions tls;
    HF_ASSIGN(tls.pem_root_certs, ReadPem(options.ca_file));
    HF_ASSIGN(tls.pem_cert_chain, ReadPem(options.cert_file));
    HF_ASSIGN(tls.pem_private_key, ReadPem(options.key_file));
    if (tls.pem_cert_chain.empty() != tls.pem_private_key.empty())
      return Fail(ErrorKind::kInvalid, "--cert and --key are given together or not at all");
    stream::Sha256 sha;
    for (const std::string* pem :
         {&tls.pem_root_certs, &tls.pem_cert_chain, &tls.pem_private_key}) {
      sha.Update(std::to_string(pem->size()) + "\n");
      sha.Update(*pem);
    }
    stream::Digest digest = sha.Current();
    std::lock_guard lock(mutex);
    if (!channels.empty() && digest == loaded) {
      Wipe(tls.pem_private_key);
      return {};
    }
    std::vector<std::shared_ptr<grpc::Channel>> made;
    for (const Target& target : targets) {
      grpc::ChannelArguments arguments;
      arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
      arguments.SetMaxReceiveMessageSize(64 << 20);
      arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
      // A service that outlives etcd's outages must not wait two minutes for one that is back.
      arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
      auto credentials =
          target.tls ? grpc::SslCredentials(tls) : grpc::InsecureChannelCredentials();
      made.push_back(grpc::CreateCustomChannel(target.address, credentials, arguments));
    }
    Wipe(tls.pem_private_key);
    channels = std::move(made);
    tokens.assign(targets.size(), "");
    loaded = digest;
    return {};
  }

  // Files that cannot be read just now, in the middle of a renewal, leave what was there.
  std::shared_ptr<grpc::Channel> Channel(size_t i) {
    (void)Load();
    std::lock_guard lock(mutex);
    return channels[i];
  }

  void SetDeadline(grpc::ClientContext& context) const {
    context.set_deadline(std::chrono::system_clock::now() + options.call_timeout);
  }

  holdfast::Status LogIn(size_t i, const std::shared_ptr<grpc::Channel>& channel,
                         grpc::ClientContext& context) {
    if (options.user.empty()) return {};
    std::string token;
    {
      std::lock_guard lock(mutex);
      token = tokens[i];
    }
    if (token.empty()) {
      grpc::ClientContext call;
      SetDeadline(call);
      etcdserverpb::AuthenticateRequest request;
      request.set_name(options.user);
      if (options.password) {
        HF_ASSIGN(SecretBytes password, options.password());
        request.set_password(std::string(password.view()));
      }
      etcdserverpb::AuthenticateResponse answer;
      auto status = etcdserverpb::Auth::NewStub(channel)->Authenticate(&call, request, &answer);
      Wipe(*request.mutable_password());
      if (!status.ok()) return Fail(ToError(status, targets[i].shown, "logging in"));
      token = answer.token();
      std::lock_guard lock(mutex);
      tokens[i] = token;
    }
    context.AddMetadata("token", token);
    return {};
  }

  // Whether the call is worth a second try because etcd no longer takes the token: it has expired
  // (five minutes without use), etcd was started anew, or users and roles have changed.
  bool ForgetToken(size_t i, const Error& error) {
    if (options.user.empty()) return false;
    const std::string& text = error.message();
    if (text.find("invalid auth token") == std::string::npos &&
        text.find("revision of auth store is old") == std::string::npos)
      return false;
    std::lock_guard lock(mutex);
    return !std::exchange(tokens[i], "").empty();
  }

  // One call with one answer.
  template <typename Request, typename Answer>
  Result<Answer> Call(size_t i, std::string_view what, const Request& request,
                      grpc::Status (etcdserverpb::Maintenance::Stub::*method)(grpc::ClientContext*,
                                                                              const Request&,
                                                                              Answer*),
                      std::stop_token stop) {
    for (bool again = false;; again = true) {
      auto answer = CallOnce(i, what, request, method, stop);
      if (answer || again || !ForgetToken(i, answer.error())) return answer;
    }
  }

  template <typename Request, typename Answer>
  Result<Answer> CallOnce(size_t i, std::string_view what, const Request& request,
                          grpc::Status (etcdserverpb::Maintenance::Stub::*method)(
                              grpc::ClientContext*, const Request&, Answer*),
                          std::stop_token stop) {
    auto channel = Channel(i);
    grpc::ClientContext context;
    SetDeadline(context);
    HF_TRY(LogIn(i, channel, context));
    Answer answer;
    auto stub = etcdserverpb::Maintenance::NewStub(channel);
    Watchdog watchdog(context, std::move(stop), std::nullopt);
    grpc::Status status = ((*stub).*method)(&context, request, &answer);
    if (watchdog.stopped()) return Fail(ErrorKind::kCancelled, "stopped");
    if (!status.ok()) return Fail(ToError(status, targets[i].shown, what));
    return answer;
  }
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;
size_t Client::size() const { return impl_->targets.size(); }
const std::string& Client::endpoint(size_t i) const { return impl_->targets[i].shown; }

Result<std::unique_ptr<Client>> Client::Create(ClientOptions options) {
  auto impl = std::make_unique<Impl>();
  bool secured = !options.ca_file.empty() || !options.cert_file.empty();
  if (options.endpoints.empty()) return Fail(ErrorKind::kInvalid, "no endpoint of etcd is given");
  for (const std::string& endpoint : options.endpoints) {
    HF_ASSIGN(Target target, ParseEndpoint(endpoint, secured));
    impl->targets.push_back(std::move(target));
  }
  impl->options = std::move(options);
  HF_TRY(impl->Load());
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

Result<ServerStatus> Client::Status(size_t i, std::stop_token stop) {
  HF_ASSIGN(auto answer, (impl_->Call<etcdserverpb::StatusRequest, etcdserverpb::StatusResponse>(
                             i, "asking the status", {}, &etcdserverpb::Maintenance::Stub::Status,
                             std::move(stop))));
  ServerStatus status{.cluster_id = answer.header().cluster_id(),
                      .member_id = answer.header().member_id(),
                      .revision = answer.header().revision(),
                      .version = answer.version(),
                      .storage_version = answer.storage_version(),
                      .db_size = static_cast<uint64_t>(answer.db_size()),
                      .leader = answer.leader(),
                      .raft_index = answer.raft_index(),
                      .raft_applied_index = answer.raft_applied_index(),
                      .learner = answer.is_learner(),
                      .errors = {answer.errors().begin(), answer.errors().end()}};
  return status;
}

Result<std::vector<AlarmRow>> Client::Alarms(size_t i, std::stop_token stop) {
  HF_ASSIGN(auto answer, (impl_->Call<etcdserverpb::AlarmRequest, etcdserverpb::AlarmResponse>(
                             i, "asking for alarms", {}, &etcdserverpb::Maintenance::Stub::Alarm,
                             std::move(stop))));
  std::vector<AlarmRow> alarms;
  for (const auto& alarm : answer.alarms())
    alarms.push_back({alarm.member_id(), static_cast<Alarm>(alarm.alarm())});
  return alarms;
}

Result<KeyHash> Client::HashKeys(size_t i, int64_t revision, std::stop_token stop) {
  etcdserverpb::HashKVRequest request;
  request.set_revision(revision);
  HF_ASSIGN(auto answer, (impl_->Call<etcdserverpb::HashKVRequest, etcdserverpb::HashKVResponse>(
                             i, "asking for the hash", request,
                             &etcdserverpb::Maintenance::Stub::HashKV, std::move(stop))));
  return KeyHash{answer.hash(), answer.compact_revision()};
}

holdfast::Status Client::Snapshot(size_t i,
                                  const std::function<holdfast::Status(std::string_view)>& take,
                                  std::stop_token stop) {
  bool begun = false;
  for (bool again = false;; again = true) {
    holdfast::Status done = SnapshotOnce(i, take, stop, begun);
    if (done || again || begun || !impl_->ForgetToken(i, done.error())) return done;
  }
}

holdfast::Status Client::SnapshotOnce(size_t i,
                                      const std::function<holdfast::Status(std::string_view)>& take,
                                      std::stop_token stop, bool& begun) {
  auto channel = impl_->Channel(i);
  grpc::ClientContext context;
  HF_TRY(impl_->LogIn(i, channel, context));
  Watchdog watchdog(context, std::move(stop), impl_->options.silence_timeout);
  auto stub = etcdserverpb::Maintenance::NewStub(channel);
  auto stream = stub->Snapshot(&context, {});
  etcdserverpb::SnapshotResponse piece;
  holdfast::Status taken;
  while (taken && stream->Read(&piece)) {
    begun = true;
    watchdog.Beat();
    taken = take(piece.blob());
  }
  if (!taken) context.TryCancel();
  grpc::Status status = stream->Finish();
  if (!taken) return taken;
  if (watchdog.stopped()) return Fail(ErrorKind::kCancelled, "stopped");
  if (status.error_code() == grpc::StatusCode::CANCELLED) {
    return Fail(Error(ErrorKind::kUnavailable,
                      fmt::format("etcd at {} sent nothing for {} s", impl_->targets[i].shown,
                                  impl_->options.silence_timeout.count() / 1000))
                    .With("taking a snapshot"));
  }
  if (!status.ok()) return Fail(ToError(status, impl_->targets[i].shown, "taking a snapshot"));
  return {};
}

}  // namespace holdfast::etcd
