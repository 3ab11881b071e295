#include "cli/command.h"

#include <utility>

#include <CLI/CLI.hpp>

namespace holdfast::cli {

void WrongUsage(const std::string& text) { throw CLI::ValidationError(text); }

Option Option::Required() const { return Option(option_->required()); }
Option Option::Text(const std::string& text) const { return Option(option_->option_text(text)); }
Option Option::Group(const std::string& heading) const { return Option(option_->group(heading)); }
Option Option::Excludes(Option other) const { return Option(option_->excludes(other.option_)); }
Option Option::Delimiter(char between) const { return Option(option_->delimiter(between)); }
Option Option::OneOf(const std::vector<std::string>& values) const {
  return Option(option_->check(CLI::IsMember(values).description("")));
}
Option Option::Between(int64_t least, int64_t most) const {
  return Option(option_->check(CLI::Range(least, most).description("")));
}
Option Option::NotNegative() const { return Option(option_->check(CLI::NonNegativeNumber)); }
Option Option::ShowDefault() const { return Option(option_->capture_default_str()); }

Command Command::AddCommand(const std::string& name, const std::string& what) const {
  return Command(*app_->add_subcommand(name, what));
}
void Command::NeedsCommand() const { app_->require_subcommand(1); }
void Command::Footer(const std::string& text) const { app_->footer(text); }

Option Command::AddOption(const std::string& name, std::string& value,
                          const std::string& what) const {
  return Option(app_->add_option(name, value, what));
}
Option Command::AddOption(const std::string& name, std::vector<std::string>& values,
                          const std::string& what) const {
  return Option(app_->add_option(name, values, what));
}
Option Command::AddOption(const std::string& name, int& value, const std::string& what) const {
  return Option(app_->add_option(name, value, what));
}
Option Command::AddOption(const std::string& name, int64_t& value, const std::string& what) const {
  return Option(app_->add_option(name, value, what));
}
Option Command::AddOption(const std::string& name, uint64_t& value, const std::string& what) const {
  return Option(app_->add_option(name, value, what));
}
Option Command::AddFlag(const std::string& name, bool& value, const std::string& what) const {
  return Option(app_->add_flag(name, value, what));
}

Option Command::AddWord(const std::string& name, const std::vector<std::string>& words,
                        const std::string& what,
                        std::function<void(const std::string&)> take) const {
  auto* option = app_->add_option_function<std::string>(name, std::move(take), what);
  return Option(option->transform(CLI::IsMember(words, CLI::ignore_case).description("")));
}

size_t Command::Count(const std::string& name) const { return app_->count(name); }
void Command::OnChosen(std::function<void()> done) const { app_->callback(std::move(done)); }

}  // namespace holdfast::cli
