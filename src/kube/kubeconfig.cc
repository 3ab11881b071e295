#include "kube/kubeconfig.h"

#include <map>

#include <yaml-cpp/yaml.h>

#include "kube/text_file.h"

namespace holdfast::kube {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxCertificateFile = 1 << 20;
constexpr size_t kMaxNames = 20;

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

// One cluster, user or context, and what errors call it.
struct Entry {
  YAML::Node node;
  fs::path folder;
  std::string where;  // `cluster "a" in /root/.kube/config`

  Error Bad(std::string_view field, std::string_view what) const {
    return Error(ErrorKind::kInvalid, where + ": " + std::string(field) + " " + std::string(what));
  }
};

using Entries = std::map<std::string, Entry>;

struct Merged {
  Entries clusters, users, contexts;
  std::string current_context;
};

// Empty when the field is absent or null.
Result<std::string> Text(const Entry& entry, const char* field) {
  const YAML::Node value = entry.node[field];
  if (!value.IsDefined() || value.IsNull()) return std::string();
  if (!value.IsScalar()) return Fail(entry.Bad(field, "must be a string"));
  return value.Scalar();
}

Result<bool> Flag(const Entry& entry, const char* field) {
  const YAML::Node value = entry.node[field];
  if (!value.IsDefined() || value.IsNull()) return false;
  bool flag = false;
  if (!value.IsScalar() || !YAML::convert<bool>::decode(value, flag))
    return Fail(entry.Bad(field, "must be true or false"));
  return flag;
}

Result<std::vector<std::string>> Texts(const Entry& entry, const char* field) {
  std::vector<std::string> texts;
  const YAML::Node value = entry.node[field];
  if (!value.IsDefined() || value.IsNull()) return texts;
  if (!value.IsSequence()) return Fail(entry.Bad(field, "must be a list of strings"));
  for (const YAML::Node& item : value) {
    if (!item.IsScalar()) return Fail(entry.Bad(field, "must be a list of strings"));
    texts.push_back(item.Scalar());
  }
  return texts;
}

fs::path Absolute(const Entry& entry, const std::string& path) {
  return fs::path(path).is_absolute() ? fs::path(path) : entry.folder / path;
}

// FIELD-data (base64) or the file that FIELD names; -data wins, as in kubectl. Empty when neither.
Result<std::string> DataOrFile(const Entry& entry, const std::string& field) {
  const std::string data_field = field + "-data";
  HF_ASSIGN(std::string data, Text(entry, data_field.c_str()));
  if (!data.empty()) {
    Result<std::string> decoded = DecodeBase64(data);
    Wipe(data);
    if (!decoded) return Fail(entry.Bad(data_field, "is not base64"));
    return decoded;
  }
  HF_ASSIGN(std::string path, Text(entry, field.c_str()));
  if (path.empty()) return std::string();
  HF_ASSIGN_CONTEXT(std::string text, ReadTextFile(Absolute(entry, path), kMaxCertificateFile),
                    entry.where + ": " + field);
  return text;
}

Status AddEntries(const YAML::Node& root, const fs::path& file, const char* list, const char* field,
                  Entries& into) {
  const YAML::Node items = root[list];
  if (!items.IsDefined() || items.IsNull()) return {};
  auto bad = [&](std::string what) {
    return Fail(ErrorKind::kInvalid, file.string() + ": " + list + " " + what);
  };
  if (!items.IsSequence()) return bad("must be a list");
  Entries own;
  for (const YAML::Node& item : items) {
    if (!item.IsMap() || !item["name"].IsDefined() || !item["name"].IsScalar())
      return bad("has an entry without a name");
    std::string name = item["name"].Scalar();
    const YAML::Node body = item[field];
    bool empty = !body.IsDefined() || body.IsNull();
    Entry entry{empty ? YAML::Node(YAML::NodeType::Map) : body, file.parent_path(),
                std::string(field) + " " + Quoted(name) + " in " + file.string()};
    if (!entry.node.IsMap())
      return bad("entry " + Quoted(name) + ": " + field + " must be a mapping");
    if (!own.emplace(name, std::move(entry)).second)
      return bad("has two entries named " + Quoted(name));
  }
  into.merge(own);  // what is there already stays
  return {};
}

Status AddFile(const KubeconfigText& file, Merged& merged) {
  YAML::Node root;
  try {
    root = YAML::Load(file.text);
  } catch (const YAML::Exception& e) {
    return Fail(ErrorKind::kInvalid, file.file.string() + " is not YAML: line " +
                                         std::to_string(e.mark.line + 1) + ": " + e.msg);
  }
  if (!root.IsDefined() || root.IsNull()) return {};
  if (!root.IsMap())
    return Fail(ErrorKind::kInvalid, file.file.string() + " is not a kubeconfig: not a mapping");
  if (root["kind"].IsDefined() && !(root["kind"].IsScalar() && root["kind"].Scalar() == "Config"))
    return Fail(ErrorKind::kInvalid,
                file.file.string() + " is not a kubeconfig: kind is not Config");
  HF_TRY(AddEntries(root, file.file, "clusters", "cluster", merged.clusters));
  HF_TRY(AddEntries(root, file.file, "users", "user", merged.users));
  HF_TRY(AddEntries(root, file.file, "contexts", "context", merged.contexts));
  const YAML::Node current = root["current-context"];
  if (merged.current_context.empty() && current.IsDefined() && current.IsScalar())
    merged.current_context = current.Scalar();
  return {};
}

std::string Names(const Entries& entries) {
  std::string names;
  size_t count = 0;
  for (const auto& [name, entry] : entries) {
    if (count++ == kMaxNames) return names + ", ...";
    names += (names.empty() ? "" : ", ") + name;
  }
  return names.empty() ? "none" : names;
}

Result<const Entry*> Lookup(const Entries& entries, const std::string& name, const Entry& context,
                            const char* field) {
  auto it = entries.find(name);
  if (it != entries.end()) return &it->second;
  return Fail(Error(ErrorKind::kInvalid, context.where + " names the " + field + " " +
                                             Quoted(name) + ", which does not exist")
                  .Hint("there are: " + Names(entries)));
}

Status ReadCluster(const Entry& entry, ClientConfig::Data& data) {
  HF_ASSIGN(data.server, Text(entry, "server"));
  if (data.server.empty()) return Fail(entry.Bad("server", "is missing"));
  if (!data.server.starts_with("https://") && !data.server.starts_with("http://"))
    return Fail(entry.Bad("server", "must begin with https:// or http://"));
  while (data.server.back() == '/') data.server.pop_back();
  HF_ASSIGN(data.tls.server_name, Text(entry, "tls-server-name"));
  HF_ASSIGN(data.tls.insecure, Flag(entry, "insecure-skip-tls-verify"));
  HF_ASSIGN(data.tls.ca_pem, DataOrFile(entry, "certificate-authority"));
  data.tls.ca_origin = "certificate-authority of " + entry.where;
  if (data.tls.insecure && !data.tls.ca_pem.empty())
    return Fail(std::move(entry.Bad("certificate-authority",
                                    "and insecure-skip-tls-verify contradict each other"))
                    .Hint("remove one of the two"));
  HF_ASSIGN(data.proxy_url, Text(entry, "proxy-url"));
  if (!data.proxy_url.empty() && !data.proxy_url.starts_with("http://") &&
      !data.proxy_url.starts_with("https://") && !data.proxy_url.starts_with("socks5://"))
    return Fail(entry.Bad("proxy-url", "must begin with http://, https:// or socks5://"));
  return {};
}

Status ReadExec(const Entry& user, AuthInfo& auth) {
  const YAML::Node node = user.node["exec"];
  if (!node.IsDefined() || node.IsNull()) return {};
  if (!node.IsMap()) return Fail(user.Bad("exec", "must be a mapping"));
  Entry entry{node, user.folder, user.where + ": exec"};
  ExecConfig exec;
  HF_ASSIGN(exec.api_version, Text(entry, "apiVersion"));
  if (exec.api_version != "client.authentication.k8s.io/v1" &&
      exec.api_version != "client.authentication.k8s.io/v1beta1")
    return Fail(std::move(entry.Bad("apiVersion", "is " + Quoted(exec.api_version)))
                    .Hint("use client.authentication.k8s.io/v1 or /v1beta1; renew the kubeconfig "
                          "with a current version of the tool that wrote it"));
  HF_ASSIGN(exec.command, Text(entry, "command"));
  if (exec.command.empty()) return Fail(entry.Bad("command", "is missing"));
  if (exec.command.find('/') != std::string::npos)
    exec.command = Absolute(entry, exec.command).string();
  HF_ASSIGN(exec.args, Texts(entry, "args"));
  HF_ASSIGN(exec.install_hint, Text(entry, "installHint"));
  HF_ASSIGN(exec.provide_cluster_info, Flag(entry, "provideClusterInfo"));
  HF_ASSIGN(std::string interactive, Text(entry, "interactiveMode"));
  if (interactive == "Always")
    return Fail(std::move(entry.Bad("interactiveMode", "is Always, but nobody can be asked here"))
                    .Hint("use a plugin that works without a terminal, or a token"));
  const YAML::Node env = node["env"];
  if (env.IsDefined() && !env.IsNull()) {
    if (!env.IsSequence()) return Fail(entry.Bad("env", "must be a list"));
    for (const YAML::Node& item : env) {
      if (!item.IsMap()) return Fail(entry.Bad("env", "must be a list of name and value"));
      Entry variable{item, entry.folder, entry.where + ": env"};
      HF_ASSIGN(std::string name, Text(variable, "name"));
      HF_ASSIGN(std::string value, Text(variable, "value"));
      if (name.empty() || name.find('=') != std::string::npos)
        return Fail(variable.Bad("name", "is missing or has a ="));
      exec.env.emplace_back(std::move(name), std::move(value));
    }
  }
  auth.exec = std::move(exec);
  return {};
}

Status ReadImpersonation(const Entry& entry, AuthInfo& auth) {
  HF_ASSIGN(std::string as, Text(entry, "as"));
  HF_ASSIGN(std::string uid, Text(entry, "as-uid"));
  HF_ASSIGN(std::vector<std::string> groups, Texts(entry, "as-groups"));
  if (as.empty() && (!uid.empty() || !groups.empty()))
    return Fail(entry.Bad("as-uid and as-groups", "need as"));
  if (as.empty()) return {};
  auth.impersonate.push_back({"Impersonate-User", as});
  if (!uid.empty()) auth.impersonate.push_back({"Impersonate-Uid", uid});
  for (std::string& group : groups)
    auth.impersonate.push_back({"Impersonate-Group", std::move(group)});
  const YAML::Node extra = entry.node["as-user-extra"];
  if (!extra.IsDefined() || extra.IsNull()) return {};
  if (!extra.IsMap()) return Fail(entry.Bad("as-user-extra", "must be a mapping"));
  Entry extra_entry{extra, entry.folder, entry.where + ": as-user-extra"};
  for (const auto& pair : extra) {
    std::string key = pair.first.Scalar();
    HF_ASSIGN(std::vector<std::string> values, Texts(extra_entry, key.c_str()));
    for (std::string& value : values)
      auth.impersonate.push_back(
          {"Impersonate-Extra-" + net::PercentEncode(key), std::move(value)});
  }
  return {};
}

Status ReadUser(const Entry& entry, ClientConfig::Data& data) {
  AuthInfo& auth = data.auth;
  auth.origin = entry.where;
  if (entry.node["auth-provider"].IsDefined() && !entry.node["auth-provider"].IsNull())
    return Fail(std::move(entry.Bad("auth-provider", "is not supported"))
                    .Hint("Kubernetes dropped it for exec credential plugins; renew the kubeconfig "
                          "with a current version of the tool that wrote it"));
  HF_ASSIGN(std::string token, Text(entry, "token"));
  auth.token = SecretBytes::Take(std::move(token));
  HF_ASSIGN(std::string token_file, Text(entry, "tokenFile"));
  if (!token_file.empty()) auth.token_file = Absolute(entry, token_file).string();
  HF_ASSIGN(auth.username, Text(entry, "username"));
  HF_ASSIGN(std::string password, Text(entry, "password"));
  auth.password = SecretBytes::Take(std::move(password));
  if (!auth.username.empty() && (!auth.token.empty() || !auth.token_file.empty()))
    return Fail(std::move(entry.Bad("token and username", "are both given"))
                    .Hint("keep one way to authenticate"));
  HF_ASSIGN(data.tls.cert_pem, DataOrFile(entry, "client-certificate"));
  HF_ASSIGN(std::string key, DataOrFile(entry, "client-key"));
  data.tls.key_pem = SecretBytes::Take(std::move(key));
  if (data.tls.cert_pem.empty() != data.tls.key_pem.empty())
    return Fail(entry.Bad("client-certificate and client-key", "belong together; one is missing"));
  HF_TRY(ReadExec(entry, auth));
  return ReadImpersonation(entry, auth);
}

Result<std::optional<ClientConfig::Data>> Resolve(const std::vector<KubeconfigText>& files,
                                                  std::string_view wanted) {
  Merged merged;
  std::string names;
  for (const KubeconfigText& file : files) {
    HF_TRY(AddFile(file, merged));
    names += (names.empty() ? "" : ", ") + file.file.string();
  }
  std::string name(wanted.empty() ? merged.current_context : wanted);
  if (name.empty() && merged.contexts.empty()) return std::nullopt;
  if (name.empty())
    return Fail(Error(ErrorKind::kInvalid, names + " has no current-context")
                    .Hint("choose one with --context; there are: " + Names(merged.contexts)));
  auto it = merged.contexts.find(name);
  if (it == merged.contexts.end())
    return Fail(
        Error(ErrorKind::kInvalid, "context " + Quoted(name) + " does not exist in " + names)
            .Hint("there are: " + Names(merged.contexts)));
  const Entry& context = it->second;
  ClientConfig::Data data;
  data.origin = context.where;
  HF_ASSIGN(std::string ns, Text(context, "namespace"));
  if (!ns.empty()) data.default_namespace = ns;
  HF_ASSIGN(std::string cluster_name, Text(context, "cluster"));
  HF_ASSIGN(const Entry* cluster, Lookup(merged.clusters, cluster_name, context, "cluster"));
  HF_TRY(ReadCluster(*cluster, data));
  HF_ASSIGN(std::string user_name, Text(context, "user"));
  data.auth.origin = context.where + ", which names no user";
  if (!user_name.empty()) {
    HF_ASSIGN(const Entry* user, Lookup(merged.users, user_name, context, "user"));
    HF_TRY(ReadUser(*user, data));
  }
  return data;
}

}  // namespace

Result<std::optional<ClientConfig::Data>> ResolveKubeconfig(
    const std::vector<KubeconfigText>& files, std::string_view context) {
  try {
    return Resolve(files, context);
  } catch (const YAML::Exception& e) {
    return Fail(ErrorKind::kInvalid, std::string("kubeconfig: ") + e.what());
  }
}

}  // namespace holdfast::kube
