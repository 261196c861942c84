// Fits one model on made-up data of one size, in a process of its own, and says what it took. bench/growth_plot.py runs
// it for many sizes.
//
//   growth MODEL EVENTS [THREADS]
//
// One user a hundred events; 100,000 items for 10⁸ events, else in proportion to the root of the events. Ratings are
// predicted by biased-mf, and lists learned by all others; where a model has vectors, they are 64 wide. Writes one line
// of JSON: the data's size, the model's stated need of memory, and the seconds of the fit, by the clock and of all
// processors together, and its highest memory, that of the data included; or why it was refused.

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "gusto/base/error.h"
#include "gusto/base/system.h"
#include "gusto/data/simulation/simulation.h"
#include "gusto/models/registry.h"

namespace {

constexpr double kMostEvents = 1e8;
constexpr double kMostItems = 1e5;
constexpr std::uint64_t kEach = 100;
constexpr std::uint64_t kLeastEvents = 10'000;

std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

gusto::SimulationOptions size_of(std::uint64_t events) {
  const double share = static_cast<double>(events) / kMostEvents;
  return {.users = events / kEach,
          .items = static_cast<std::uint64_t>(std::llround(kMostItems * std::sqrt(share))),
          .events = events};
}

nlohmann::ordered_json measure(std::string_view name, std::uint64_t events, unsigned threads) {
  gusto::Context context({.threads = threads});
  const gusto::SimulationOptions size = size_of(events);
  nlohmann::ordered_json report{{"model", name}, {"events", events}, {"users", size.users}, {"items", size.items}};
  const auto data = [&] {
    const gusto::Simulation simulation(size, context);
    return gusto::simulate_dataset(simulation, context);
  }();
  const gusto::Task task = name == "biased-mf" ? gusto::Task::ratings : gusto::Task::top_n;
  const gusto::Fields fields = gusto::find_model(name).fields;
  const bool has_dim = std::any_of(fields.begin(), fields.end(), [](const auto& field) { return field.name == "dim"; });
  const auto model = gusto::make_model(name, has_dim ? gusto::Settings{{"dim", 64}} : gusto::Settings{});
  report["threads"] = context.threads();
  report["data_bytes"] = data->memory();
  report["need_bytes"] = model->memory_need(*data, task, context.threads());
  gusto::reset_peak_memory();
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  const std::clock_t worked = std::clock();  // by all threads
  try {
    model->fit(data, task, context);
  } catch (const gusto::Error& error) {
    if (error.code() != gusto::ErrorCode::out_of_memory) throw;
    report["refused"] = error.message();
    return report;
  }
  report["seconds"] = std::chrono::duration<double>(Clock::now() - begin).count();
  report["processor_seconds"] = static_cast<double>(std::clock() - worked) / CLOCKS_PER_SEC;
  report["peak_bytes"] = gusto::peak_memory();
  return report;
}

}  // namespace

int main(int argc, char** argv) {
  const auto events = argc > 2 ? whole(argv[2]) : std::nullopt;
  const auto threads = argc > 3 ? whole(argv[3]) : std::optional<std::uint64_t>(0);
  if (argc > 4 || !events || *events < kLeastEvents || !threads) {
    std::fprintf(stderr, "Usage: growth MODEL EVENTS [THREADS], with at least %llu events.\n",
                 static_cast<unsigned long long>(kLeastEvents));
    return 2;
  }
  try {
    std::printf("%s\n", measure(argv[1], *events, static_cast<unsigned>(*threads)).dump().c_str());
  } catch (const gusto::Error& error) {
    std::fprintf(stderr, "growth: %s\n", error.what());
    return 1;
  }
  return 0;
}
