/// gusto simulate: data of MovieLens' shape, with the truth behind them.

#include <chrono>
#include <cmath>
#include <memory>
#include <string>

#include <fmt/core.h>

#include "gusto/base/text.h"
#include "gusto/cli/command.h"
#include "gusto/cli/interrupt.h"
#include "gusto/cli/run.h"
#include "gusto/cli/table.h"
#include "gusto/data/simulation/simulation_truth.h"

namespace gusto::cli {
namespace {

struct SimulateFlags {
  SimulationOptions options;
  RunFlags run;
  std::string out;
};

void run_simulate(Session& session, SimulateFlags flags) {
  Run run(session, flags.run);
  flags.options.seed = flags.run.seed_or(flags.options.seed);
  const auto begin = std::chrono::steady_clock::now();
  run.context().require_memory("The simulation", writing_memory(flags.options, run.context().threads()));
  const Simulation simulation(flags.options, run.context());
  const WriteGuard guard;  // what is stopped takes away what it has written
  const TruthFigures truth = write_simulation(simulation, flags.out, run.context());
  run.clear();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const auto line = [&](std::string_view label, std::string_view text) {
    fmt::print("{}{}\n", paint(session.out, Style::bold, pad_right(label, 12)), text);
  };
  line("events", fmt::format("{} of {} users and {} items, in {}", format_count(truth.events),
                             format_count(simulation.user_count()), format_count(simulation.item_count()),
                             format_seconds(seconds)));
  line("values", fmt::format("mean {:.3f}, standard deviation {:.3f}", truth.mean, truth.deviation));
  fmt::print("\nWhat the truth itself reaches, and no model can be expected to better:\n");
  line("rmse", fmt::format("{:.4f} ± {:.4f}", truth.rmse, truth.rmse_error));
  if (truth.ndcg_users > 0) {
    line("ndcg@10", fmt::format("{:.4f} ± {:.4f}, holdout:0.2, of {} users", truth.ndcg, truth.ndcg_error,
                                format_count(truth.ndcg_users)));
  }
  fmt::print("\nNext: `gusto inspect {0}`, or `gusto compare {0}`.\n", flags.out);
}

// Spells 1e9 out. Returns a complaint, or nothing.
std::string as_count(std::string& text) {
  const auto number = parse_real(text);
  if (!number || *number < 0 || *number > 1e15 || *number != std::floor(*number)) {
    return fmt::format("{} is no count; write a whole number from 1, such as 20000 or 1e9", text);
  }
  text = fmt::format("{:.0f}", *number);
  return {};
}

}  // namespace

void add_simulate(CLI::App& app, Session& session) {
  auto flags = std::make_shared<SimulateFlags>();
  CLI::App* command = add_command(
      app,
      {.name = "simulate",
       .summary = "Make up data of MovieLens' shape, of any size, with the truth.",
       .about =
           "Writes a folder in the layout of ml-latest: ratings.csv, movies.csv, item_texts.csv with plots, and "
           "users.csv. Popularity and activity have long tails; people have tastes and biases, which change with time "
           "and go with their gender, age and occupation; films have genres, quality and plots that go with taste. The "
           "truth is written beside: all factors in truth.safetensors, and in truth.json what knowing them reaches. "
           "docs/guide/simulation.md has the formulas. Size is bounded by the disk: 27 bytes an event.",
       .examples = {"gusto simulate --out made-up",
                    "gusto simulate --users 1000 --items 500 --events 50000 --out small",
                    "gusto simulate --exposure 1 --seed 7 --out biased",
                    "gusto simulate --users 9000 --items 4000 --events 90000 --counts --out plays"}},
      [flags, &session] { run_simulate(session, *flags); });
  SimulationOptions& options = flags->options;
  command->add_option("--out", flags->out, "Folder to write; made if it is missing, else it must be empty.")
      ->type_name("FOLDER")
      ->required();
  const auto count = [&](const char* name, std::uint64_t& value, const char* help) {
    command->add_option(name, value, help)->type_name("N")->transform(CLI::Validator(as_count, ""));
  };
  count("--users", options.users, "How many people. Default: 6040.");
  count("--items", options.items, "How many films. Default: 3883.");
  count("--events", options.events, "How many ratings, exactly. Default: 1000209.");
  count("--dim", options.dim, "Coordinates of a taste. Default: 14.");
  command
      ->add_option("--noise", options.noise,
                   "How far ratings are from opinions, in stars: a standard deviation. Default: 0.82.")
      ->type_name("X");
  command
      ->add_option("--drift", options.drift, "How strongly tastes, biases and popularity change with time. Default: 1.")
      ->type_name("X");
  command
      ->add_option("--exposure", options.exposure,
                   "How much more likely people rate what they will rate high: exposure bias. Default: 0.")
      ->type_name("X");
  command->add_option("--tail", options.tail, "How unequal items' popularity is; 0: all are alike. Default: 1.")
      ->type_name("X");
  command
      ->add_option("--choosiness", options.choosiness,
                   "How much of people's choices is taste; 0: nothing is. Default: 1.")
      ->type_name("X");
  count("--groups", options.groups,
        "Groups of people with a taste in common, two by two of opposite tastes. Default: 0, each has their own.");
  command->add_flag("--counts", options.counts, "Count plays instead of rating: whole numbers with a long tail.");
  add_run_flags(command, flags->run, Seeded::yes);
}

}  // namespace gusto::cli
