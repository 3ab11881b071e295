#include "base/json_scan.h"
#include "kube/client_impl.h"
#include "net/http_message.h"

namespace holdfast::kube {
namespace {

// Cuts {"type":...,"object":...}, one a line, and hands the events over.
class EventReader {
 public:
  EventReader(const std::function<Status(const WatchEvent&)>& handler, RequestFacts facts)
      : handler_(handler), facts_(facts) {}

  Status Feed(std::string_view piece) {
    while (!piece.empty()) {
      size_t newline = piece.find('\n');
      std::string_view part = piece.substr(0, newline);
      if (part.size() > kMaxObject - line_.size())
        return Fail(ErrorKind::kInvalid,
                    "a watch event is longer than " + std::to_string(kMaxObject) + " bytes");
      line_ += part;
      if (newline == std::string_view::npos) return {};
      piece.remove_prefix(newline + 1);
      std::string line = std::move(line_);
      line_.clear();
      if (!line.empty()) HF_TRY(Line(line));
    }
    return {};
  }
  bool within_event() const { return !line_.empty(); }
  bool delivered() const { return delivered_; }
  // The error is the watch's own (an ERROR event or nonsense), not the connection's.
  bool ended_by_event() const { return ended_by_event_; }
  bool handler_failed() const { return handler_failed_; }

 private:
  Status Line(const std::string& line) {
    ended_by_event_ = true;
    std::string type = json::FindString(line, {"type"}).value_or("");
    auto object = json::Find(line, {"object"});
    if (!object)
      return Fail(ErrorKind::kInternal, "the server sent a watch event without an object");
    if (type == "ERROR") return Fail(EmbeddedStatusError(*object, facts_));
    WatchEvent event{};
    if (type == "ADDED")
      event.type = WatchEvent::Type::kAdded;
    else if (type == "MODIFIED")
      event.type = WatchEvent::Type::kModified;
    else if (type == "DELETED")
      event.type = WatchEvent::Type::kDeleted;
    else if (type == "BOOKMARK")
      event.type = WatchEvent::Type::kBookmark;
    else
      return Fail(ErrorKind::kInternal, "the server sent a watch event of unknown type");
    event.object = std::string(*object);
    delivered_ = true;
    Status status = handler_(event);
    handler_failed_ = !status;
    ended_by_event_ = !status;
    return status;
  }

  const std::function<Status(const WatchEvent&)>& handler_;
  const RequestFacts facts_;
  std::string line_;
  bool delivered_ = false;
  bool ended_by_event_ = false;
  bool handler_failed_ = false;
};

}  // namespace

Status Client::Watch(const ResourceType& type, std::string_view ns,
                     std::string_view resource_version,
                     const std::function<Status(const WatchEvent&)>& handler, const Call& call) {
  Transport& transport = impl_->transport;
  RawRequest request;
  request.path = type.CollectionPath(ns) + "?watch=true&allowWatchBookmarks=true&timeoutSeconds=" +
                 std::to_string(Transport::kWatchTime.count());
  if (!resource_version.empty())
    request.path += "&resourceVersion=" + net::PercentEncode(resource_version);
  const std::string context = "watching " + type.ResourceName() + InNamespace(ns);
  for (int attempt = 1;; ++attempt) {
    EventReader events(handler, transport.Facts(request));
    Outcome outcome;
    Status status = transport.Once(
        request, [&](std::string_view piece) { return events.Feed(piece); }, call, outcome);
    if (status && events.within_event())
      status = Fail(ErrorKind::kUnavailable, "the connection broke within an event");
    if (status) return {};
    bool again = !events.delivered() && !events.ended_by_event() &&
                 transport.WaitToRepeat(attempt, request, status.error(), outcome, call);
    if (again) continue;
    if (events.handler_failed()) return status;
    return Fail(std::move(status).error().With(context));
  }
}

}  // namespace holdfast::kube
