#include "gusto/models/shared/baseline.h"

#include <cstddef>

#include "gusto/base/tensor_file.h"

namespace gusto {
namespace {

constexpr std::size_t kBaselineRows = 256;
constexpr std::size_t kBaselineEvents = 65536;

}  // namespace

Moments moments_of(std::span<const float> values, Context& context) {
  const auto mean_of = [&](const auto& term) {
    const auto part = [&](std::size_t begin, std::size_t end) {
      double sum = 0;
      for (std::size_t e = begin; e < end; ++e) sum += term(values[e]);
      return sum;
    };
    return parallel_sum(context, values.size(), kBaselineEvents, part) / static_cast<double>(values.size());
  };
  const double mean = mean_of([](double value) { return value; });
  return {mean, mean_of([mean](double value) { return (value - mean) * (value - mean); })};
}

float Baseline::fold_in(std::span<const HistoryEvent> history, double reg_user) const {
  double sum = 0;
  for (const HistoryEvent& event : history) sum += event.value - mean - item_bias[event.item.index];
  return static_cast<float>(damped_mean(sum, static_cast<double>(history.size()), reg_user));
}

Baseline fit_baseline(const Dataset& data, const BaselineOptions& options, Context& context) {
  Baseline baseline{0, std::vector<float>(data.user_count()), std::vector<float>(data.item_count())};
  const double mean = baseline.mean = moments_of(data.values(), context).mean;
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    parallel_blocks(context, data.item_count(), kBaselineRows, [&](std::size_t begin, std::size_t end, unsigned) {
      for (std::size_t i = begin; i < end; ++i) {
        const ItemEvents item_events = data.item_events(ItemRow(i));
        double sum = 0;
        for (std::size_t e = 0; e < item_events.size(); ++e) {
          sum += item_events.values[e] - mean - baseline.user_bias[item_events.users[e].index];
        }
        baseline.item_bias[i] =
            static_cast<float>(damped_mean(sum, static_cast<double>(item_events.size()), options.reg_item));
      }
    });
    parallel_blocks(context, data.user_count(), kBaselineRows, [&](std::size_t begin, std::size_t end, unsigned) {
      for (std::size_t u = begin; u < end; ++u) {
        const History history = data.history(UserRow(u));
        double sum = 0;
        for (std::size_t e = 0; e < history.size(); ++e) {
          sum += history.values[e] - mean - baseline.item_bias[history.items[e].index];
        }
        baseline.user_bias[u] =
            static_cast<float>(damped_mean(sum, static_cast<double>(history.size()), options.reg_user));
      }
    });
  }
  return baseline;
}

std::vector<Contribution> Baseline::explain(double query_user_bias, ItemRow item) const {
  return {{.label = "global mean", .item = {}, .user = {}, .amount = mean},
          {.label = "user bias", .item = {}, .user = {}, .amount = query_user_bias},
          {.label = "item bias", .item = {}, .user = {}, .amount = item_bias[item.index]}};
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
