#include "restore/job_fields.h"

#include <gtest/gtest.h>

#include "base/json_canonical.h"
#include "restore/archive_for_test.h"

namespace holdfast::restore {
namespace {

// As a server from 1.27 on returns a Job that was made without labels and a selector.
std::string JobOf(const std::string& uid) {
  std::string labels = "{'batch.kubernetes.io/controller-uid':'" + uid +
                       "','batch.kubernetes.io/job-name':'j','controller-uid':'" + uid +
                       "','job-name':'j','app':'x'}";
  return J("{'metadata':{'name':'j','labels':" + labels +
           "},'spec':{'manualSelector':false,'suspend':true,'selector':{'matchLabels':{"
           "'batch.kubernetes.io/controller-uid':'" +
           uid + "'}},'template':{'metadata':{'labels':" + labels + "}}}}");
}

void ExpectJson(const std::string& text, const std::string& expected) {
  EXPECT_EQ(json::Canonical(text), json::Canonical(J(expected)));
}

TEST(JobToCreate, LeavesOutWhatTheServerGenerates) {
  ExpectJson(JobToCreate(JobOf("1")),
             "{'metadata':{'name':'j','labels':{'batch.kubernetes.io/job-name':'j','job-name':'j',"
             "'app':'x'}},'spec':{'manualSelector':false,'suspend':true,'template':{'metadata':{"
             "'labels':{'batch.kubernetes.io/job-name':'j','job-name':'j','app':'x'}}}}}");
}

TEST(JobToCreate, KeepsWhatTheUserWrote) {
  // The label on the Job is the user's: it is not the template's.
  ExpectJson(JobToCreate(J("{'metadata':{'labels':{'controller-uid':'mine'}},'spec':{"
                           "'selector':{'matchLabels':{'controller-uid':'1','app':'x'}},"
                           "'template':{'metadata':{'labels':{'controller-uid':'1'}}}}}")),
             "{'metadata':{'labels':{'controller-uid':'mine'}},'spec':{"
             "'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{}}}}");
  for (const char* text :
       {"{'spec':{'manualSelector':true,'selector':{'matchLabels':{'controller-uid':'1'}},"
        "'template':{'metadata':{'labels':{'controller-uid':'1'}}}}}",
        "{'metadata':{},'spec':{'n':1e0,'template':{'spec':{}}}}", "{'metadata':{}}",
        "{'spec':'text'}"}) {
    EXPECT_EQ(JobToCreate(J(text)), J(text));
  }
}

TEST(JobToUpdate, TakesWhatWasGeneratedForTheLiveOne) {
  EXPECT_EQ(json::Canonical(JobToUpdate(JobOf("1"), JobOf("2"))), json::Canonical(JobOf("2")));
  // Made again by a restore: the server does not repeat the labels on the Job.
  std::string live = JobOf("2");
  for (const char* label : {"controller-uid", "batch.kubernetes.io/controller-uid"})
    live = json::RemovePath(live, {"metadata", "labels", label});
  EXPECT_EQ(json::Canonical(JobToUpdate(JobOf("1"), live)), json::Canonical(live));
  // Made by an older server.
  std::string old =
      J("{'metadata':{},'spec':{'selector':{'matchLabels':{'controller-uid':'3'}},"
        "'template':{'metadata':{'labels':{'controller-uid':'3','job-name':'j'}}}}}");
  ExpectJson(JobToUpdate(JobOf("1"), old),
             "{'metadata':{'name':'j','labels':{'batch.kubernetes.io/job-name':'j','job-name':'j',"
             "'app':'x'}},'spec':{'manualSelector':false,'suspend':true,"
             "'selector':{'matchLabels':{'controller-uid':'3'}},'template':{'metadata':{'labels':{"
             "'controller-uid':'3','job-name':'j','app':'x'}}}}}");
}

TEST(JobToUpdate, LeavesASelectorOfItsOwnToTheServer) {
  std::string manual = json::SetPath(JobOf("1"), {"spec", "manualSelector"}, "true");
  EXPECT_EQ(JobToUpdate(manual, JobOf("2")), manual);
  EXPECT_EQ(JobToUpdate(JobOf("1"), manual), JobOf("1"));
}

TEST(ComparedJob, IsTheSameForJobsMadeFromOneText) {
  EXPECT_EQ(ComparedJob(JobOf("1")), ComparedJob(JobOf("2")));
  std::string other = json::SetPath(JobOf("2"), {"spec", "suspend"}, "false");
  EXPECT_NE(ComparedJob(JobOf("1")), ComparedJob(other));
}

}  // namespace
}  // namespace holdfast::restore
