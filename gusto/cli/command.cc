#include "gusto/cli/command.h"

#include <utility>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"

namespace gusto::cli {
namespace {

constexpr std::size_t kNameWidth = 22;

/// "  name      text …", with the text wrapped into its own column.
std::string entry(std::string_view name, std::string_view text) {
  std::string result = "  " + std::string(name);
  const std::vector<std::string> lines = wrap(text, kMaxWidth - kNameWidth - 2);
  std::size_t column = display_width(result);
  if (column + 2 > kNameWidth + 2) {
    result += '\n';
    column = 0;
  }
  for (const std::string& line : lines) {
    result += std::string(kNameWidth + 2 - column, ' ') + line + '\n';
    column = 0;
  }
  return result;
}

std::string names_of(const CLI::Option& option) {
  std::string names;
  for (const std::string& name : option.get_snames()) names += "-" + name + ", ";
  for (const std::string& name : option.get_lnames()) names += "--" + name + ", ";
  names.resize(names.size() - 2);
  if (const std::string type = option.get_type_name(); !type.empty()) names += " " + type;
  return names;
}

std::string usage(const CLI::App& app, const std::string& parent) {
  std::string line = "Usage: " + (parent.empty() ? std::string() : parent + " ") + app.get_name();
  if (app.get_parent() == nullptr) return line + " COMMAND [options]\n";
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional()) continue;
    const std::string& name = option->get_name();
    line += option->get_required() ? " " + name : " [" + name + "]";
  }
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional() && option->get_required()) line += " " + names_of(*option);
  }
  return line + " [options]\n";
}

}  // namespace

CLI::App* add_command(CLI::App& app, const Introduction& introduction, std::function<void()> run) {
  CLI::App* command = app.add_subcommand(std::string(introduction.name), std::string(introduction.summary));
  std::string footer;
  for (const std::string& line : wrap(introduction.about, kMaxWidth)) footer += line + '\n';
  footer += "\nExamples:\n";
  for (const std::string_view example : introduction.examples) {
    constexpr std::string_view kProgram = "gusto ";
    footer += example.starts_with(kProgram) ? fmt::format("  {} {}\n", app.get_name(), example.substr(kProgram.size()))
                                            : fmt::format("  {}\n", example);
  }
  command->footer(footer);
  command->set_help_flag("-h,--help", "Show this help.");
  command->callback(std::move(run));
  return command;
}

CLI::Option* add_json_flag(CLI::App* command, std::string& file) {
  return command
      ->add_option(
          "--json", file,
          "Give the answer as JSON, as docs/reference/json.md describes: into a file beside what is printed, or "
          "without one on standard output instead.")
      ->expected(0, 1)
      ->default_str("-")
      ->type_name("[FILE]")
      ->group("Output");
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode) const {
  // CLI11 gives the names of all parents, and for a subcommand its own too.
  std::string parent = std::move(name);
  if (app->get_parent() != nullptr) parent = app->get_parent()->get_name();
  else parent.clear();
  std::string text;
  for (const std::string& line : wrap(app->get_description(), kMaxWidth)) text += line + "\n";
  text += "\n" + usage(*app, parent);

  if (app->get_parent() == nullptr) {
    text += "\nCommands:\n";
    for (const CLI::App* command : app->get_subcommands({}))
      text += entry(command->get_name(), command->get_description());
  }
  bool first = true;
  for (const CLI::Option* option : app->get_options()) {
    if (!option->get_positional()) continue;
    if (std::exchange(first, false)) text += "\nArguments:\n";
    text += entry(option->get_name(), option->get_description());
  }
  for (const std::string& group : app->get_groups()) {
    std::string options;
    for (const CLI::Option* option : app->get_options()) {
      if (option->nonpositional() && option->get_group() == group) {
        options += entry(names_of(*option), option->get_description());
      }
    }
    if (!options.empty()) text += "\n" + group + ":\n" + options;
  }
  text += "\n" + app->get_footer();
  return text.substr(0, text.find_last_not_of('\n') + 1) + '\n';
}

std::string describe_parse_error(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  const CLI::App& scope = chosen.empty() ? app : *chosen.back();
  const std::string where = app.get_name() + (chosen.empty() ? "" : " " + scope.get_name());
  const std::string see = fmt::format(" See `{} --help`.", where);

  const std::vector<std::string> unknown = app.remaining(true);
  if (unknown.empty()) {
    std::string sentence = error.what();
    if (sentence.empty() || sentence.back() != '.') sentence += '.';
    return sentence + see;
  }
  std::vector<std::string> names;
  std::string kind = "argument";
  std::string typed = unknown.front();
  if (typed.starts_with("-") && typed.size() > 1) {
    kind = "option";
    typed = typed.substr(0, typed.find('='));
    for (const CLI::Option* option : scope.get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  } else if (chosen.empty()) {
    kind = "command";
    for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  } else {
    return fmt::format("Unexpected argument {} after {}; quote arguments that contain spaces.{}", quote(typed), where,
                       see);
  }
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const auto nearest = nearest_name(typed, candidates);
  return fmt::format("{} has no {} {}.{}{}", where, kind, quote(typed),
                     nearest ? fmt::format(" Did you mean {}?", *nearest) : std::string(), see);
}

}  // namespace gusto::cli
