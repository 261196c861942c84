#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "gusto/base/matrix.h"
#include "gusto/models/neural/network_objective.h"
#include "gusto/nn/encoder.h"
#include "gusto/nn/network.h"
#include "gusto/nn/tape.h"

namespace gusto {

/// Rows of a user's own in the embeddings of the user field.
struct NewUser {
  std::vector<Matrix<float>> rows;        ///< one row each
  std::vector<nn::ExtraRows> extra_rows;  ///< views of them, for a tape
};

/// How the training users' rows are distributed in each embedding of the user field: mean and standard deviation by
/// column.
class NewUserPrior {
 public:
  explicit NewUserPrior(const nn::ParameterSet& parameters);

  struct Table {
    const nn::Parameter* parameter;
    std::vector<float> mean, deviation;
  };
  const std::vector<Table>& tables() const { return tables_; }

 private:
  std::vector<Table> tables_;
};

/// Learns rows for someone with a history, all else held: the rows w = mean + deviation · x that minimize
///
///   Σ over the history of loss(z(w), target) + noise/2 · ‖x‖²
///
/// by Adam from x = 0. For top-n the history is mixed with items drawn uniformly, as in training, and an event of
/// strength s counts ⌊s⌋ times or once more, but 1 to 16 times. The user's user id is set to the new rows'. None are
/// learned if the history is empty or the network does not look users up.
/// Cost  kSteps forward and backward passes over the history
NewUser learn_new_user(const nn::Network& network, const nn::Encoder& encoder, const NetworkObjective& objective,
                       const NewUserPrior& prior, double noise, nn::EncodedQueryUser& query_user);

}  // namespace gusto
