#include "gusto/models/baseline.h"

#include <cstddef>

namespace gusto {
namespace {

constexpr std::size_t kRowBlock = 256;
constexpr std::size_t kEventBlock = 65536;

/// A damped mean; 0 where there is nothing to average.
float damped(double sum, double count, double reg) {
  return count + reg > 0 ? static_cast<float>(sum / (count + reg)) : 0.0F;
}

}  // namespace

float Baseline::fold_in(std::span<const HistoryEvent> history, double reg_user) const {
  double sum = 0;
  for (const HistoryEvent& event : history) sum += event.value - mean - item_bias[event.item.index];
  return damped(sum, static_cast<double>(history.size()), reg_user);
}

Baseline fit_baseline(const Dataset& data, const BaselineOptions& options, Context& context) {
  Baseline baseline{0, std::vector<float>(data.user_count()), std::vector<float>(data.item_count())};
  const std::span<const float> values = data.values();
  const double total = parallel_sum(context, values.size(), kEventBlock, [&](std::size_t begin, std::size_t end) {
    double sum = 0;
    for (std::size_t e = begin; e < end; ++e) sum += values[e];
    return sum;
  });
  const double mean = baseline.mean = total / static_cast<double>(values.size());
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    parallel_blocks(context, data.item_count(), kRowBlock, [&](std::size_t begin, std::size_t end, unsigned) {
      for (std::size_t i = begin; i < end; ++i) {
        const Audience audience = data.audience(ItemRow(i));
        double sum = 0;
        for (std::size_t e = 0; e < audience.size(); ++e) {
          sum += audience.values[e] - mean - baseline.user_bias[audience.users[e].index];
        }
        baseline.item_bias[i] = damped(sum, static_cast<double>(audience.size()), options.reg_item);
      }
    });
    parallel_blocks(context, data.user_count(), kRowBlock, [&](std::size_t begin, std::size_t end, unsigned) {
      for (std::size_t u = begin; u < end; ++u) {
        const History history = data.history(UserRow(u));
        double sum = 0;
        for (std::size_t e = 0; e < history.size(); ++e) {
          sum += history.values[e] - mean - baseline.item_bias[history.items[e].index];
        }
        baseline.user_bias[u] = damped(sum, static_cast<double>(history.size()), options.reg_user);
      }
    });
  }
  return baseline;
}

void Baseline::save(TensorWriter& out) const {
  out.add("global_mean", std::span<const double>(&mean, 1));
  out.add("item_bias", item_bias);
  out.add("user_bias", user_bias);
}

Baseline Baseline::load(const TensorFile& in, std::size_t users, std::size_t items) {
  return {in.vector<double>("global_mean", 1).front(), in.vector<float>("user_bias", users),
          in.vector<float>("item_bias", items)};
}

}  // namespace gusto
