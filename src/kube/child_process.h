// A program run for what it prints.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "kube/client.h"

namespace holdfast::kube {

struct ChildRequest {
  std::vector<std::string> argv;  // argv[0]: with a slash a path, else looked up in PATH
  std::vector<std::pair<std::string, std::string>> env;  // set over our own environment
  size_t max_output = 1 << 20;
};

struct ChildResult {
  std::string output;  // standard output
  int exit_code = 0;   // 128 + signal when one ended it
};

// Runs it in a process group of its own with an empty standard input and our standard error; no
// other file of ours is open in it. kNotFound when there is no such program; kCancelled by stop or
// deadline (the group is killed); kInvalid when it prints more than max_output.
Result<ChildResult> RunChild(const ChildRequest& request, Clock& clock, const Call& call);

}  // namespace holdfast::kube
