#include <algorithm>

#include "gusto/eval/calibration.h"
#include "gusto/eval/evaluate_tasks.h"
#include "gusto/eval/metrics.h"
#include "gusto/eval/stopwatch.h"

namespace gusto::detail {

void measure_ratings(const Measuring& measuring, Evaluation& out) {
  const std::vector<Event>& test = measuring.fold.test;
  const Stopwatch watch;
  std::vector<float> predictions = predict_test(measuring.model, measuring.fold, measuring.context);
  out.score_seconds += watch.seconds();

  const Scale scale = measuring.fold.train->scale();
  for (float& prediction : predictions) prediction = std::clamp(prediction, scale.low, scale.high);
  const auto events = sum_by_user(measuring.test, [](std::size_t) { return 1.0; });
  for (const MetricInfo* metric : measuring.metrics()) {
    if (!measuring.wants(metric->name)) continue;
    const auto* error = std::get_if<ErrorMean>(&metric->measure);
    if (error == nullptr) refuse_measure(*metric);
    const auto sums =
        sum_by_user(measuring.test, [&](std::size_t i) { return error->of(predictions[i], test[i].value); });
    out.estimates.push_back(ratio_estimate(std::string(metric->name), measuring.test.users, sums, events,
                                           metric->higher_is_better, error->root));
  }
}

}  // namespace gusto::detail
