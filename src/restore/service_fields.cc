#include "restore/service_fields.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/json_canonical.h"
#include "base/json_edit.h"
#include "base/json_scan.h"

namespace holdfast::restore {
namespace {

bool IsHeadless(std::string_view service) {
  return json::FindString(service, {"spec", "clusterIP"}) == "None";
}

bool HasAddress(std::string_view service) {
  return !json::FindString(service, {"spec", "clusterIP"}).value_or("").empty();
}

// What tells the ports of one Service apart: "TCP/80".
std::string PortKey(std::string_view port) {
  return json::FindString(port, {"protocol"}).value_or("TCP") + "/" +
         std::string(json::Find(port, {"port"}).value_or(""));
}

// 0 counts as none.
std::string NodePortOf(std::string_view port) {
  std::string text(json::Find(port, {"nodePort"}).value_or(""));
  return text == "0" || text == "null" ? std::string() : text;
}

// The node port of the port with that key; empty: none.
std::string NodePortFor(std::string_view service, const std::string& key) {
  auto ports = json::Find(service, {"spec", "ports"});
  if (!ports) return {};
  for (json::ArrayReader reader(*ports); auto port = reader.Next();)
    if (PortKey(*port) == key) return NodePortOf(*port);
  return {};
}

// Every element of spec.ports through `edit(index, port)`.
template <typename Edit>
std::string EditPorts(std::string service, const Edit& edit) {
  auto ports = json::Find(service, {"spec", "ports"});
  if (!ports || json::TypeOf(*ports) != json::Type::kArray) return service;
  std::string out = "[";
  size_t i = 0;
  for (json::ArrayReader reader(*ports); auto port = reader.Next(); ++i) {
    if (i != 0) out += ',';
    out += edit(i, *port);
  }
  return json::SetPath(service, {"spec", "ports"}, out + "]");
}

std::string WithoutSpec(std::string service, std::string_view key) {
  return json::RemovePath(service, {"spec", key});
}

std::string SpecOfLive(std::string service, std::string_view live, std::string_view key) {
  auto value = json::Find(live, {"spec", key});
  return value ? json::SetPath(service, {"spec", key}, *value)
               : WithoutSpec(std::move(service), key);
}

bool IsLeft(const LeftFields& left, LeftFields::Field field) { return (left.fields & field) != 0; }

bool PortIsLeft(const LeftFields& left, size_t i) {
  return IsLeft(left, LeftFields::kAllNodePorts) ||
         std::find(left.node_ports.begin(), left.node_ports.end(), i) != left.node_ports.end();
}

// The n of "spec.ports[n].nodePort" in the text.
std::optional<size_t> PortIndexIn(std::string_view message) {
  constexpr std::string_view kPorts = "spec.ports[";
  size_t at = message.find(kPorts);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = message.substr(at + kPorts.size());
  size_t index = 0;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), index);
  if (error != std::errc()) return std::nullopt;
  rest.remove_prefix(static_cast<size_t>(end - rest.data()));
  return rest.starts_with("].nodePort") ? std::optional(index) : std::nullopt;
}

// The range is in no object, and a dry run does not look at it. The server has chosen the live
// port: where that is inside Kubernetes' default range and the archived one is not, or the other
// way round, the archived one is of a server with another range.
bool MayBeInRange(const std::string& archived, const std::string& live) {
  auto in_default = [](const std::string& port) {
    return port.size() == 5 && port >= "30000" && port <= "32767";
  };
  return live.empty() || in_default(archived) == in_default(live);
}

}  // namespace

std::string ComparedService(std::string_view original) {
  std::string service(original);
  if (!IsHeadless(service)) service = WithoutSpec(std::move(service), "clusterIP");
  for (std::string_view key : {"clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"})
    service = WithoutSpec(std::move(service), key);
  return EditPorts(std::move(service), [](size_t, std::string_view port) {
    return json::RemoveKeys(port, {"nodePort"});
  });
}

bool NodePortsDiffer(std::string_view archived, std::string_view live) {
  auto ports = json::Find(archived, {"spec", "ports"});
  if (!ports) return false;
  for (json::ArrayReader reader(*ports); auto port = reader.Next();) {
    std::string wanted = NodePortOf(*port);
    std::string is = NodePortFor(live, PortKey(*port));
    if (!wanted.empty() && wanted != is && MayBeInRange(wanted, is)) return true;
  }
  return false;
}

std::string WithNodePortsOf(std::string_view archived, std::string_view live) {
  return EditPorts(std::string(live), [&](size_t, std::string_view port) {
    std::string wanted = NodePortFor(archived, PortKey(port));
    return wanted.empty() ? std::string(port) : json::SetKey(port, "nodePort", wanted);
  });
}

std::string ServiceToCreate(std::string service, const LeftFields& left) {
  if (IsLeft(left, LeftFields::kIpFamilies)) {
    service = WithoutSpec(std::move(service), "ipFamilies");
    service = WithoutSpec(std::move(service), "ipFamilyPolicy");
  }
  // An address belongs to a family: it goes with the families. Headless Services have none.
  bool addresses = IsLeft(left, LeftFields::kClusterIps) || IsLeft(left, LeftFields::kIpFamilies);
  if (addresses && !IsHeadless(service)) {
    service = WithoutSpec(std::move(service), "clusterIP");
    service = WithoutSpec(std::move(service), "clusterIPs");
  }
  if (IsLeft(left, LeftFields::kHealthCheckPort))
    service = WithoutSpec(std::move(service), "healthCheckNodePort");
  return EditPorts(std::move(service), [&](size_t i, std::string_view port) {
    return PortIsLeft(left, i) ? json::RemoveKeys(port, {"nodePort"}) : std::string(port);
  });
}

std::string ServiceToUpdate(std::string service, std::string_view live, const LeftFields& left) {
  bool headless = IsHeadless(service);
  if (!HasAddress(service) || !HasAddress(live) || headless != IsHeadless(live)) {
    // From or to a Service without an address: as if it were made anew. What the server does not
    // allow it refuses by name.
    return ServiceToCreate(std::move(service), left);
  }
  for (std::string_view key : {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"})
    service = SpecOfLive(std::move(service), live, key);
  if (json::Find(service, {"spec", "healthCheckNodePort"}) &&
      json::Find(live, {"spec", "healthCheckNodePort"}))
    service = SpecOfLive(std::move(service), live, "healthCheckNodePort");
  return EditPorts(std::move(service), [&](size_t i, std::string_view port) {
    if (!PortIsLeft(left, i)) return std::string(port);
    std::string kept = NodePortFor(live, PortKey(port));
    return kept.empty() ? json::RemoveKeys(port, {"nodePort"})
                        : json::SetKey(port, "nodePort", kept);
  });
}

bool LeaveServiceField(std::string_view message, LeftFields& left) {
  LeftFields more = left;
  auto names = [&](std::string_view field) {
    return message.find(field) != std::string_view::npos;
  };
  if (names("spec.healthCheckNodePort") || names("healthCheckNodePort"))
    more.fields |= LeftFields::kHealthCheckPort;
  if (auto index = PortIndexIn(message)) {
    if (!PortIsLeft(more, *index)) more.node_ports.push_back(*index);
  } else if (names("nodePort")) {
    more.fields |= LeftFields::kAllNodePorts;
  }
  if (names("spec.ipFamil")) more.fields |= LeftFields::kIpFamilies;
  if (names("spec.clusterIP")) more.fields |= LeftFields::kClusterIps;
  if (more == left) return false;
  left = std::move(more);
  return true;
}

std::vector<std::string> ServiceFieldsLeft(std::string_view archived, std::string_view live) {
  std::vector<std::string> out;
  auto say = [&](const std::string& path, std::string_view is, std::string_view was) {
    out.push_back(path + " is " + (is.empty() ? "not set" : std::string(is)) + ", archived " +
                  std::string(was));
  };
  for (std::string_view key :
       {"clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"}) {
    auto was = json::Find(archived, {"spec", key});
    auto is = json::Find(live, {"spec", key});
    if (!was || *was == "0") continue;
    if (is && json::Canonical(*is) == json::Canonical(*was)) continue;
    say("spec." + std::string(key), is.value_or(""), *was);
  }
  // Archives of servers before 1.20 have clusterIP alone.
  if (!json::Find(archived, {"spec", "clusterIPs"})) {
    auto was = json::Find(archived, {"spec", "clusterIP"});
    auto is = json::Find(live, {"spec", "clusterIP"});
    if (was && is != was) say("spec.clusterIP", is.value_or(""), *was);
  }
  auto ports = json::Find(archived, {"spec", "ports"});
  if (!ports) return out;
  size_t i = 0;
  for (json::ArrayReader reader(*ports); auto port = reader.Next(); ++i) {
    std::string was = NodePortOf(*port), is = NodePortFor(live, PortKey(*port));
    if (!was.empty() && was != is) say("spec.ports[" + std::to_string(i) + "].nodePort", is, was);
  }
  return out;
}

}  // namespace holdfast::restore
