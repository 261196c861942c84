#pragma once

/// What to say of a pair whose user or item a model does not know.

#include <optional>
#include <string_view>
#include <vector>

#include "gusto/data/dataset.h"
#include "gusto/models/model.h"

namespace gusto {

struct Fallback {
  float value = 0;
  std::string_view basis;  ///< "item mean", "user mean" or "mean": whose events it is the mean of
};

/// The mean of the item's training values, if it has any; else of the user's; else of all. The first two are drawn to
/// the mean of all as by 5 events more. Where the model's predictions are probabilities of a like, these are too:
/// shares of values that reach its `like_threshold`.
///
/// State    three numbers an item and a user
/// Cost     O(events) to make
/// Threads  const members may be called concurrently
class PairFallback {
 public:
  explicit PairFallback(const Model& model);

  Fallback operator()(std::string_view user, std::string_view item) const;

 private:
  struct Mean {
    double sum = 0;
    double count = 0;
  };
  std::optional<float> mean_of(const std::vector<Mean>& means, std::optional<std::uint32_t> row) const;

  const Dataset& data_;
  std::vector<Mean> users_, items_;
  Mean all_;
};

}  // namespace gusto
