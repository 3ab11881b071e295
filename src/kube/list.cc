#include <optional>

#include "kube/client_impl.h"
#include "kube/list_cutter.h"
#include "net/http_message.h"

namespace holdfast::kube {
namespace {

constexpr int64_t kPageAfterCutOff = 500;

RawRequest Request(const ListRequest& list) {
  RawRequest request;
  std::string query;
  auto add = [&](const char* name, std::string_view value) {
    query += (query.empty() ? "?" : "&") + std::string(name) + "=" + net::PercentEncode(value);
  };
  if (list.limit > 0) add("limit", std::to_string(list.limit));
  if (!list.continue_token.empty()) add("continue", list.continue_token);
  if (!list.label_selector.empty()) add("labelSelector", list.label_selector);
  if (!list.field_selector.empty()) add("fieldSelector", list.field_selector);
  // The token holds the revision; the server refuses both together.
  if (!list.resource_version.empty() && list.continue_token.empty()) {
    add("resourceVersion", list.resource_version);
    if (list.exact) add("resourceVersionMatch", "Exact");
  }
  request.path = list.type->CollectionPath(list.ns) + query;
  if (list.metadata_only)
    request.accept =
        "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
  return request;
}

std::string Context(const ListRequest& list) {
  return "listing " + list.type->ResourceName() + InNamespace(list.ns);
}

// One request. `handed` is how many objects went to the sink.
Result<ListEnd> ListOnce(Transport& transport, const RawRequest& request, const ObjectSink& sink,
                         const Call& call, Outcome& outcome, int64_t& handed) {
  ListCutter cutter(sink);
  Status status = transport.Once(
      request, [&](std::string_view piece) { return cutter.Feed(piece); }, call, outcome);
  handed = cutter.items();
  if (!status) return Fail(std::move(status).error());
  return cutter.Finish(transport.Facts(request));
}

// Worth asking for in smaller pieces: the answer had begun, or the server's time ran out.
bool CutOff(const Error& error, const Outcome& outcome) {
  return !outcome.sink_failed && error.kind() == ErrorKind::kUnavailable &&
         (outcome.status == 200 || outcome.status == 504);
}

}  // namespace

Result<ListEnd> Client::ListPage(const ListRequest& list, const ObjectSink& sink,
                                 const Call& call) {
  Transport& transport = impl_->transport;
  const RawRequest request = Request(list);
  for (int attempt = 1;; ++attempt) {
    Outcome outcome;
    int64_t handed = 0;
    Result<ListEnd> end = ListOnce(transport, request, sink, call, outcome, handed);
    if (end) return end;
    if (handed > 0 || !transport.WaitToRepeat(attempt, request, end.error(), outcome, call)) {
      if (outcome.sink_failed) return end;
      return Fail(std::move(end).error().With(Context(list)));
    }
  }
}

Result<ListEnd> Client::List(const ListRequest& original, const ObjectSink& sink,
                             const Call& call) {
  Transport& transport = impl_->transport;
  ListRequest list = original;
  ListEnd total;
  bool first_page = true;
  for (int attempt = 1;; ++attempt) {
    const RawRequest request = Request(list);
    Outcome outcome;
    int64_t handed = 0;
    Result<ListEnd> page = ListOnce(transport, request, sink, call, outcome, handed);
    total.items += handed;
    total.bytes += outcome.bytes;
    if (page) {
      if (first_page) total.resource_version = page->resource_version;
      first_page = false;
      if (page->continue_token.empty()) return total;
      list.continue_token = std::move(page->continue_token);
      attempt = 0;
      continue;
    }
    if (list.limit == 0 && CutOff(page.error(), outcome)) {
      list.limit = kPageAfterCutOff;
      attempt = 0;
      continue;
    }
    if (!transport.WaitToRepeat(attempt, request, page.error(), outcome, call)) {
      if (outcome.sink_failed) return page;
      return Fail(std::move(page).error().With(Context(list)));
    }
  }
}

}  // namespace holdfast::kube
