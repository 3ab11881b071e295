#include "restore/job_fields.h"

#include <array>
#include <optional>

#include "base/json_edit.h"
#include "base/json_scan.h"

namespace holdfast::restore {
namespace {

constexpr std::array<std::string_view, 2> kUidLabels = {"batch.kubernetes.io/controller-uid",
                                                        "controller-uid"};
constexpr std::array<std::string_view, 2> kNameLabels = {"batch.kubernetes.io/job-name",
                                                         "job-name"};

bool IsGenerated(std::string_view job) {
  auto manual = json::Find(job, {"spec", "manualSelector"});
  return !manual || json::TypeOf(*manual) != json::Type::kTrue;
}

std::optional<std::string> TemplateLabel(std::string_view job, std::string_view label) {
  return json::FindString(job, {"spec", "template", "metadata", "labels", label});
}

bool IsEmptyObject(std::optional<std::string_view> value) {
  return value && json::TypeOf(*value) == json::Type::kObject && !json::ObjectReader(*value).Next();
}

// True when the Job's own label was put there from its template's.
bool OwnLabelIsGenerated(std::string_view job, std::string_view label) {
  auto own = json::FindString(job, {"metadata", "labels", label});
  return own && own == TemplateLabel(job, label);
}

std::string WithoutTemplateLabel(std::string job, std::string_view label) {
  return json::RemovePath(job, {"spec", "template", "metadata", "labels", label});
}

std::string WithoutEmptyTemplateLabels(std::string job) {
  if (!IsEmptyObject(json::Find(job, {"spec", "template", "metadata", "labels"}))) return job;
  return json::RemovePath(job, {"spec", "template", "metadata", "labels"});
}

}  // namespace

std::string JobToCreate(std::string_view original) {
  std::string job(original);
  if (!IsGenerated(job)) return job;
  for (std::string_view label : kUidLabels) {
    if (OwnLabelIsGenerated(job, label)) job = json::RemovePath(job, {"metadata", "labels", label});
    job = WithoutTemplateLabel(std::move(job), label);
    job = json::RemovePath(job, {"spec", "selector", "matchLabels", label});
  }
  if (IsEmptyObject(json::Find(job, {"spec", "selector", "matchLabels"})))
    job = json::RemovePath(job, {"spec", "selector", "matchLabels"});
  if (IsEmptyObject(json::Find(job, {"spec", "selector"})))
    job = json::RemovePath(job, {"spec", "selector"});
  return WithoutEmptyTemplateLabels(std::move(job));
}

std::string JobToUpdate(std::string_view original, std::string_view live) {
  if (!IsGenerated(original) || !IsGenerated(live)) return std::string(original);
  std::string job = JobToCreate(original);
  auto copy = [&](std::initializer_list<std::string_view> path) {
    if (auto value = json::Find(live, path)) job = json::SetPath(job, path, *value);
  };
  for (std::string_view label : kUidLabels) {
    if (OwnLabelIsGenerated(live, label)) copy({"metadata", "labels", label});
    copy({"spec", "template", "metadata", "labels", label});
    copy({"spec", "selector", "matchLabels", label});
  }
  for (std::string_view label : kNameLabels) {
    job = WithoutTemplateLabel(std::move(job), label);
    copy({"spec", "template", "metadata", "labels", label});
  }
  return job;
}

std::string ComparedJob(std::string_view original) {
  std::string job = JobToCreate(original);
  if (!IsGenerated(job)) return job;
  for (std::string_view label : kNameLabels) job = WithoutTemplateLabel(std::move(job), label);
  return WithoutEmptyTemplateLabels(std::move(job));
}

}  // namespace holdfast::restore
