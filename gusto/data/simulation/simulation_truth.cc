#include "gusto/data/simulation/simulation_truth.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "gusto/base/random.h"
#include "gusto/data/simulation/simulation_sums.h"

namespace gusto {
namespace {

constexpr std::size_t kListLength = 10;
constexpr std::size_t kWithheldShare = 5;  // one of so many
constexpr double kWeighedPairs = 5e7;
constexpr std::size_t kFewestUsers = 100;

double discount(std::size_t position) { return 1.0 / std::log2(static_cast<double>(position) + 2); }

// Moves the withheld items to the front.
std::size_t withhold(std::uint64_t seed, std::size_t user, std::span<std::uint32_t> items) {
  const std::size_t withheld = std::max<std::size_t>(1, items.size() / kWithheldShare);
  Random random(seed, "simulated hold-out", user);
  for (std::size_t i = 0; i < withheld; ++i) std::swap(items[i], items[i + random.below(items.size() - i)]);
  return withheld;
}

void measure_ndcg(const Simulation& simulation, std::span<const std::uint8_t> present, Context& context,
                  TruthFigures& figures) {
  const std::size_t users = simulation.user_count();
  const auto affordable = static_cast<std::size_t>(kWeighedPairs / static_cast<double>(simulation.item_count()));
  const std::size_t count = std::min(users, std::max(kFewestUsers, affordable));
  struct Worker {
    explicit Worker(const Simulation& of) : history(of), weights(of.item_count()) {}
    SimulatedHistory history;
    std::vector<double> weights;
    std::vector<std::uint32_t> items;
  };
  std::vector<std::unique_ptr<Worker>> workers(context.threads());
  constexpr double kNotMeasured = -1;
  std::vector<double> reached(count, kNotMeasured);
  parallel_blocks(context, count, 1, [&](std::size_t n, std::size_t, unsigned worker) {
    const std::size_t user = n * users / count;
    if (simulation.events_of(user) < 2) return;
    if (!workers[worker]) workers[worker] = std::make_unique<Worker>(simulation);
    Worker& own = *workers[worker];
    own.items.clear();
    for (const SimulatedEvent& event : own.history.draw(user)) own.items.push_back(event.item);
    simulation.weigh(own.history.user(), own.weights);
    reached[n] = truth_ndcg(simulation.seed(), user, own.items, own.weights, present);
  });
  double sum = 0;
  double squares = 0;
  for (const double ndcg : reached) {
    if (ndcg == kNotMeasured) continue;
    ++figures.ndcg_users;
    sum += ndcg;
    squares += ndcg * ndcg;
  }
  if (figures.ndcg_users == 0) return;
  const auto n = static_cast<double>(figures.ndcg_users);
  figures.ndcg = sum / n;
  if (figures.ndcg_users > 1) {
    figures.ndcg_error = std::sqrt(std::max(0.0, squares / n - figures.ndcg * figures.ndcg) / (n - 1));
  }
}

}  // namespace

double truth_ndcg(std::uint64_t seed, std::size_t user, std::span<const std::uint32_t> items,
                  std::span<const double> weights, std::span<const std::uint8_t> present) {
  std::vector<std::uint32_t> own(items.begin(), items.end());
  const std::size_t withheld = withhold(seed, user, own);
  std::sort(own.begin(), own.begin() + static_cast<std::ptrdiff_t>(withheld));
  std::sort(own.begin() + static_cast<std::ptrdiff_t>(withheld), own.end());

  std::vector<std::pair<double, std::uint32_t>> best;  // heaviest first
  std::size_t next_kept = withheld;
  for (std::uint32_t item = 0; item < weights.size(); ++item) {
    if (next_kept < own.size() && own[next_kept] == item) {
      ++next_kept;
      continue;
    }
    if (present[item] == 0 || (best.size() == kListLength && weights[item] <= best.back().first)) continue;
    const auto place = std::find_if(best.begin(), best.end(), [&](const auto& b) { return b.first < weights[item]; });
    best.insert(place, {weights[item], item});
    if (best.size() > kListLength) best.pop_back();
  }
  double gained = 0;
  double ideal = 0;
  for (std::size_t p = 0; p < best.size(); ++p) {
    const auto end = own.begin() + static_cast<std::ptrdiff_t>(withheld);
    if (std::binary_search(own.begin(), end, best[p].second)) gained += discount(p);
  }
  for (std::size_t p = 0; p < std::min(withheld, kListLength); ++p) ideal += discount(p);
  return gained / ideal;
}

std::size_t RatingSums::users_per_block(const Simulation& simulation) {
  constexpr double kEventsPerBlock = 65536;
  constexpr std::size_t kMost = 4096;
  const double users =
      kEventsPerBlock * static_cast<double>(simulation.user_count()) / static_cast<double>(simulation.event_count());
  return std::clamp<std::size_t>(static_cast<std::size_t>(users), 1, kMost);
}

RatingSums::RatingSums(const Simulation& simulation, unsigned threads)
    : simulation_(simulation),
      blocks_((simulation.user_count() + users_per_block(simulation) - 1) / users_per_block(simulation)),
      present_(threads) {}

void RatingSums::add(std::span<const SimulatedEvent> events, bool whole_stars, std::size_t block, unsigned worker) {
  std::vector<std::uint8_t>& present = present_[worker];
  present.resize(simulation_.item_count());
  Sums& sums = blocks_[block];
  for (const SimulatedEvent& event : events) {
    const double rating = simulation_.value_of(event);
    const double error = rating - simulation_.expected_value(static_cast<double>(event.opinion), whole_stars);
    sums.ratings += rating;
    sums.squares += rating * rating;
    sums.errors += error * error;
    sums.fourths += error * error * error * error;
    present[event.item] = 1;
  }
}

TruthFigures RatingSums::finish(Context& context) const {
  Sums all;
  for (const Sums& sums : blocks_) {
    all.ratings += sums.ratings;
    all.squares += sums.squares;
    all.errors += sums.errors;
    all.fourths += sums.fourths;
  }
  TruthFigures figures;
  figures.events = simulation_.event_count();
  const auto n = static_cast<double>(figures.events);
  figures.mean = all.ratings / n;
  figures.deviation = std::sqrt(std::max(0.0, all.squares / n - figures.mean * figures.mean));
  const double error = all.errors / n;
  figures.rmse = std::sqrt(error);
  // Of a mean of squares, carried over to its root.
  figures.rmse_error = std::sqrt(std::max(0.0, all.fourths / n - error * error) / n) / (2 * figures.rmse);

  std::vector<std::uint8_t> present(simulation_.item_count());
  for (const std::vector<std::uint8_t>& own : present_) {
    for (std::size_t i = 0; i < own.size(); ++i) present[i] |= own[i];
  }
  measure_ndcg(simulation_, present, context, figures);
  return figures;
}

TruthFigures measure_truth(const Simulation& simulation, Context& context) {
  RatingSums sums(simulation, context.threads());
  const std::size_t users = RatingSums::users_per_block(simulation);
  std::vector<std::unique_ptr<SimulatedHistory>> histories(context.threads());
  parallel_blocks(context, simulation.user_count(), users, [&](std::size_t begin, std::size_t end, unsigned worker) {
    if (!histories[worker]) histories[worker] = std::make_unique<SimulatedHistory>(simulation);
    for (std::size_t user = begin; user < end; ++user) {
      const std::span<const SimulatedEvent> events = histories[worker]->draw(user);
      sums.add(events, histories[worker]->user().whole_stars, begin / users, worker);
    }
  });
  return sums.finish(context);
}

}  // namespace gusto
