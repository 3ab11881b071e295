// How commands say what they take. CLI11 reads the words; it stands behind this header, as a source
// that includes CLI11 takes several times as long to compile as all that a command does.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace holdfast::cli {

// For what Command::OnChosen() was given: the program says `text` and ends with exit code 2.
[[noreturn]] void WrongUsage(const std::string& text);

// An option or argument of a command: a handle, which lives as long as its command. Every function
// returns the same option.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  Option Required() const;
  // What stands behind its name in the help: "FILE", "N [0]".
  Option Text(const std::string& text) const;
  // The heading under which the help lists it.
  Option Group(const std::string& heading) const;
  Option Excludes(Option other) const;
  // Values may also be given as one word with these between them.
  Option Delimiter(char between) const;
  // Other values are wrong usage.
  Option OneOf(const std::vector<std::string>& values) const;
  Option Between(int64_t least, int64_t most) const;
  Option NotNegative() const;
  // The help shows what its variable holds now.
  Option ShowDefault() const;

 private:
  CLI::Option* option_;
};

// A command: a handle, which lives as long as the program's parser.
class Command {
 public:
  explicit Command(CLI::App& app) : app_(&app) {}

  Command AddCommand(const std::string& name, const std::string& what) const;
  // One of its commands must be given.
  void NeedsCommand() const;
  // Printed below its help.
  void Footer(const std::string& text) const;

  // `name`: "--long", "-s,--long", or of an argument "name". `value` outlives the parsing, and is
  // left alone where the option is not given.
  Option AddOption(const std::string& name, std::string& value, const std::string& what) const;
  Option AddOption(const std::string& name, std::vector<std::string>& values,
                   const std::string& what) const;
  Option AddOption(const std::string& name, int& value, const std::string& what) const;
  Option AddOption(const std::string& name, int64_t& value, const std::string& what) const;
  Option AddOption(const std::string& name, uint64_t& value, const std::string& what) const;
  Option AddFlag(const std::string& name, bool& value, const std::string& what) const;
  // One of `choices` by its name, small letters or capitals.
  template <typename T>
  Option AddChoice(const std::string& name, T& value, const std::map<std::string, T>& choices,
                   const std::string& what) const {
    std::vector<std::string> names;
    for (const auto& [word, choice] : choices) names.push_back(word);
    return AddWord(name, names, what,
                   [&value, choices](const std::string& word) { value = choices.at(word); });
  }

  // How often the option was given.
  size_t Count(const std::string& name) const;
  // `done` is called when the words have been read and the command is the one.
  void OnChosen(std::function<void()> done) const;

 private:
  Option AddWord(const std::string& name, const std::vector<std::string>& words,
                 const std::string& what, std::function<void(const std::string&)> take) const;

  CLI::App* app_;
};

}  // namespace holdfast::cli
