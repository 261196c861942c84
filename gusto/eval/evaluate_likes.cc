#include "gusto/eval/calibration.h"
#include "gusto/eval/evaluate_tasks.h"
#include "gusto/eval/metrics.h"
#include "gusto/eval/stopwatch.h"
#include "gusto/models/registry.h"

namespace gusto::detail {
namespace {

// The area's influences: a user's placement values against the means of the two kinds of event.
Estimate auc_estimate(const AreaUnderCurve& area, std::span<const std::uint8_t> liked, const Askers& test) {
  std::vector<double> influence = sum_by_asker(test, [&](std::size_t i) {
    return (area.placements[i] - area.value) / static_cast<double>(liked[i] != 0 ? area.liked : area.other);
  });
  return influence_estimate("auc", area.value, test.users, std::move(influence), true);
}

}  // namespace

void measure_likes(const Measuring& measuring, Evaluation& out) {
  const std::vector<Event>& test = measuring.fold.test;
  const Model& model = measuring.model;
  const Stopwatch watch;
  const std::vector<float> predictions = predict_test(model, measuring.fold, measuring.context);
  out.score_seconds += watch.seconds();
  std::vector<std::uint8_t> liked;
  // As values are stored, so that 4.1 reaches 4.1.
  const auto least = static_cast<float>(measuring.options.like_threshold);
  for (const Event& event : test) liked.push_back(event.value >= least ? 1 : 0);

  if (measuring.wants("auc")) {
    const AreaUnderCurve area = area_under_curve(predictions, liked);
    if (area.liked > 0 && area.other > 0) out.estimates.push_back(auc_estimate(area, liked, measuring.test));
  }
  const bool wants_loss = measuring.wants("log-loss");
  const bool wants_accuracy = measuring.wants("accuracy");
  if (!wants_loss && !wants_accuracy) return;

  std::vector<double> probabilities(predictions.begin(), predictions.end());
  if (!model.info().abilities.probabilities || model.task() != Task::likes) {
    const LikesCalibration curve =
        calibrate_likes(model, measuring.options.like_threshold, measuring.fold.seed, measuring.context);
    for (double& p : probabilities) p = curve.probability(p);
  }
  const auto losses =
      sum_by_asker(measuring.test, [&](std::size_t i) { return log_loss(probabilities[i], liked[i] != 0); });
  const auto right =
      sum_by_asker(measuring.test, [&](std::size_t i) { return accuracy(probabilities[i], liked[i] != 0); });
  const auto events = sum_by_asker(measuring.test, [](std::size_t) { return 1.0; });
  const std::vector<UserRow>& users = measuring.test.users;
  if (wants_loss) out.estimates.push_back(ratio_estimate("log-loss", users, losses, events, false));
  if (wants_accuracy) out.estimates.push_back(ratio_estimate("accuracy", users, right, events, true));
}

}  // namespace gusto::detail
