#include "testbed/toxiproxy.h"

#include <nlohmann/json.hpp>

#include "testbed/http.h"
#include "testbed/tools.h"

namespace holdfast::testbed {

using Json = nlohmann::json;

Result<std::unique_ptr<Toxiproxy>> Toxiproxy::Start(std::filesystem::path tools) {
  if (tools.empty()) {
    HF_ASSIGN(tools, FindTools({"toxiproxy"}));
  }
  std::unique_ptr<Toxiproxy> proxy(new Toxiproxy());
  ServiceSpec spec;
  spec.name = "toxiproxy";
  spec.argv = [program = tools / "toxiproxy"](const std::filesystem::path&, uint16_t port) {
    return std::vector<std::string>{program, "-host", "127.0.0.1", "-port", std::to_string(port)};
  };
  spec.is_ready = [](uint16_t port) {
    HttpCall call;
    call.url = "http://127.0.0.1:" + std::to_string(port) + "/version";
    auto answer = Http(call);
    return answer && answer->code == 200;
  };
  HF_ASSIGN(proxy->service_, Service::Start(std::move(spec)));
  return proxy;
}

Result<std::string> Toxiproxy::Post(const std::string& path, const std::string& body) {
  HttpCall call;
  call.method = "POST";
  call.url = "http://127.0.0.1:" + std::to_string(service_->port()) + path;
  call.body = body;
  HF_ASSIGN(HttpAnswer answer, Http(call));
  if (answer.code / 100 == 2) return std::move(answer.body);
  return Fail(ErrorKind::kInternal,
              "toxiproxy: POST " + path + ": " + std::to_string(answer.code) + " " + answer.body);
}

Result<uint16_t> Toxiproxy::AddProxy(const std::string& name, uint16_t upstream) {
  Json request = {{"name", name},
                  {"listen", "127.0.0.1:0"},
                  {"upstream", "127.0.0.1:" + std::to_string(upstream)},
                  {"enabled", true}};
  HF_ASSIGN(std::string body, Post("/proxies", request.dump()));
  std::string listen = Json::parse(body, nullptr, false).value("listen", "");
  return static_cast<uint16_t>(std::stoi(listen.substr(listen.rfind(':') + 1)));
}

Status Toxiproxy::AddToxic(const std::string& proxy, const std::string& type,
                           const std::string& stream, const std::string& attributes,
                           double toxicity) {
  Json request = {{"type", type},
                  {"stream", stream},
                  {"toxicity", toxicity},
                  {"attributes", Json::parse(attributes, nullptr, false)}};
  HF_TRY(Post("/proxies/" + proxy + "/toxics", request.dump()));
  return {};
}

Status Toxiproxy::Reset() {
  HF_TRY(Post("/reset", ""));
  return {};
}

Status Toxiproxy::SetEnabled(const std::string& proxy, bool enabled) {
  HF_TRY(Post("/proxies/" + proxy, Json{{"enabled", enabled}}.dump()));
  return {};
}

}  // namespace holdfast::testbed
