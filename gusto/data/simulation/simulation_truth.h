#pragma once

/// What the truth behind a simulation reaches on its own data, and the files that hold both.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gusto/base/context.h"
#include "gusto/data/simulation/simulation.h"

namespace gusto {

/// The floor: no model can be expected to do better on these data, however many of them it learns from.
struct TruthFigures {
  std::uint64_t events = 0;
  double mean = 0;       ///< of the ratings, in stars
  double deviation = 0;  ///< their standard deviation: the RMSE of the mean
  /// √ mean (r − E[r | μ_ui(t)])² over all events: the RMSE of who knows every opinion, but not the noise. Ratings are
  /// as written, rounded and clipped; E[…] is the mean of what may be written.
  double rmse = 0;
  double rmse_error = 0;  ///< standard error
  /// NDCG@10 (docs/reference/metrics.md) of who ranks by ω_ui: mean over users, of whose events max(1, ⌊n/5⌋) are
  /// withheld at random; all items that anybody has an event with are ranked, but for the user's other items. That is
  /// the split holdout:0.2.
  double ndcg = 0;
  double ndcg_error = 0;         ///< standard error over users
  std::uint64_t ndcg_users = 0;  ///< of how many users with two events or more, evenly spaced: about 5·10⁷ / items
};

/// Cost        draws all events once, and 30 ns for each item and each of ndcg_users
/// Errors      canceled
/// Repeatable  same bits at any number of threads
TruthFigures measure_truth(const Simulation& simulation, Context& context);

/// NDCG@10 as above, for one user who chose `items` (ascending), with items of nobody left out: present[i] is 0 for
/// those. `weights` are those of weigh(); the withheld items are keyed by seed and user. At least two items.
double truth_ndcg(std::uint64_t seed, std::size_t user, std::span<const std::uint32_t> items,
                  std::span<const double> weights, std::span<const std::uint8_t> present);

/// Writes a folder in the layout of ml-latest, and the truth beside it:
///
///   ratings.csv        userId,movieId,rating,timestamp, by user, then by movie
///   movies.csv         movieId,title,genres
///   item_texts.csv     movieId,plot
///   users.csv          userId,gender,age,occupation
///   truth.safetensors  user_taste p, user_turn p' [users × dim]; user_bias, user_bias_drift, user_joined,
///                      user_whole_stars, user_events [users]; item_taste q [items × dim]; item_quality,
///                      item_quality_drift, item_popularity (ln w), item_popularity_drift, item_genres (bits), [items];
///                      genre_taste γ [18 × dim]; options and seed as metadata. Row r is the id r + 1
///   truth.json         the options and the TruthFigures
///
/// The folder is made if it is missing. ratings.csv appears last, when all is whole; if something fails, nothing is
/// left.
/// Errors      invalid_input, if the folder is not empty; io; canceled
/// Cost        about 0.2 microseconds an event and thread; 25 to 30 bytes an event on disk. Memory, in bytes beside the
///             simulation's: for each thread 9.4 million, 144 for each item one user may have, and a SimulatedHistory;
///             for the truth 12 dim + 42 a user and 8 dim + 40 an item
/// Repeatable  same bytes at any number of threads
TruthFigures write_simulation(const Simulation& simulation, const std::filesystem::path& folder, Context& context);

/// Bytes of memory that write_simulation() takes at most, the simulation's own included.
std::uint64_t writing_memory(const SimulationOptions& options, unsigned threads);

}  // namespace gusto
