// moto: a second, independent implementation of S3 (and STS) for one test, in Python. It keeps
// everything in memory and checks neither keys nor signatures.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "testbed/service.h"

namespace holdfast::testbed {

class Moto {
 public:
  // `tools`: where `moto` and `moto-python` are; empty: FindTools().
  static Result<std::unique_ptr<Moto>> Start(std::filesystem::path tools = {});

  std::string endpoint() const;  // "127.0.0.1:PORT"
  std::string url() const { return "http://" + endpoint(); }
  Service& service() { return *service_; }

  Status MakeBucket(const std::string& name);
  // Runs a Python program that may use boto3, with `args` in sys.argv[1:]; what it printed.
  Result<std::string> Python(const std::string& program, const std::vector<std::string>& args = {});

 private:
  Moto() = default;
  std::filesystem::path tools_;
  std::unique_ptr<Service> service_;
};

// The same for whoever has no Moto: boto3 against any S3 server.
Result<std::string> RunPython(Service& beside, const std::filesystem::path& tools,
                              const std::string& program, const std::vector<std::string>& args);

}  // namespace holdfast::testbed
