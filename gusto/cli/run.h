#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gusto/base/context.h"
#include "gusto/cli/command.h"
#include "gusto/cli/progress_bar.h"
#include "gusto/eval/compare.h"
#include "gusto/models/model.h"

namespace gusto::cli {

/// The flags of every command that computes.
struct RunFlags {
  std::optional<std::uint64_t> seed;  ///< for whatever draws; left out: see seed_or
  unsigned threads = 0;
  std::string memory;
  bool quiet = false;

  std::uint64_t seed_or(std::uint64_t other = FitOptions{}.seed) const { return seed.value_or(other); }
};

enum class Seeded { no, yes };
void add_run_flags(CLI::App* command, RunFlags& flags, Seeded seeded);

/// One computation of the command: its context, and what it says on standard error meanwhile.
class Run {
 public:
  /// Error(invalid_option) if --memory is no size.
  Run(Session& session, const RunFlags& flags);

  Context& context() { return context_; }
  /// Beside the registry's.
  FurtherModels models() const { return models_; }
  /// What the bar shows when the model itself reports progress; empty: the model's own stage.
  void set_stage(std::string stage) {
    stage_ = std::move(stage);
    fitted_.clear();
  }
  /// The same for a model that is fitted now: if that will take over a minute, a sentence says so, once.
  void begin_fit(std::string stage, std::string model);
  /// A step of the command's own.
  void progress(std::string_view stage, std::size_t done = 0, std::size_t total = 0);
  void clear() { bar_.clear(); }
  /// A paragraph on standard error, also with --quiet.
  void say(std::string_view text);
  /// Tells what a comparison is at: "7 of 29 item-knn"; on a terminal also each result as it comes, and how long the
  /// rest will take.
  CompareObserver observer(const Experiment& experiment);

 private:
  const Terminal& terminal_;
  FurtherModels models_;
  ProgressMode mode_;
  ProgressBar bar_;
  void tell_duration(const ProgressEvent& event);

  std::string stage_;
  std::string fitted_;  // the model that is fitted, until it is said how long that takes
  std::chrono::steady_clock::time_point fitted_from_{};
  Context context_;
};

}  // namespace gusto::cli
