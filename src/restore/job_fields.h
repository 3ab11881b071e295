// What the API server generates in a batch/v1 Job from the Job's own uid: the labels controller-uid
// and batch.kubernetes.io/controller-uid of the pod template, the selector that asks for them and,
// where the Job was given no labels of its own, the same labels on the Job. It refuses a Job that
// brings those of another uid, and changes none of them on an update. A Job with
// spec.manualSelector: true has nothing generated, and nothing here touches it.
// Source: kubernetes/kubernetes, pkg/registry/batch/job/strategy.go and pkg/apis/batch.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::restore {

// The Job as it can be created: without what is generated, so that the server generates it anew.
// What the user added to the selector stays.
std::string JobToCreate(std::string_view job);

// The Job as it can be sent over `live`: with what was generated for the live one. As it is when
// one of the two was made with a selector of its own: the server refuses that change and says so.
std::string JobToUpdate(std::string_view job, std::string_view live);

// The Job without what two Jobs made from the same text may differ in: JobToCreate, also without
// the template's labels with the Job's name, which older servers do not add all of.
std::string ComparedJob(std::string_view job);

}  // namespace holdfast::restore
