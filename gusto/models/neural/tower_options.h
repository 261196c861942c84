#pragma once

#include <array>
#include <string>
#include <string_view>

#include "gusto/nn/candidate_task.h"
#include "gusto/nn/training.h"

namespace gusto {

enum class TowerSimilarity {
  dot,     ///< q · v
  cosine,  ///< q · v / (‖q‖ ‖v‖)
};
inline constexpr std::array<std::string_view, 2> kTowerSimilarityNames = {"dot", "cosine"};

/// Which of the user's later items a history is trained to find.
enum class TowerTarget {
  next,   ///< the event that follows it
  later,  ///< any of those that follow it: each event is looked for from a random earlier moment
};
inline constexpr std::array<std::string_view, 2> kTowerTargetNames = {"next", "later"};

/// What a model of two towers has beside the fields of its own.
struct TowerOptions : nn::TrainingOptions {
  int dim = 64;
  double init = 0.1;
  double reg = 0;
  double unknown_rate = 0.01;
  std::string query_hidden;
  double dropout = 0.1;
  bool tied = true;
  TowerTarget target = TowerTarget::later;
  TowerSimilarity similarity = TowerSimilarity::cosine;
  double temperature = 0.15;
  nn::Sampling sampling = nn::Sampling::in_batch;
  int negatives = 0;
  double power = 0.75;
  double correction = 1;
  nn::Hits accidental_hits = nn::Hits::history;
  nn::CandidateLoss loss = nn::CandidateLoss::softmax;
  double calibration = 0;
  double like_threshold = 4;

  /// Each event tells more than the moment to stop: a temperature this high keeps vectors from learning by heart.
  TowerOptions() {
    epochs = 10;
    validation = 0;
  }
};

/// The rows of a field table for options derived from TowerOptions.
template <class Options>
constexpr auto tower_fields() {
  return join(
      fields(
          field<&Options::dim, Options>("dim", between(1, 4096), search_log(16, 256),
                                        "Width of the embeddings, and of the vectors that meet."),
          field<&Options::init, Options>("init", between(1e-6, 10), search_none(),
                                         "Standard deviation of embeddings at first, times the root of dim."),
          field<&Options::reg, Options>("reg", between(0, 1000), search_log(1e-6, 0.1),
                                        "Regularization of the embeddings that an example looks up."),
          renamed(field<&Options::unknown_rate, Options>(
                      "unknown_rate", between(0, 0.9), search_none(),
                      "Probability of hiding an id in training, so that people and items without one are learned."),
                  "unknown"),
          text<&Options::query_hidden, Options>(
              "query_hidden",
              "Widths of the user's hidden layers, as in 128-64; a layer of dim follows. Empty for none."),
          field<&Options::dropout, Options>("dropout", between(0, 0.95), search_linear(0, 0.5),
                                            "Share of what goes into a hidden layer that is left out in training."),
          field<&Options::tied, Options>("tied", "Look histories up in the items' own embeddings of their ids."),
          choice<&Options::target, Options>("target", kTowerTargetNames,
                                            "Which item a history is trained to find: the next, or any later one."),
          choice<&Options::similarity, Options>("similarity", kTowerSimilarityNames, "How the two vectors meet."),
          field<&Options::temperature, Options>("temperature", between(1e-4, 1e4), search_log(0.02, 2),
                                                "What scores are divided by in training."),
          choice<&Options::sampling, Options>(
              "sampling", nn::kSamplingNames,
              "What a user's item is contrasted with: every item, those of the batch, or drawn ones."),
          field<&Options::negatives, Options>("negatives", between(0, 1 << 20), search_none(),
                                              "Items drawn for a batch; with in-batch, beside those of the batch."),
          field<&Options::power, Options>("power", between(0, 2), search_none(),
                                          "With sampling=popularity, the power of an item's number of events."),
          field<&Options::correction, Options>("correction", between(0, 1), search_none(),
                                               "Share of the correction for how often an item is drawn or in a batch."),
          renamed(choice<&Options::accidental_hits, Options>(
                      "accidental_hits", nn::kHitsNames,
                      "What does not count against an item: nothing, its own copies, or all of the user's items."),
                  "hits"),
          choice<&Options::loss, Options>("loss", nn::kCandidateLossNames, "What training minimizes."),
          field<&Options::calibration, Options>("calibration", between(0, 1), search_none(),
                                                "With loss=binary, the calibration t of gBCE."),
          field<&Options::like_threshold, Options>("like_threshold", {}, search_none(),
                                                   "Ratings, likes: value from which an event counts.")),
      nn::training_fields<Options>());
}

}  // namespace gusto
