#include "kube/list_cutter.h"

#include <charconv>

#include "base/json_scan.h"
#include "base/printable.h"

namespace holdfast::kube {
namespace {

// Keeping a large buffer would make the memory of many lists the sum of their largest objects.
constexpr size_t kKeptBuffer = 256 * 1024;

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

bool IsNeeded(std::string_view key) {
  return key == "kind" || key == "apiVersion" || key == "metadata" || key == "items" ||
         key == "status" || key == "message" || key == "reason" || key == "code";
}

}  // namespace

Error ListCutter::Unexpected(char c, const char* wanted) const {
  std::string seen = c > ' ' && c < 0x7f ? std::string("'") + c + "'"
                                         : "byte " + std::to_string(static_cast<unsigned char>(c));
  return Error(ErrorKind::kInternal, "the answer is not a Kubernetes list: " + seen + " where " +
                                         wanted + " should be, at byte " + std::to_string(bytes_))
      .Hint("is the server's address that of a Kubernetes API server?");
}

Status ListCutter::Feed(std::string_view piece) {
  while (!piece.empty()) {
    HF_ASSIGN(size_t taken, Step(piece));
    bytes_ += taken;
    piece.remove_prefix(taken);
  }
  return {};
}

Result<size_t> ListCutter::Step(std::string_view rest) {
  switch (state_) {
    case State::kInItem: return TakeItem(rest);
    case State::kInKey:
    case State::kInString: return TakeString(rest);
    case State::kInNested: return TakeNested(rest);
    case State::kInScalar: return TakeScalar(rest);
    case State::kInStatus:
      HF_TRY(Keep(rest));
      partial_ += rest;
      return rest.size();
    default: break;
  }
  const char c = rest[0];
  if (IsSpace(c)) return 1;
  if ((state_ == State::kFirstItem || state_ == State::kItem) && c == '{') {
    state_ = State::kInItem;
    return TakeItem(rest);
  }
  if (state_ == State::kValue) return BeginValue(c);
  return Punctuation(c);
}

Result<size_t> ListCutter::Punctuation(char c) {
  const char* wanted = "";
  switch (state_) {
    case State::kStart:
      wanted = "{";
      if (c == '{')
        state_ = State::kFirstKey;
      else
        return Fail(Unexpected(c, wanted));
      return 1;
    case State::kFirstKey:
    case State::kKey:
      if (c == '"') {
        key_.clear();
        state_ = State::kInKey;
        return 1;
      }
      if (c != '}' || state_ == State::kKey) return Fail(Unexpected(c, "a key"));
      state_ = State::kDone;
      return 1;
    case State::kColon:
      if (c != ':') return Fail(Unexpected(c, ":"));
      state_ = State::kValue;
      return 1;
    case State::kNext:
      if (c != ',' && c != '}') return Fail(Unexpected(c, ", or }"));
      state_ = c == ',' ? State::kKey : State::kDone;
      return 1;
    case State::kFirstItem:
    case State::kItem:
      if (c != ']' || state_ == State::kItem) return Fail(Unexpected(c, "an object"));
      state_ = State::kNext;
      return 1;
    case State::kNextItem:
      if (c == '{') {
        // What an API server appends when it fails after the answer has begun.
        state_ = State::kInStatus;
        partial_ = c;
        return 1;
      }
      if (c != ',' && c != ']') return Fail(Unexpected(c, ", or ]"));
      state_ = c == ',' ? State::kItem : State::kNext;
      return 1;
    default: return Fail(Unexpected(c, "the end"));
  }
}

Result<size_t> ListCutter::BeginValue(char c) {
  partial_.clear();
  if (key_ == "items" && c == '[') {
    has_items_ = true;
    state_ = State::kFirstItem;
    return 1;
  }
  if (c == '{' || c == '[') {
    state_ = State::kInNested;
    return 0;
  }
  if (c == '"') {
    HF_TRY(Keep("\""));
    partial_ = c;
    state_ = State::kInString;
    return 1;
  }
  if (c != '-' && (c < '0' || c > '9') && c != 't' && c != 'f' && c != 'n')
    return Fail(Unexpected(c, "a value"));
  state_ = State::kInScalar;
  return 0;
}

// Counts what stands beside the items against its limit.
Status ListCutter::Keep(std::string_view text) {
  other_bytes_ += text.size();
  if (other_bytes_ <= limits_.max_other) return {};
  return Fail(ErrorKind::kInvalid, "what stands beside the list's items is longer than " +
                                       std::to_string(limits_.max_other) + " bytes");
}

Result<size_t> ListCutter::TakeString(std::string_view rest) {
  size_t at = 0;
  bool ended = false;
  while (at < rest.size() && !ended) {
    char c = rest[at++];
    if (escape_) {
      escape_ = false;
    } else if (c == '\\') {
      escape_ = true;
    } else if (c == '"') {
      ended = true;
    }
  }
  HF_TRY(Keep(rest.substr(0, at)));
  if (state_ == State::kInKey) {
    key_ += rest.substr(0, ended ? at - 1 : at);
    if (ended) state_ = State::kColon;
  } else {
    partial_ += rest.substr(0, at);
    if (ended) EndValue();
  }
  return at;
}

Result<size_t> ListCutter::TakeNested(std::string_view rest) {
  size_t taken = scanner_.Scan(rest.data(), rest.size());
  if (scanner_.too_deep())
    return Fail(ErrorKind::kInvalid, "the list's " + key_.substr(0, 100) + " is nested too deep");
  HF_TRY(Keep(rest.substr(0, taken)));
  partial_ += rest.substr(0, taken);
  if (scanner_.done()) EndValue();
  return taken;
}

Result<size_t> ListCutter::TakeScalar(std::string_view rest) {
  size_t at = 0;
  while (at < rest.size() && rest[at] != ',' && rest[at] != '}' && rest[at] != ']' &&
         !IsSpace(rest[at]))
    ++at;
  HF_TRY(Keep(rest.substr(0, at)));
  partial_ += rest.substr(0, at);
  if (at < rest.size()) EndValue();
  return at;
}

void ListCutter::EndValue() {
  if (key_ == "items" && partial_ == "null") has_items_ = true;
  if (IsNeeded(key_)) beside_[key_] = std::move(partial_);
  partial_.clear();
  state_ = State::kNext;
}

Result<size_t> ListCutter::TakeItem(std::string_view rest) {
  size_t taken = scanner_.Scan(rest.data(), rest.size());
  std::string_view part = rest.substr(0, taken);
  if (part.size() > limits_.max_object - partial_.size()) {
    partial_ += part.substr(0, limits_.max_object - partial_.size());
    return Fail(
        BeyondLimit(partial_, "is longer than " + std::to_string(limits_.max_object) + " bytes"));
  }
  if (!scanner_.done()) {
    partial_ += part;
    return taken;
  }
  state_ = State::kNextItem;
  if (partial_.empty()) {
    HF_TRY(Deliver(part));
  } else {
    partial_ += part;
    HF_TRY(Deliver(partial_));
    if (partial_.capacity() > kKeptBuffer) partial_ = std::string();
    partial_.clear();
  }
  return taken;
}

// `object` may have been cut off.
Error ListCutter::BeyondLimit(std::string_view object, const std::string& what) const {
  std::string kind = json::FindString(object, {"kind"}).value_or("object");
  std::string name = json::FindString(object, {"metadata", "name"}).value_or("");
  std::string ns = json::FindString(object, {"metadata", "namespace"}).value_or("");
  if (!ns.empty()) ns += "/";
  if (name.empty()) name = "number " + std::to_string(items_ + 1) + " of the list";
  return Error(ErrorKind::kInvalid, "the " + Printable(kind + " " + ns + name, 600) + " " + what);
}

Status ListCutter::Deliver(std::string_view object) {
  if (object.back() != '}') return Fail(Unexpected(object.back(), "the end of an object"));
  // Said only now, when the object's name has been seen, wherever in it metadata stands.
  if (scanner_.too_deep())
    return Fail(BeyondLimit(
        object, "is nested deeper than " + std::to_string(limits_.max_depth) + " levels"));
  ++items_;
  Status status = sink_(object);
  sink_failed_ = !status;
  return status;
}

Result<ListEnd> ListCutter::Finish(const RequestFacts& request) {
  if (state_ == State::kInStatus && json::FindString(partial_, {"kind"}) == "Status")
    return Fail(EmbeddedStatusError(partial_, request));
  if (state_ != State::kDone)
    return Fail(Error(ErrorKind::kUnavailable, "the list ended early, after " +
                                                   std::to_string(items_) + " objects and " +
                                                   std::to_string(bytes_) + " bytes")
                    .Hint("the API server or something before it cuts off answers that take long"));
  if (!has_items_) {
    if (beside_["kind"] == "\"Status\"") {
      std::string status = "{";
      for (const auto& [key, value] : beside_)
        status += (status.size() > 1 ? ",\"" : "\"") + key + "\":" + value;
      return Fail(EmbeddedStatusError(status + "}", request));
    }
    return Fail(Error(ErrorKind::kInternal, "the answer is not a Kubernetes list: it has no items")
                    .Hint("is the server's address that of a Kubernetes API server?"));
  }
  ListEnd end;
  end.items = items_;
  end.bytes = bytes_;
  std::string_view metadata = beside_["metadata"];
  end.resource_version = json::FindString(metadata, {"resourceVersion"}).value_or("");
  end.continue_token = json::FindString(metadata, {"continue"}).value_or("");
  if (auto left = json::Find(metadata, {"remainingItemCount"})) {
    int64_t count = 0;
    auto [rest, failure] = std::from_chars(left->data(), left->data() + left->size(), count);
    if (failure == std::errc() && rest == left->data() + left->size())
      end.remaining_item_count = count;
  }
  return end;
}

}  // namespace holdfast::kube
