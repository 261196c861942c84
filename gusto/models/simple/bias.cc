#include "gusto/models/simple/bias.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "gusto/base/tensor_file.h"
#include "gusto/models/shared/baseline.h"
#include "gusto/models/shared/choices.h"

namespace gusto {
namespace {

constexpr std::size_t kBiasRows = 256;

/// Mean of biases over the rows that have events.
template <class CountOf>
double mean_over_rows(std::span<const float> biases, const CountOf& count_of) {
  double sum = 0;
  double rows = 0;
  for (std::size_t row = 0; row < biases.size(); ++row) {
    if (count_of(row) == 0) continue;
    sum += biases[row];
    ++rows;
  }
  return rows > 0 ? sum / rows : 0;
}

}  // namespace

constexpr ModelInfo kBiasInfo{
    .name = "bias",
    .summary = "Global mean, how high the user rates, and how well the item is liked.",
    .about =
        "Predicts the mean of all ratings plus a damped bias of the user plus a damped bias of the item, the latter "
        "stretched by how far the user follows the others, fitted together by least squares (after Koren, TKDD "
        "2010; slopes=false leaves the stretching out). The baseline that every rating predictor has to beat. For "
        "top-n it counts events, not values, and ranks as popularity does. Answers for new users at once, and "
        "as for training users of the same history.",
    .fields = kBiasFields,
    .abilities = {.predicts_ratings = true, .fold_in = FoldIn::exact, .explains = true, .strength = true},
    .make = &make_with<BiasModel>,
};

std::uint64_t BiasModel::memory_need(const Dataset& data, Task task, unsigned) const {
  // Values are fitted item by item, for which the data set builds its second view: 8 bytes an event.
  const std::uint64_t by_item =
      task == Task::top_n ? data.item_count() * 8 : data.event_count() * 8 + data.item_count() * 3 * 8;
  constexpr std::uint64_t kSmallThings = 1024;
  return by_item + (2 * data.user_count() + data.item_count()) * sizeof(float) + kSmallThings;
}

void BiasModel::do_fit(const Dataset& data, const FitOptions&, Context& context) {
  typical_item_bias_ = 0;
  typical_user_bias_ = 0;
  item_bias_.assign(data.item_count(), 0.0F);
  user_bias_.assign(data.user_count(), 0.0F);
  user_slope_.assign(data.user_count(), 1.0F);
  if (task() == Task::top_n) {
    fit_choices(data, context);
  } else {
    fit_values(data, context);
  }
  require_finite("item biases", item_bias_);
  require_finite("user biases", user_bias_);
  require_finite("user slopes", user_slope_);
}

void BiasModel::fit_values(const Dataset& data, Context& context) {
  const Moments moments = moments_of(data.values(), context);
  mean_ = moments.mean;
  variance_ = moments.variance;
  const auto epochs = static_cast<std::size_t>(options().epochs);
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    context.progress(info().name, epoch, epochs);
    typical_item_bias_ = mean_over_rows(item_bias_, [&](std::size_t i) { return data.item_events(ItemRow(i)).size(); });
    typical_user_bias_ = mean_over_rows(user_bias_, [&](std::size_t u) { return data.history(UserRow(u)).size(); });
    fit_items(data, context);
    fit_users(data, context);
  }
  context.progress(info().name, epochs, epochs);
}

void BiasModel::fit_items(const Dataset& data, Context& context) {
  // Each b_i alone would be (sum + reg b_I) / (weight + reg); a multiplier times the item's events holds the
  // constraint.
  std::vector<double> free(data.item_count());
  std::vector<double> reg_strength(data.item_count());
  parallel_blocks(context, data.item_count(), kBiasRows, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t i = begin; i < end; ++i) {
      const ItemEvents item_events = data.item_events(ItemRow(i));
      double sum = 0;
      double weight = 0;
      for (std::size_t e = 0; e < item_events.size(); ++e) {
        const std::size_t user = item_events.users[e].index;
        const double slope = user_slope_[user];
        sum += slope * (item_events.values[e] - mean_ - user_bias_[user]);
        weight += slope * slope;
      }
      const auto events = static_cast<double>(item_events.size());
      free[i] = damped_mean(sum, weight, options().reg_item, typical_item_bias_);
      reg_strength[i] = damped_mean(events, weight, options().reg_item);
    }
  });
  double excess = 0;
  double relief = 0;
  for (std::size_t i = 0; i < free.size(); ++i) {
    const auto events = static_cast<double>(data.item_events(ItemRow(i)).size());
    excess += events * free[i];
    relief += events * reg_strength[i];
  }
  const double multiplier = relief > 0 ? excess / relief : 0;
  for (std::size_t i = 0; i < free.size(); ++i)
    item_bias_[i] = static_cast<float>(free[i] - multiplier * reg_strength[i]);
}

void BiasModel::fit_users(const Dataset& data, Context& context) {
  parallel_blocks(context, data.user_count(), kBiasRows, [&](std::size_t begin, std::size_t end, unsigned) {
    for (std::size_t u = begin; u < end; ++u) {
      const History history = data.history(UserRow(u));
      const Taste learned = fold_in(history.size(), [&](std::size_t e) {
        return HistoryEvent{history.items[e], history.values[e]};
      });
      user_bias_[u] = learned.bias;
      user_slope_[u] = learned.slope;
    }
  });
}

void BiasModel::fit_choices(const Dataset& data, Context& context) {
  const Strength strength = strength_of(data, task());
  std::vector<double> counts(data.item_count());
  for (std::size_t e = 0; e < data.event_count(); ++e) {
    counts[data.items()[e].index] += static_cast<double>(strength.of(data.values()[e]));
  }
  double users = 0;
  for (std::size_t u = 0; u < data.user_count(); ++u) users += data.history(UserRow(u)).size() > 0 ? 1 : 0;
  mean_ = total_strength(data.values(), strength) / (users * static_cast<double>(data.item_count()));
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double excess = counts[i] - users * mean_;
    item_bias_[i] = static_cast<float>(damped_mean(excess, users, options().reg_item));
  }
  for (std::size_t u = 0; u < data.user_count(); ++u) {
    user_bias_[u] = fold_in(data.history(UserRow(u)).size(), [](std::size_t) { return HistoryEvent{}; }).bias;
  }
  context.progress(info().name, 1, 1);
}

template <class EventAt>
BiasModel::Taste BiasModel::fold_in(std::size_t count, const EventAt& event) const {
  const auto events = static_cast<double>(count);
  const double reg = options().reg_user;
  if (task() == Task::top_n) {
    const auto items = static_cast<double>(item_bias_.size());
    return {.bias = static_cast<float>(damped_mean(events - items * mean_, items, reg))};
  }
  // With x = b_i and y = r − μ − b_i, the least squares of y by b_u + (s_u − 1) x: two equations in two unknowns.
  double x_sum = 0;
  double y_sum = 0;
  double xx_sum = 0;
  double xy_sum = 0;
  for (std::size_t e = 0; e < count; ++e) {
    const HistoryEvent one = event(e);
    const double x = item_bias_[one.item.index];
    const double y = one.value - mean_ - x;
    x_sum += x;
    y_sum += y;
    xx_sum += x * x;
    xy_sum += x * y;
  }
  const double bias_diagonal = events + reg;
  const double slope_diagonal = xx_sum + options().reg_slope * variance_;
  const double determinant = bias_diagonal * slope_diagonal - x_sum * x_sum;
  // Undamped, one event, or items that are all equal, don't tell a slope from a bias.
  if (!options().slopes || !(determinant > 1e-9 * bias_diagonal * slope_diagonal)) {
    return {.bias = static_cast<float>(damped_mean(y_sum, events, reg, typical_user_bias_))};
  }
  const double y_damped = y_sum + reg * typical_user_bias_;
  return {.bias = static_cast<float>((y_damped * slope_diagonal - xy_sum * x_sum) / determinant),
          .slope = static_cast<float>(1 + (xy_sum * bias_diagonal - y_damped * x_sum) / determinant)};
}

BiasModel::Taste BiasModel::taste(const Query& query) const {
  if (is_training_user(query)) return {user_bias_[query.user->index], user_slope_[query.user->index]};
  return fold_in(query.history.size(), [&](std::size_t e) { return query.history[e]; });
}

void BiasModel::do_predict(std::span<const Query> queries, std::span<const ItemRow> items, std::span<float> out) const {
  Taste query_user;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (i == 0 || !same_query_user(queries[i], queries[i - 1])) query_user = taste(queries[i]);
    out[i] = static_cast<float>(value(query_user, item_bias_[items[i].index]));
  }
}

void BiasModel::do_score(std::span<const Query> queries, MatrixView<float> scores) const {
  for (std::size_t q = 0; q < queries.size(); ++q) {
    const Taste query_user = taste(queries[q]);
    std::transform(item_bias_.begin(), item_bias_.end(), scores.row(q).begin(),
                   [&](float item) { return static_cast<float>(value(query_user, item)); });
  }
}

std::vector<Contribution> BiasModel::do_explain(const Query& query, ItemRow item) const {
  const Taste query_user = taste(query);
  const double item_bias = item_bias_[item.index];
  std::vector<Contribution> result{{.label = "global mean", .amount = mean_},
                                   {.label = "user bias", .amount = query_user.bias},
                                   {.label = "item bias", .amount = item_bias}};
  if (query_user.slope != 1) result.push_back({.label = "user slope", .amount = (query_user.slope - 1.0) * item_bias});
  return result;
}

void BiasModel::save_state(TensorWriter& out) const {
  out.add("constants", std::vector<double>{mean_, variance_, typical_item_bias_, typical_user_bias_});
  out.add("item_bias", item_bias_);
  out.add("user_bias", user_bias_);
  out.add("user_slope", user_slope_);
}

void BiasModel::do_load(const TensorFile& in) {
  const std::vector<double> constants = in.vector<double>("constants", 4);
  mean_ = constants[0];
  variance_ = constants[1];
  typical_item_bias_ = constants[2];
  typical_user_bias_ = constants[3];
  item_bias_ = in.vector<float>("item_bias", data().item_count());
  user_bias_ = in.vector<float>("user_bias", data().user_count());
  user_slope_ = in.vector<float>("user_slope", data().user_count());
}

}  // namespace gusto
