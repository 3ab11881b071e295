#include "kube/lease_record.h"

#include <charconv>

#include "base/json_edit.h"
#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/rfc3339.h"

namespace holdfast::kube {
namespace {

std::optional<int64_t> Number(std::string_view lease, std::string_view key) {
  auto text = json::Find(lease, {"spec", key});
  if (!text) return std::nullopt;
  int64_t number = 0;
  auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (failure != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return number;
}

std::string Time(Clock::Wall time) { return json::Quote(FormatRfc3339Micros(time)); }

}  // namespace

LeaseRecord LeaseRecord::Of(std::string_view lease) {
  LeaseRecord record;
  record.holder = json::FindString(lease, {"spec", "holderIdentity"}).value_or("");
  if (auto seconds = Number(lease, "leaseDurationSeconds");
      seconds && *seconds >= 0 && *seconds < 1'000'000'000)
    record.duration = std::chrono::seconds(*seconds);
  if (auto text = json::FindString(lease, {"spec", "renewTime"}))
    if (auto time = ParseRfc3339(*text)) record.renewed = *time;
  record.transitions = Number(lease, "leaseTransitions").value_or(0);
  record.uid = json::FindString(lease, {"metadata", "uid"}).value_or("");
  return record;
}

std::string NewLease(std::string_view ns, std::string_view name, std::string_view holder,
                     std::chrono::seconds duration, Clock::Wall now) {
  std::string lease =
      R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":)" +
      json::Quote(name) + ",\"namespace\":" + json::Quote(ns) + "}}";
  return TakenLease(lease, holder, duration, now);
}

std::string TakenLease(std::string_view lease, std::string_view holder,
                       std::chrono::seconds duration, Clock::Wall now) {
  LeaseRecord before = LeaseRecord::Of(lease);
  std::string taken = json::SetPath(lease, {"spec", "holderIdentity"}, json::Quote(holder));
  taken = json::SetPath(taken, {"spec", "leaseDurationSeconds"}, std::to_string(duration.count()));
  taken = json::SetPath(taken, {"spec", "acquireTime"}, Time(now));
  taken = json::SetPath(taken, {"spec", "renewTime"}, Time(now));
  if (before.holder != holder && json::Find(lease, {"spec"}))
    taken = json::SetPath(taken, {"spec", "leaseTransitions"},
                          std::to_string((before.transitions + 1) % 2'000'000'000));
  return taken;
}

std::string RenewedLease(std::string_view lease, Clock::Wall now) {
  return json::SetPath(lease, {"spec", "renewTime"}, Time(now));
}

std::string FreedLease(std::string_view lease) {
  std::string freed(lease);
  for (std::string_view key :
       {"holderIdentity", "leaseDurationSeconds", "acquireTime", "renewTime"})
    freed = json::RemovePath(freed, {"spec", key});
  return freed;
}

}  // namespace holdfast::kube
