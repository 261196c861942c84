#include "gusto/cli/run_command.h"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "gusto/base/cpu_level.h"
#include "gusto/base/error.h"
#include "gusto/base/version.h"
#include "gusto/cli/command.h"
#include "gusto/cli/flag_names.h"
#include "gusto/cli/interrupt.h"

namespace gusto::cli {
namespace {

constexpr int kFailure = 1;
constexpr int kBadUsage = 2;
constexpr std::string_view kWriteElsewhere =
    "Whoever reads it has closed it, or its disk is full: let the reader read to the end, or write into another file.";

int exit_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_option:
    case ErrorCode::invalid_input:
    case ErrorCode::not_found:
    case ErrorCode::unsupported:
    case ErrorCode::empty_dataset:
    case ErrorCode::not_finite:
    case ErrorCode::corrupt_file: return kBadUsage;
    case ErrorCode::out_of_memory:
    case ErrorCode::out_of_time:
    case ErrorCode::canceled:
    case ErrorCode::io:
    case ErrorCode::internal: return kFailure;
  }
  return kFailure;
}

void complain(const Session& session, const std::string& message, const std::string& hint = {}) {
  std::fflush(stdout);
  fmt::print(stderr, "{} {}\n", paint(session.err, Style::bad, session.program + ":"), harmless(message));
  if (!hint.empty()) fmt::print(stderr, "{}\n", harmless(hint));
}

/// As it was called, without its folder.
std::string program_name(int argc, char** argv) {
  return argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "gusto";
}

int run(int argc, char** argv, FurtherModels models) {
  Session session;
  session.program = program_name(argc, argv);
  session.models = models;
  session.out = terminal_of(stdout);
  session.err = terminal_of(stderr);
  const StopSignals stop_signals(session.cancel);

  CLI::App app("gusto: recommendations from ratings or clicks, and an honest comparison of models.", session.program);
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("-h,--help", "Show this help; `gusto COMMAND --help` tells about one command.");
  app.set_version_flag("--version", "gusto", "Print the version.");
  app.require_subcommand(0, 1);
  app.footer(
      "Start with `gusto demo`: it needs no data of your own.\n"
      "Exit status: 0 done, 1 failure, 2 a mistake in the command or its input.\n");
  add_demo(app, session);
  add_compare(app, session);
  add_train(app, session);
  add_update(app, session);
  add_evaluate(app, session);
  add_predict(app, session);
  add_recommend(app, session);
  add_similar(app, session);
  add_chart(app, session);
  add_explain(app, session);
  add_export(app, session);
  add_index(app, session);
  add_fetch(app, session);
  add_inspect(app, session);
  add_convert(app, session);
  add_models(app, session);
  add_simulate(app, session);
  add_doctor(app, session);
  add_completion(app, session);

  // `gusto help train` is what people type who have not read the help yet.
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (!arguments.empty() && arguments.front() == "help") {
    arguments.erase(arguments.begin());
    arguments.emplace_back("--help");
  }
  if (arguments.empty()) arguments.emplace_back("--help");

  try {
    if (const char* level = std::getenv("GUSTO_CPU_LEVEL"); level != nullptr) force_cpu_level(level);
    static_cast<void>(all_models(models));
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
  } catch (const CLI::CallForVersion&) {
    fmt::print("gusto {}\n", version());
  } catch (const CLI::ParseError& error) {
    complain(session, describe_parse_error(app, error));
    return kBadUsage;
  } catch (const Error& error) {
    complain(session, with_flags(error.message()), with_flags(error.hint()));
    return exit_status(error.code());
  } catch (const std::bad_alloc&) {
    complain(session, "The system has no memory left.", "Choose a smaller model or fewer data.");
    return kFailure;
  } catch (const std::exception& error) {
    complain(session, fmt::format("A defect in gusto: {}.", error.what()),
             "Please report it with the command you typed.");
    return kFailure;
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    complain(session, "Standard output could not be written in full.", std::string(kWriteElsewhere));
    return kFailure;
  }
  return 0;
}

}  // namespace
}  // namespace gusto::cli

namespace gusto {

int run_command(int argc, char** argv, FurtherModels models) { return cli::run(argc, argv, models); }

}  // namespace gusto
