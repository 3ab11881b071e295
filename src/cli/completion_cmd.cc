#include <map>

#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/common.h"

namespace holdfast::cli {
namespace {

// A command by its words ("resource-set lint") and what may stand behind them.
struct Words {
  std::vector<std::string> commands;
  std::vector<std::string> options;
  bool takes_archive = false;
};

void Collect(const CLI::App& app, const std::string& path, std::map<std::string, Words>& out) {
  Words& words = out[path];
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words.options.push_back("--" + name);
    words.takes_archive = words.takes_archive || option->get_name(true, false) == "archive";
  }
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    words.commands.push_back(child->get_name());
    Collect(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), out);
  }
}

std::string Join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// Bash: a case per command path. Files are completed where nothing of ours fits.
std::string Bash(const std::map<std::string, Words>& all) {
  std::string text =
      "_holdfast() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} path='' i store=./backups\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    [[ ${COMP_WORDS[i]} == --store ]] && store=${COMP_WORDS[i+1]}\n"
      "    case \"${path:+$path }${COMP_WORDS[i]}\" in\n";
  for (const auto& [path, words] : all)
    if (!path.empty()) text += "      '" + path + "') path='" + path + "' ;;\n";
  text +=
      "    esac\n"
      "  done\n"
      "  local commands='' options='' archives=''\n"
      "  case $path in\n";
  for (const auto& [path, words] : all) {
    text += "    '" + path + "') commands='" + Join(words.commands) + "' options='" +
            Join(words.options) + "'";
    if (words.takes_archive)
      text +=
          " archives=$(holdfast list --store \"$store\" 2>/dev/null | awk 'NR > 1 {print $NF}')";
    text += " ;;\n";
  }
  text +=
      "  esac\n"
      "  case ${COMP_WORDS[COMP_CWORD-1]} in\n"
      "    --store|--kubeconfig|--encryption-config|--resource-set) return ;;\n"
      "    -o|--output) options='' commands='text json yaml' archives='' ;;\n"
      "  esac\n"
      "  [[ $word == -* ]] && { commands=''; archives=''; } || options=''\n"
      "  mapfile -t COMPREPLY < <(compgen -W \"$commands $options $archives\" -- \"$word\")\n"
      "}\n"
      "complete -o default -F _holdfast holdfast\n";
  return text;
}

// Zsh reads bash's completion through its own layer for it.
std::string Zsh(const std::map<std::string, Words>& all) {
  return "#compdef holdfast\nautoload -U +X bashcompinit && bashcompinit\n" + Bash(all);
}

std::string Fish(const std::map<std::string, Words>& all) {
  std::string text = "complete -c holdfast -f\n";
  for (const auto& [path, words] : all) {
    std::string last = path.substr(path.rfind(' ') + 1);
    std::string here =
        path.empty() ? "__fish_use_subcommand" : "__fish_seen_subcommand_from " + last;
    for (const std::string& command : words.commands)
      text += "complete -c holdfast -n '" + here + "' -a " + command + "\n";
    for (const std::string& option : words.options)
      text += "complete -c holdfast -n '" + here + "' -F -l " + option.substr(2) + "\n";
    if (words.takes_archive)
      text += "complete -c holdfast -n '" + here +
              "' -a '(holdfast list 2>/dev/null | awk \"NR > 1 {print \\$NF}\")'\n";
  }
  return text;
}

}  // namespace

void AddCompletionCommand(CLI::App& app, Session& session) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print a completion script for your shell");
  command->footer(
      "Examples:\n"
      "  source <(holdfast completion bash)\n"
      "  holdfast completion zsh > \"${fpath[1]}/_holdfast\"\n"
      "  holdfast completion fish > ~/.config/fish/completions/holdfast.fish");
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->option_text("bash|zsh|fish")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""));
  command->callback([shell, &app, &session] {
    session.action = [shell, &app](Session& s) -> Status {
      std::map<std::string, Words> all;
      Collect(app, "", all);
      s.out << (*shell == "bash" ? Bash(all) : *shell == "zsh" ? Zsh(all) : Fish(all));
      return {};
    };
  });
}

}  // namespace holdfast::cli
