#pragma once

/// Data of MovieLens' shape, made up, with the truth behind it: what recommenders are tested against where the right
/// answer must be known, and what tells how they do at a hundred times the size. Formulas are explained in
/// docs/guide/simulation.md.
///
/// All draws are standard normal unless said otherwise; x(t) runs from −1 to 1 through ten years, d is `dim`.
///
/// Items   one to three genres G_i of eighteen, as frequent as in ml-1m
///         taste       q_i = √½ Σ_{g∈G_i} γ_g / √|G_i| + √½ ξ_i                              γ_g, ξ_i ∈ ℝᵈ
///         popularity  w_i(t) = exp(tail · s ζ_i + drift · 0.5 η_i x(t)), s = 1.7 + 0.6 max(0, ln(I / 4000)), at most 3
///         quality     b_i(t) = 0.6 (0.4 ζ_i + √(1 − 0.4²) ε_i) − mean + drift · 0.12 ε'_i x(t); the mean is by
///         popularity title, year and a plot, whose words go by genre and by the taste's largest coordinates
/// Users   gender, age and occupation, as frequent as in ml-1m, each with a taste δ of its own
///         taste       p_u = τ ∘ (½ (δ_gender + δ_age + δ_occupation) / √3 + √¾ ξ_u), τ_k² ∝ (k + 1)^(−3/2), ‖τ‖ = 0.72
///         groups      ξ_u is that of the group that u is in, at random; of each two, one's is minus the other's
///         turn        p_u(t) = cos(a) p_u + sin(a) p'_u, a = drift · 0.3 · years since joining; p'_u ~ τ ∘ ξ'_u
///         bias        b_u(t) = 0.4 ε_u + drift · 0.1 ε'_u · years since joining
///         activity    n_u ∝ exp(1.1 ε_u), held between 20 (or a fifth of the mean, if that is less) and 0.6 I (or
///         twice the mean, if
///                     that is more); Σ n_u = N exactly
///         rates in whole stars with probability ½, else in halves
///         joins at a uniform time of ten years; goes on for an exponential time of half a year on average, in sessions
///         of up to a day
/// Choice  n_u distinct items, one after the other, each drawn in three steps until one is accepted:
///           1. a genre g       with probability m_ug ∝ W_g exp(1.3 choosiness · p_u·γ_g / ‖τ‖), W_g its items' w
///           2. an item i of it with probability w_i / (|G_i| W_g)
///           3. accepted        with probability σ(2 choosiness · p_u·q_i / ‖τ‖ + exposure · (p_u·q_i + b_i) / 0.5 − 1)
///         Popularity is that of the eighth of the ten years in which u joined; tastes and quality are without drift.
///         So chances are those of weights that do not change with the choice:
///           ω_ui = (w_i / |G_i|) Σ_{g∈G_i} m_ug / W_g · σ(…)
/// Ratings opinion     μ_ui(t) = 3.25 + b_u(t) + b_i(t) + p_u(t)·q_i, times taken at the beginning of u's day, counted
///                     from joining
///         rating      μ_ui(t) + noise · ε, rounded to stars or halves and held between 0.5 (stars: 1) and 5
///         or count    exp(1.5 (μ_ui(t) + noise · ε − 2)), rounded down and held between 1 and 10,000
///
/// Source  the three-step choice and rounded, clipped opinions are ours; the constants are chosen so that counts,
///         values and the models' errors come out as on MovieLens (simulation_test.cc and docs/guide/simulation.md hold
///         them side by side)

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/dataset.h"
#include "gusto/data/simulation/simulation_items.h"
#include "gusto/data/simulation/simulation_users.h"

namespace gusto {

/// How much to make up, and how. The defaults have the size of ml-1m.
struct SimulationOptions {
  std::uint64_t users = 6040;
  std::uint64_t items = 3883;
  std::uint64_t events = 1'000'209;
  std::uint64_t dim = 14;    ///< coordinates of a taste, 1 to 254; 14 and two biases fill a cache line
  double noise = 0.82;       ///< how far ratings are from opinions, before rounding: a standard deviation of 0.05 to 5
  double drift = 1;          ///< strength of what changes with time, 0 to 10; 0: nothing does
  double exposure = 0;       ///< how much more likely people rate what they will rate high, 0 to 10
  double tail = 1;           ///< how unequal the popularity of items is, 0 to 3; 0: all are alike
  double choosiness = 1;     ///< how much of people's choices is taste, 0 to 10; 0: nothing is
  std::uint64_t groups = 0;  ///< of users with a taste in common, two by two of opposite tastes; 0: each has their own
  bool counts = false;       ///< values count plays, instead of rating in stars
  std::uint64_t seed = 42;   ///< every draw is keyed by it
};

/// An event with what nobody else knows of it.
struct SimulatedEvent {
  std::uint32_t item;   ///< 0 … items − 1
  std::uint32_t level;  ///< half stars, 1 … 10; or the count
  std::int64_t time;    ///< seconds since 1970
  float opinion;        ///< μ_ui(t)
};

/// A population: items, how many events each user has, and everything else of a user as a function of the seed.
///
/// User u has the id u + 1, item i the id i + 1.
/// State      bytes = 4 users + items · (4 width + 8 P + 16 Ḡ P + 14), width = dim + 2 up to the next multiple of 8, P
///            = 8 periods, Ḡ = 1.6 genres an item, on average
/// Repeatable same draws at any number of threads, for one seed and one CPU level
/// Threads    const members may be called concurrently
class Simulation {
 public:
  /// Errors   invalid_option, naming the option and what it must be; out_of_memory, before starting; canceled
  /// Cost     about a microsecond an item and 0.1 a user
  Simulation(const SimulationOptions& options, Context& context);

  const SimulationOptions& options() const { return options_; }
  std::uint64_t seed() const { return options_.seed; }
  std::size_t user_count() const { return activity_.size(); }
  std::size_t item_count() const { return items_.size(); }
  std::uint64_t event_count() const { return options_.events; }
  const SimulatedItems& items() const { return items_; }
  const UserDistribution& user_distribution() const { return user_distribution_; }
  std::uint32_t events_of(std::size_t user) const { return activity_[user]; }

  /// Who a user is. Cost  about 2 microseconds
  SimulatedUser user(std::size_t user) const { return draw_user(user_distribution_, user); }

  /// μ_ui(t): what the user thinks of the item at that time, before noise and rounding.
  double opinion(const SimulatedUser& user, std::size_t item, std::int64_t time) const;

  /// Stars, or the count.
  double value_of(const SimulatedEvent& event) const { return options_.counts ? event.level : event.level / 2.0; }
  /// E[value | opinion]: the prediction of least squared error that there is, by interpolation, to 10⁻⁴.
  double expected_value(double opinion, bool whole_stars) const { return expected_[whole_stars ? 1 : 0].at(opinion); }

  /// out[i] = ω_ui: ranking by these is as good as ranking of items that the user has not yet chosen can be.
  /// Cost     about 20 ns an item
  void weigh(const SimulatedUser& user, std::span<double> out) const;

 private:
  // E[value | opinion] at steps of noise / 32.
  class ExpectedValue {
   public:
    // Values begin at `lowest` and rise by `step` at each of the ascending `cuts`.
    ExpectedValue(double noise, double lowest, double step, std::span<const double> cuts);
    double at(double opinion) const;

   private:
    double first_ = 0;
    double per_step_ = 0;
    std::vector<float> values_;
  };

  SimulationOptions options_;
  SimulatedItems items_;
  UserDistribution user_distribution_;
  std::vector<std::uint32_t> activity_;
  std::vector<ExpectedValue> expected_;  // in halves, in whole stars; of counts, twice the same
};

/// Draws users' events, one user after the other, in memory of its own.
///
/// State    bytes = items / 8, 32 an event of a user, and once a user has chosen a large part of all items 12 an item
/// Cost     about 0.2 microseconds an event. Draws one after the other have the law of a race in which item i arrives
///          after an exponential time of rate ω_ui. As many of the most popular items as the user has events, at most,
///          race one by one; all others arrive as a stream of proposals, by steps 1 and 2, that step 3 thins. After 2 ·
///          items proposals for one user, all items left race one by one.
/// Threads  one thread each
class SimulatedHistory {
 public:
  explicit SimulatedHistory(const Simulation& simulation);

  /// The user's events, by item; valid until the next call.
  std::span<const SimulatedEvent> draw(std::size_t user);
  /// Whose events they are.
  const SimulatedUser& user() const { return user_; }

 private:
  struct Session {
    std::int64_t begin;
    std::uint64_t length;  // seconds
    float base;            // what of the opinion does not depend on the item
  };
  void choose(Random& random, std::size_t count);
  /// Fills arrivals_, earliest first.
  void race(const Taste& taste, std::span<const std::uint32_t> items, Random& random);
  void sort_chosen();
  void hold_sessions(Random& random, std::size_t count);

  const Simulation& simulation_;
  SimulatedUser user_;
  std::vector<std::uint32_t> chosen_;
  std::vector<std::uint64_t> taken_;  // a bit an item
  std::vector<Session> sessions_;
  std::vector<float> vectors_;  // [sessions × width]
  std::vector<std::pair<float, std::uint32_t>> arrivals_;
  std::vector<std::uint32_t> left_;
  std::vector<SimulatedEvent> events_;
};

/// The whole as a data set in memory, as it would be read from the files that write_simulation() writes.
/// Features  users: gender, age, occupation; items: title, year, genres, plot
/// Errors    canceled
std::shared_ptr<const Dataset> simulate_dataset(const Simulation& simulation, Context& context);

}  // namespace gusto
