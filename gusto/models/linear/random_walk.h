#pragma once

#include <cstdint>

#include "gusto/models/linear/sparse_item_model.h"

namespace gusto {

/// Defaults were chosen over unlike data sets (bench/panel.py).
struct RandomWalkOptions {
  int neighbors = 500;
  double alpha = 0.7;
  double beta = -1;
  double normalization = 0.7;
  double like_threshold = 4;
};
inline constexpr auto kRandomWalkFields =
    fields(field<&RandomWalkOptions::neighbors>("neighbors", between(1, 1e6), search_log(20, 1000),
                                                "Ends of walks kept for each item, the likeliest ones."),
           field<&RandomWalkOptions::alpha>("alpha", between(0, 4), search_linear(0.3, 1.8),
                                            "Probabilities of steps are raised to it; above 1, busy users and popular "
                                            "items pass on less."),
           field<&RandomWalkOptions::beta>("beta", between(-1, 4), search_linear(0, 1),
                                           "Items reached are divided by their number of events to this power; 0 is "
                                           "P3alpha, above it RP3beta; -1: by how long histories are, 0 to 0.6."),
           field<&RandomWalkOptions::normalization>("normalization", between(0, 1), search_linear(0, 1),
                                                    "What an item's walks weigh in all is divided by itself to this "
                                                    "power; 1: every item passes on as much."),
           field<&RandomWalkOptions::like_threshold>("like_threshold", {}, search_none(),
                                                     "Ratings, likes: values from which an event counts as a choice."));
extern const ModelInfo kRandomWalkInfo;

/// Scores an item by how likely a short random walk from the user ends there: to an item of hers, to someone who has it
/// too, to an item of that person.
///
///   W_ji = Σ_{v chose j and i} (1/n_j)^α (1/n_v)^α · n_i^(−β) for i ≠ j, of which the `neighbors` highest of every j
///   are kept, and divided by their sum to the power `normalization`;    s_ui = Σ_{j chosen by u} W_ji
///
/// β = −1 stands for 0.6 ramp(n̄, 6, 92) of the mean number n̄ of events a user (data_shape.h): where histories are
/// short, few walks reach rare items, and say little. β = 0 is P3α; β above it is RP3β, which reaches beyond popular
/// items. The first step, 1/n_u to each of the user's items, is the same for all of them, and left out.
/// Ratings, likes  choices are the events of at least like_threshold, or, if no training event is, all of them
/// Source     Cooper, Lee, Radinsky, Siantos: Random walks in recommender systems, WWW 2014 companion; Paudel,
///            Christoffel, Newell, Bernstein: Updatable, accurate, diverse and scalable recommendations, TiiS 2016;
///            differs in summing all walks instead of drawing some, and in keeping the likeliest ends (as Dacrema et
///            al., TOIS 2021, do)
/// State      neighbor lists, 8 bytes an entry
/// Cost       fit: Σ_u n_u² additions; score: n_u · neighbors additions. Never items² memory
/// Errors     those of Model
/// Repeatable same bits at any number of threads; no random numbers
class RandomWalkModel final : public ModelWith<RandomWalkOptions, kRandomWalkInfo, SparseItemModel> {
 public:
  using ModelWith::ModelWith;
  double fit_operations(const Dataset& data, Task task) const override;
  std::uint64_t memory_need(const Dataset& data, Task task, unsigned threads) const override;

 private:
  void do_fit(const Dataset& data, const FitOptions& fit, Context& context) override;
  double like_threshold() const override { return options().like_threshold; }
};

}  // namespace gusto
