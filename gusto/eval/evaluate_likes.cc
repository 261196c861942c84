#include <optional>
#include <utility>

#include "gusto/eval/calibration.h"
#include "gusto/eval/evaluate_tasks.h"
#include "gusto/eval/metric_inputs.h"
#include "gusto/eval/metrics.h"
#include "gusto/eval/stopwatch.h"
#include "gusto/models/registry.h"

namespace gusto::detail {
namespace {

// The model's own probabilities or, at the price of one more fit, those of a curve over its predictions.
std::vector<double> probabilities_of(const Measuring& measuring, std::span<const float> predictions) {
  std::vector<double> probabilities(predictions.begin(), predictions.end());
  const Model& model = measuring.model;
  if (model.info().abilities.probabilities && model.task() == Task::likes) return probabilities;
  const LikesCalibration curve =
      calibrate_likes(model, measuring.options.like_threshold, measuring.fold.seed, measuring.context);
  for (double& p : probabilities) p = curve.probability(p);
  return probabilities;
}

}  // namespace

void measure_likes(const Measuring& measuring, Evaluation& out) {
  const TestUsers& test = measuring.test;
  const Stopwatch watch;
  const std::vector<float> predictions = predict_test(measuring.model, measuring.fold, measuring.context);
  out.score_seconds += watch.seconds();
  std::vector<std::uint8_t> liked;
  // As values are stored, so that 4.1 reaches 4.1.
  const auto least = static_cast<float>(measuring.options.like_threshold);
  for (const Event& event : measuring.fold.test) liked.push_back(event.value >= least ? 1 : 0);

  const auto events = sum_by_user(test, [](std::size_t) { return 1.0; });
  std::optional<std::vector<double>> probabilities;
  for (const MetricInfo* metric : measuring.metrics()) {
    if (!measuring.wants(metric->name)) continue;
    std::string name(metric->name);
    if (const auto* whole = std::get_if<EventSetMetric>(&metric->measure)) {
      std::optional<SetFigure> figure = whole->of({predictions, liked, test.offsets});
      if (!figure) continue;
      out.estimates.push_back(influence_estimate(std::move(name), figure->value, test.users,
                                                 std::move(figure->influence), metric->higher_is_better));
    } else if (const auto* mean = std::get_if<ProbabilityMean>(&metric->measure)) {
      if (!probabilities) probabilities = probabilities_of(measuring, predictions);
      const auto sums = sum_by_user(test, [&](std::size_t i) { return mean->of((*probabilities)[i], liked[i] != 0); });
      out.estimates.push_back(ratio_estimate(std::move(name), test.users, sums, events, metric->higher_is_better));
    } else {
      refuse_measure(*metric);
    }
  }
}

}  // namespace gusto::detail
