#include "testbed/moto.h"

#include "testbed/http.h"
#include "testbed/tools.h"

namespace holdfast::testbed {

Result<std::unique_ptr<Moto>> Moto::Start(std::filesystem::path tools) {
  std::unique_ptr<Moto> moto(new Moto());
  moto->tools_ = std::move(tools);
  if (moto->tools_.empty()) {
    HF_ASSIGN(moto->tools_, FindTools({"moto", "moto-python"}));
  }
  ServiceSpec spec;
  spec.name = "moto";
  spec.start_timeout = std::chrono::seconds(120);  // Python reads thousands of files first
  spec.argv = [program = moto->tools_ / "moto"](const std::filesystem::path&, uint16_t port) {
    return std::vector<std::string>{program, "-H", "127.0.0.1", "-p", std::to_string(port)};
  };
  spec.is_ready = [](uint16_t port) {
    HttpCall call;
    call.url = "http://127.0.0.1:" + std::to_string(port) + "/moto-api/data.json";
    auto answer = Http(call);
    return answer && answer->code == 200;
  };
  HF_ASSIGN(moto->service_, Service::Start(std::move(spec)));
  return moto;
}

std::string Moto::endpoint() const { return "127.0.0.1:" + std::to_string(service_->port()); }

Status Moto::MakeBucket(const std::string& name) {
  HttpCall call;
  call.method = "PUT";
  call.url = url() + "/" + name;
  HF_ASSIGN(HttpAnswer answer, Http(call));
  if (answer.code == 200) return {};
  return Fail(ErrorKind::kInternal,
              "moto answered " + std::to_string(answer.code) + " " + answer.body.substr(0, 500));
}

Result<std::string> Moto::Python(const std::string& program, const std::vector<std::string>& args) {
  return RunPython(*service_, tools_, program, args);
}

Result<std::string> RunPython(Service& beside, const std::filesystem::path& tools,
                              const std::string& program, const std::vector<std::string>& args) {
  std::vector<std::string> argv = {tools / "moto-python", "-c", program};
  argv.insert(argv.end(), args.begin(), args.end());
  HF_ASSIGN(Ran ran, beside.RunBeside(argv, std::chrono::seconds(120)));
  if (!ran.ok()) return Fail(ErrorKind::kInternal, "Python: " + ran.ended + ": " + ran.output);
  return std::move(ran.output);
}

}  // namespace holdfast::testbed
