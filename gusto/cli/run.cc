#include "gusto/cli/run.h"

#include <fmt/core.h>

#include "gusto/base/error.h"
#include "gusto/base/text.h"
#include "gusto/eval/metrics.h"
#include "gusto/eval/stopwatch.h"

namespace gusto::cli {
namespace {

constexpr std::size_t kResultLabel = 18;
// In seconds: what is said beforehand to take so long, and how long a pace is watched first.
constexpr double kLongFit = 60;
constexpr double kPaceSeconds = 3;

ProgressMode progress_mode(const Session& session, const RunFlags& flags) {
  if (flags.quiet) return ProgressMode::none;
  return session.err.interactive ? ProgressMode::bar : ProgressMode::lines;
}

std::uint64_t memory_limit(const std::string& text) {
  if (text.empty()) return 0;
  if (const auto bytes = parse_bytes(text); bytes && *bytes > 0) return *bytes;
  throw Error(ErrorCode::invalid_option, fmt::format("--memory {} is no size.", quote(text)),
              "Write a number with a unit, such as 512M or 8G.");
}

}  // namespace

void add_run_flags(CLI::App* command, RunFlags& flags, Seeded seeded) {
  if (seeded == Seeded::yes) {
    command
        ->add_option("--seed", flags.seed,
                     "Seed of every random draw; the same seed gives the same result. Default: 42.")
        ->type_name("N")
        ->check([](const std::string& text) {
          return text.starts_with('-') ? fmt::format("{} is no seed; write a whole number from 0", text)
                                       : std::string();
        })
        ->group("Running");
  }
  command
      ->add_option("--threads", flags.threads,
                   "Threads to use; results do not depend on it. Default: all that this process may use.")
      ->type_name("N")
      ->group("Running")
      ->check(CLI::Range(1U, 1024U).description(""));
  command
      ->add_option(
          "--memory", flags.memory,
          "Memory that may be taken, such as 512M or 8G: events that need more than half of it are kept on disk, and "
          "a model that needs more is refused before it starts. Default: the container's or the machine's.")
      ->type_name("SIZE")
      ->group("Running");
  command->add_flag("--quiet", flags.quiet, "Show no progress.")->group("Running");
}

Run::Run(Session& session, const RunFlags& flags)
    : terminal_(session.err),
      models_(session.models),
      mode_(progress_mode(session, flags)),
      bar_(stderr, session.err, mode_),
      context_({.threads = flags.threads,
                .memory_limit = memory_limit(flags.memory),
                .cancel = &session.cancel,
                .progress = [this](const ProgressEvent& event) {
                  tell_duration(event);
                  ProgressEvent shown = event;
                  if (!stage_.empty()) shown.stage = stage_;
                  bar_.show(shown);
                }}) {}

void Run::begin_fit(std::string stage, std::string model) {
  stage_ = std::move(stage);
  fitted_ = std::move(model);
  fitted_from_ = std::chrono::steady_clock::now();
}

// An estimate of the model's own comes before it begins; else its pace tells, after a while.
void Run::tell_duration(const ProgressEvent& event) {
  if (fitted_.empty() || !event.seconds_left || mode_ == ProgressMode::none) return;
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - fitted_from_).count();
  const double whole = elapsed + *event.seconds_left;
  if (event.done > 0 && elapsed < kPaceSeconds) return;
  if (whole > kLongFit) say(fmt::format("Training {} will take about {}.", fitted_, format_about(whole)));
  fitted_.clear();
}

void Run::progress(std::string_view stage, std::size_t done, std::size_t total) {
  bar_.show({.stage = stage, .done = done, .total = total});
}

void Run::say(std::string_view text) {
  clear();
  for (const std::string& line : wrap(text, terminal_.width)) fmt::print(stderr, "{}\n", line);
}

CompareObserver Run::observer(const Experiment& experiment) {
  std::vector<std::string> labels;
  for (const CompareEntry& entry : experiment.entries) labels.push_back(entry.label);
  auto fold_names = std::make_shared<std::vector<std::string>>();
  const auto name = [labels, fold_names](std::size_t entry, std::size_t fold) {
    const std::string place = labels.size() > 1 ? fmt::format("{} of {} ", entry + 1, labels.size()) : "";
    return place + (fold_names->size() > 1 ? (*fold_names)[fold] + " " : std::string()) + labels[entry];
  };
  CompareObserver observer;
  observer.on_split = [fold_names](const Split& split) {
    for (const Fold& fold : split.folds) fold_names->push_back(fold.name);
  };
  observer.on_fit = [this, name, labels](std::size_t entry, std::size_t fold) {
    begin_fit(name(entry, fold), labels[entry]);
    progress(stage_);
  };
  observer.on_score = [this, name](std::size_t entry, std::size_t fold) {
    set_stage(name(entry, fold) + " measured");
    progress(stage_);
  };
  if (mode_ != ProgressMode::bar || labels.size() < 2) return observer;
  const EvaluateOptions& options = experiment.evaluate;
  const std::string primary = primary_metric(options.task, options.k, measured_metrics(options), options.table);
  observer.on_result = [this, labels, primary, watch = Stopwatch()](std::size_t entry, const ModelResult& result) {
    clear();
    const Estimate* estimate = result.find(primary);
    const std::string reached = result.refusal        ? "no result"
                                : estimate != nullptr ? fmt::format("{} {:.4f}", primary, estimate->mean)
                                                      : std::string();
    const std::size_t done = entry + 1;
    const double left = watch.seconds() / static_cast<double>(done) * static_cast<double>(labels.size() - done);
    fmt::print(stderr, "{:>2} of {}  {}  {}{}\n", done, labels.size(), pad_right(labels[entry], kResultLabel), reached,
               done < labels.size() ? fmt::format("  (about {} left)", format_clock(left)) : std::string());
  };
  return observer;
}

}  // namespace gusto::cli
