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
  const auto squared =
      sum_by_asker(measuring.test, [&](std::size_t i) { return squared_error(predictions[i], test[i].value); });
  const auto absolute =
      sum_by_asker(measuring.test, [&](std::size_t i) { return absolute_error(predictions[i], test[i].value); });
  const auto events = sum_by_asker(measuring.test, [](std::size_t) { return 1.0; });

  const std::vector<UserRow>& users = measuring.test.users;
  if (measuring.wants("rmse")) out.estimates.push_back(ratio_estimate("rmse", users, squared, events, false, true));
  if (measuring.wants("mae")) out.estimates.push_back(ratio_estimate("mae", users, absolute, events, false));
  if (measuring.wants("mse")) out.estimates.push_back(ratio_estimate("mse", users, squared, events, false));
}

}  // namespace gusto::detail
