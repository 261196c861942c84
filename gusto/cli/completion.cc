/// gusto completion: what a shell needs to complete command lines; and the manual page. Both are made of the commands
/// themselves, so that they always say what `--help` says.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/base/version.h"
#include "gusto/cli/command.h"

namespace gusto::cli {
namespace {

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_snames()) flags.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return flags;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::string model_names(const Session& session) {
  std::vector<std::string_view> names;
  for (const ModelInfo* info : all_models(session.models)) names.push_back(info->name);
  return join(names, " ");
}

std::string bash_completion(const CLI::App& app, const Session& session) {
  std::string text = fmt::format(R"(# bash completion of {0}: source it, or keep it where bash-completion looks.
_{0}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}}
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "{1} --help --version" -- "$current"))
    return
  fi
  case $previous in
    --model|--models|--exclude|models) COMPREPLY=($(compgen -W "{2}" -- "$current")); return ;;
    --task) COMPREPLY=($(compgen -W "ratings likes top-n" -- "$current")); return ;;
  esac
  local flags
  case ${{COMP_WORDS[1]}} in
)",
                                 app.get_name(), join(command_names(app), " "), model_names(session));
  for (const CLI::App* command : app.get_subcommands({})) {
    text += fmt::format("    {}) flags=\"{}\" ;;\n", command->get_name(), join(flags_of(*command), " "));
  }
  text += fmt::format(R"(  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}}
complete -o filenames -F _{0} {0}
)",
                      app.get_name());
  return text;
}

std::string zsh_completion(const CLI::App& app, const Session& session) {
  return fmt::format("#compdef {0}\nautoload -U +X bashcompinit && bashcompinit\n{1}", app.get_name(),
                     bash_completion(app, session));
}

std::string fish_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

std::string fish_completion(const CLI::App& app, const Session& session) {
  const std::string& program = app.get_name();
  std::string text = fmt::format("# fish completion of {}.\n", program);
  for (const CLI::App* command : app.get_subcommands({})) {
    text += fmt::format("complete -c {} -n __fish_use_subcommand -f -a {} -d {}\n", program, command->get_name(),
                        fish_quoted(command->get_description()));
  }
  for (const CLI::App* command : app.get_subcommands({})) {
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        const bool models = name == "model" || name == "models" || name == "exclude";
        text +=
            fmt::format("complete -c {} -n '__fish_seen_subcommand_from {}' -l {}{}\n", program, command->get_name(),
                        name, models ? " -x -a " + fish_quoted(model_names(session)) : std::string());
      }
    }
  }
  return text;
}

/// Text in roff: backslashes, and dots and quotation marks at the beginning of a line, mean something there.
std::string roff(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else out += c;
    line_begins = c == '\n';
  }
  return out;
}

std::string manual_page(const CLI::App& app, const Session&) {
  std::string text = fmt::format(".TH GUSTO 1 \"\" \"gusto {}\" \"User Commands\"\n.SH NAME\ngusto \\- {}\n", version(),
                                 "recommendations from ratings or clicks");
  text += ".SH SYNOPSIS\n.B gusto\n.I COMMAND\n[options]\n.SH COMMANDS\n";
  for (const CLI::App* command : app.get_subcommands({})) {
    text += fmt::format(".TP\n.B {}\n{}\n", roff(command->get_name()), roff(command->get_description()));
  }
  for (const CLI::App* command : app.get_subcommands({})) {
    std::string name = command->get_name();
    for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
    text += fmt::format(".SH {}\n.nf\n{}.fi\n", roff(name), roff(command->help()));
  }
  return text + ".SH SEE ALSO\nThe guide and the reference that are installed beside gusto, from README.md on.\n";
}

}  // namespace

void add_completion(CLI::App& app, Session& session) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = add_command(
      app,
      {.name = "completion",
       .summary = "Print what a shell needs to complete command lines.",
       .about = "For bash, zsh or fish; man prints the manual page. Both are installed with gusto.",
       .examples = {"gusto completion bash > gusto.bash", "gusto completion man > gusto.1"}},
      [shell, &app, &session] {
        using Print = std::string (*)(const CLI::App&, const Session&);
        const std::vector<std::pair<std::string_view, Print>> kinds{
            {"bash", bash_completion}, {"zsh", zsh_completion}, {"fish", fish_completion}, {"man", manual_page}};
        std::vector<std::string_view> names;
        for (const auto& [name, print] : kinds) {
          if (name == *shell) {
            fmt::print("{}", print(app, session));
            return;
          }
          names.push_back(name);
        }
        const auto nearest = nearest_name(*shell, names);
        throw Error(ErrorCode::invalid_option, fmt::format("There is no completion for {}.", quote(*shell)),
                    nearest ? fmt::format("Did you mean {}?", *nearest) : "Write bash, zsh, fish or man.");
      });
  command->add_option("SHELL", *shell, "bash, zsh, fish, or man.")->required();
}

}  // namespace gusto::cli
