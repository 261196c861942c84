#pragma once

/// The frame that every subcommand stands in: one file each, which declares its flags, and a function that parses
/// nothing more, calls the library and prints.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "gusto/base/context.h"
#include "gusto/cli/terminal.h"
#include "gusto/models/registry.h"

namespace gusto::cli {

/// What the process as a whole has: its streams, the flag that Ctrl-C sets, its name, and models beside the registry's.
struct Session {
  Terminal out;
  Terminal err;
  CancelToken cancel;
  std::string program;
  FurtherModels models;
};

/// How a subcommand introduces itself.
struct Introduction {
  std::string_view name;
  std::string_view summary;                ///< one line, for the list of commands
  std::string_view about;                  ///< a paragraph for its own help
  std::vector<std::string_view> examples;  ///< whole command lines
};

/// Adds a subcommand that calls `run` once its flags are parsed.
CLI::App* add_command(CLI::App& app, const Introduction& introduction, std::function<void()> run);

/// --json, with or without a file: where an answer goes as JSON, "-" for standard output; empty if it isn't given.
CLI::Option* add_json_flag(CLI::App* command, std::string& file);

/// Help that fits 80 columns: summary, usage, arguments, options by group, examples.
class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
};

/// The sentence for a command line that does not parse, with the nearest name where one was meant.
std::string describe_parse_error(const CLI::App& app, const CLI::ParseError& error);

void add_demo(CLI::App& app, Session& session);
void add_compare(CLI::App& app, Session& session);
void add_train(CLI::App& app, Session& session);
void add_update(CLI::App& app, Session& session);
void add_evaluate(CLI::App& app, Session& session);
void add_predict(CLI::App& app, Session& session);
void add_recommend(CLI::App& app, Session& session);
void add_similar(CLI::App& app, Session& session);
void add_chart(CLI::App& app, Session& session);
void add_explain(CLI::App& app, Session& session);
void add_export(CLI::App& app, Session& session);
void add_index(CLI::App& app, Session& session);
void add_fetch(CLI::App& app, Session& session);
void add_inspect(CLI::App& app, Session& session);
void add_convert(CLI::App& app, Session& session);
void add_models(CLI::App& app, Session& session);
void add_simulate(CLI::App& app, Session& session);
void add_doctor(CLI::App& app, Session& session);
void add_completion(CLI::App& app, Session& session);

}  // namespace gusto::cli
