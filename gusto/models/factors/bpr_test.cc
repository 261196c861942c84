#include "gusto/models/factors/bpr.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "gusto/models/registry.h"
#include "gusto/models/testing/conformance.h"

namespace gusto {
namespace {

/// Enough events for several blocks a round.
std::shared_ptr<const Dataset> many_events() {
  static const auto data = test::dataset_of(400, 150, test::random_events(400, 150));
  return data;
}

TEST(Bpr, HasTheSameBitsAtAnyNumberOfThreads) {
  for (const char* sampling : {"uniform", "hard", "warp"}) {
    const auto bytes = [&](unsigned threads) {
      Context context({.threads = threads});
      const auto model = make_model("bpr", {{"dim", 8}, {"epochs", 2}, {"sampling", sampling}});
      model->fit(many_events(), Task::top_n, context);
      return test::state_bytes(*model);
    };
    const std::string once = bytes(1);
    EXPECT_EQ(bytes(2), once);
    EXPECT_EQ(bytes(5), once);
  }
}

TEST(Bpr, EverySamplingPutsWhatIsLikedFirst) {
  const auto data = test::three_tastes();
  for (const PairSampling sampling : {PairSampling::uniform, PairSampling::hard, PairSampling::warp}) {
    for (const bool biases : {true, false}) {
      Context context({.threads = 1});
      BprModel model({.dim = 8,
                      .epochs = 60,
                      .learning_rate = 0.2,
                      .sampling = sampling,
                      .trials = 3,
                      .reg = 0.01,
                      .biases = biases});
      model.fit(data, Task::top_n, context);
      double difference = 0;
      for (std::size_t u = 0; u < 59; ++u) {
        const std::vector<float> scores = test::scores_of(model, Query::known(UserRow(u)));
        std::vector<bool> has(40);
        for (const ItemRow item : data->history(UserRow(u)).items) has[item.index] = true;
        const auto count = static_cast<double>(data->history(UserRow(u)).size());
        for (std::size_t i = 0; i < 40; ++i) difference += has[i] ? scores[i] / count : -scores[i] / (40 - count);
      }
      EXPECT_GT(difference / 59, 0.5) << kPairSamplingNames[static_cast<std::size_t>(sampling)];
    }
  }
}

TEST(Bpr, NewPeopleAreWhereTheGradientIsZero) {
  const auto data = test::three_tastes();
  Context context({.threads = 1});
  BprModel model({.dim = 6});
  model.fit(data, Task::top_n, context);
  const std::vector<HistoryEvent> history{{ItemRow(3)}, {ItemRow(9)}, {ItemRow(0)}};
  const Query query = Query::with_history(history);
  Matrix<float> found(1, 7);
  Matrix<float> typical(1, 7);
  model.query_vectors({&query, 1}, found.view());
  const Query nobody;
  model.query_vectors({&nobody, 1}, typical.view());
  const MatrixView<const float> items = model.item_vectors();
  std::vector<double> gradient(6);
  const double reg_strength = model.options().reg * 3 + BprModel::kLeastReg;
  for (std::size_t d = 0; d < 6; ++d) gradient[d] = reg_strength * (found(0, d) - typical(0, d));
  for (const HistoryEvent& event : history) {
    for (std::size_t n = 0; n < BprModel::kDrawn; ++n) {
      Random random(n, "bpr newcomer", event.item.index);
      const auto is_own = [&](std::size_t i) { return i == 3 || i == 9 || i == 0; };
      std::size_t other = random.below(40);
      while (is_own(other)) other = random.below(40);
      double x = 0;
      for (std::size_t d = 0; d < 7; ++d) {
        x += static_cast<double>(found(0, d)) * (items(event.item.index, d) - items(other, d));
      }
      for (std::size_t d = 0; d < 6; ++d) {
        gradient[d] -= (items(event.item.index, d) - items(other, d)) / (1 + std::exp(x)) / BprModel::kDrawn;
      }
    }
  }
  for (const double g : gradient) EXPECT_NEAR(g, 0, 2e-3);
}

}  // namespace
}  // namespace gusto
