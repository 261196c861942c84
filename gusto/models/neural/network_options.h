#pragma once

#include <array>
#include <string_view>

#include "gusto/nn/training.h"

namespace gusto {

enum class NetworkLoss {
  automatic,  ///< squared for ratings, logistic for likes and top-n
  squared,
  absolute,
  huber,     ///< turning from squared to absolute at one standard deviation of the values
  logistic,  ///< binary cross-entropy; of ratings, on their place in the rating range
  bpr,       ///< of top-n: an event's item against another
};
inline constexpr std::array<std::string_view, 6> kNetworkLossNames = {"auto",  "squared",  "absolute",
                                                                      "huber", "logistic", "bpr"};

/// Of the option dim where it is 0, unless rows are few.
inline constexpr std::size_t kUsualNetworkDim = 64;

/// What every network model has beside its own options.
struct NetworkOptions : nn::TrainingOptions {
  int dim = 0;
  double init = 0.1;
  double reg = 0;
  double unknown_rate = 0.01;
  NetworkLoss loss = NetworkLoss::automatic;
  double like_threshold = 4;
  int negatives = 4;
};

/// The rows of a field table for options derived from NetworkOptions.
template <class Options>
constexpr auto network_fields() {
  return join(
      fields(field<&Options::dim, Options>("dim", between(0, 4096), search_log(8, 256),
                                           "Width of the embeddings; 0: 64, fewer where users or items are few."),
             field<&Options::init, Options>("init", between(0, 10), search_none(),
                                            "Standard deviation of embeddings at first, times the root of dim."),
             field<&Options::reg, Options>("reg", between(0, 1000), search_log(1e-6, 0.1),
                                           "Regularization of the embeddings that an example looks up; a quarter of it "
                                           "under logistic and bpr loss, whose slopes are less."),
             renamed(field<&Options::unknown_rate, Options>(
                         "unknown_rate", between(0, 0.5), search_none(),
                         "Probability of hiding an id in training, so that unknown ids are learned."),
                     "unknown"),
             choice<&Options::loss, Options>("loss", kNetworkLossNames, "What training minimizes; auto: by the task."),
             field<&Options::like_threshold, Options>("like_threshold", {}, search_none(),
                                                      "Value from which an event is a like."),
             field<&Options::negatives, Options>("negatives", between(1, 1000), search_none(),
                                                 "Top-n: items drawn against each event, again in each epoch.")),
      nn::training_fields<Options>());
}

}  // namespace gusto
